"""What the task's environment holds, and what its author may not bring instead."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import flyte

from ringmain.errors import AskError
from ringmain.exchange.connection import Connection
from ringmain.hosts.flyte.inside.config import STEERING
from ringmain.hosts.flyte.inside.connections import connection_for
from ringmain.hosts.flyte.inside.holders import TASK
from ringmain.settings import read_settings

WHOLE = ("stream", "conversation")
"""What an ask may not have here: a step is recorded whole, and executions have no memory of each other."""


def connection_of(name: str | None, *, place: str) -> Connection:
    """The connection of this name, else the hub's or the environment's, for tasks of a `project/domain`.

    Raises `RingmainError` as `connection_for` does.
    """
    return connection_for(name, place=place, settings=read_settings(), look=_secret, holder=TASK)


def _secret(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def check(words: Mapping[str, Any]) -> None:
    """Nothing, where no word would say where an ask goes or in whose name. Raises `AskError`."""
    if name := next((name for name in STEERING if words.get(name) is not None), None):
        fix = "Name a connection that the task's environment holds, with connection=."
        raise AskError("unsupported_field", f"A task may not set '{name}'.", fix=fix, param=name)
    if name := next((name for name in WHOLE if words.get(name)), None):
        sentence = f"An ask of a task has no '{name}': it stands by itself and is answered whole."
        raise AskError("unsupported_field", sentence, fix="Leave it out; messages= takes earlier turns.", param=name)


def check_plain(name: str) -> None:
    """Nothing, where nobody else waits for this thread. Raises `AskError`."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    if flyte.ctx():
        fix = f"Write `await {name}(…)` there."
        raise AskError("invalid_request", f"{name}_sync would stop all that this async task has under way.", fix=fix)
