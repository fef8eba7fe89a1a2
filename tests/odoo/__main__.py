"""`make test-odoo`: bring Odoo, run the tests beside this file, and say in the last line what came of it."""

import os
import subprocess
import sys
import time

from tests.odoo.odoo import IS_READY, run_odoo, with_ringmain
from tests.odoo.place import ROOT, Missing

ROUNDS = (("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder", "-m", "not alone"), ("-m", "alone"))
"""What mostly waits runs beside each other, and what measures time alone."""

NO_TESTS = 5
"""pytest's exit code where none were found."""


def main(words: list[str]) -> int:
    """What the shell is told. Where there is no Odoo to be had that is said, and nothing is called passed."""
    began = time.monotonic()
    try:
        with run_odoo() as odoo:
            with_ringmain(odoo)
            ended = [run_tests(*round_, *words) for round_ in ROUNDS]
    except Missing as missing:
        # What this machine lacks, CI has to install; what Debian does not carry, nobody can.
        fails = os.environ.get("CI") == "true" and not missing.abroad
        print(f"odoo-19: failed, because {missing}" if fails else f"SKIP odoo-19: {missing}")
        return int(fails)
    ran = [code for code in ended if code != NO_TESTS]
    told = "no test ran" if not ran else "failed" if any(ran) else "passed"
    print(f"odoo-19: {told}, {time.monotonic() - began:.0f} s")
    return max(ran, default=NO_TESTS)


def run_tests(*words: str) -> int:
    """How pytest ended."""
    command = [sys.executable, "-m", "pytest", "tests/odoo", "--timeout", "300", *words]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, IS_READY: "yes"}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
