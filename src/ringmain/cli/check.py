"""`ringmain check`."""

import sys

import msgspec

from ringmain.admin.shown import visible
from ringmain.check import Check, checks, report
from ringmain.cli.frame import one_provider, open_hub
from ringmain.cli.options import Data, Json, Whom
from ringmain.cli.show import print_json

MARKS = {True: "ok  ", False: "FAIL", None: "–   "}


async def command(*, whom: Whom | None = None, data: Data = None, json: Json = False) -> int:
    """Test a connection, step by step, down to one short real answer.

    The answer is asked with the model and in the mode that are given or set, and has its line in the book.

    **Examples**

    - `ringmain check`
    - `ringmain check --connection local --model MODEL --mode completion`
    - `ringmain check --json`
    """
    whom = whom or Whom()
    one_provider(whom.connection, whom.demo)
    done: list[Check] = []
    async with open_hub(data, demo=whom.demo) as hub:
        async for one in checks(hub, whom.connection, whom.model, whom.mode):
            done.append(one)
            if not json:
                print_check(one)
    result = report(done)
    if json:
        print_json(msgspec.to_builtins(result))
    else:
        sys.stdout.write(f"{visible(result.sentence)}\n")
    return 0 if result.ok else 1


def print_check(one: Check) -> None:
    """One check on stdout."""
    took = f" ({one.milliseconds} ms)" if one.milliseconds else ""
    sys.stdout.write(f"{MARKS[one.ok]} {one.name:<13}{visible(one.sentence)}{took}\n")
    if one.fix:
        sys.stdout.write(f"{'':18}{visible(one.fix)}\n")
    sys.stdout.flush()
