"""`make test-tooljet`: Node's packages, the tests beside this file, and a last line."""

import os
import subprocess
import sys
import time

from tests.tooljet.place import ROOT, Missing, make


def main(words: list[str]) -> int:
    """What the shell is told; nothing that did not run is called passed."""
    began = time.monotonic()
    try:
        make()
    except Missing as missing:
        fails = os.environ.get("CI") == "true"
        print(f"tooljet: {'failed' if fails else 'skipped'}, because {missing}")
        return int(fails)
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/tooljet", "--timeout", "300", *words], cwd=ROOT
    ).returncode
    print(f"tooljet: {'failed' if code else 'passed'}, {time.monotonic() - began:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
