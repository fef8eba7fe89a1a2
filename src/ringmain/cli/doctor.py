"""`ringmain doctor flyte`."""

import msgspec
from cyclopts import App

from ringmain.check import Check, Report
from ringmain.cli.check import print_check
from ringmain.cli.options import Data, Json
from ringmain.cli.show import print_json, say
from ringmain.hosts.flyte.inside.doctor import PASSED, examined
from ringmain.settings import read_settings

command = App(name="doctor", help="Looks over the place in which a tool runs ringmain.", help_format="markdown")


@command.command
async def flyte(*, data: Data = None, json: Json = False) -> int:
    """Look over a connector's environment: packages, secrets, connections, the book. Nothing is asked and nothing paid.

    Run it where the connector runs, such as with `kubectl exec` in its pod.

    **Examples**

    - `ringmain doctor flyte`
    - `ringmain doctor flyte --json`
    """
    done: list[Check] = []
    async for one in examined(read_settings(data=data)):
        done.append(one)
        if not json:
            print_check(one)
    failed = next((one for one in done if one.ok is False), None)
    report = Report(ok=failed is None, sentence=failed.sentence if failed else PASSED, checks=tuple(done))
    if json:
        print_json(msgspec.to_builtins(report))
    else:
        say(report.sentence)
    return 0 if report.ok else 1
