"""Which action of which run asks, as far as Flyte 2 tells a task."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import flyte
import msgspec

from ringmain.exchange.ask import Ask
from ringmain.exchange.provider import encode
from ringmain.hosts.flyte.inside.origin import Origin

COUNTED = "ringmain asked"
"""Under which the data of an attempt counts what was asked."""

_task: ContextVar[str] = ContextVar("task", default="")
_lock = threading.Lock()


class Action:
    """The action that runs here, in this attempt; outside of a task none, which says nothing of itself."""

    def __init__(self) -> None:
        self._context = flyte.ctx()
        self.origin = _origin(self._context) if self._context else Origin()

    def times(self, ask: Ask) -> int:
        """How often this attempt has asked the same before."""
        if not self._context:
            return 0
        with _lock:
            counted: Counter[bytes] = self._context.data.setdefault(COUNTED, Counter())
            counted[_said(ask)] += 1
            return counted[_said(ask)] - 1

    def mark(self, ask: Ask, times: int) -> Ask:
        """The ask with who asks, and with a name: another attempt that asks it so often gives it the same one."""
        origin, sentence = self.origin, self.origin.sentence
        if self._context:
            origin = msgspec.structs.replace(origin, prefix=f"{origin.run}/{origin.action}/{times}")
        notices = (sentence,) if sentence else ()
        return msgspec.structs.replace(ask, handed=origin.headers(_said(ask)), notices=notices)


def _said(ask: Ask) -> bytes:
    return encode([ask.model, ask.messages, ask.prompts, ask.fields])


def _origin(context: Any) -> Origin:
    action = context.task_action or context.action
    return Origin(
        project=action.project or "",
        domain=action.domain or "",
        task=_task.get(),
        version=context.version or "",
        run=action.run_name or "",
        action=action.name or "",
        attempt=str(context.attempt_number),
    )


class _Named:
    """Hears which task begins: the context of a task does not tell its name."""

    @contextmanager
    def task_span(self, info: Any, recorder: Any) -> Iterator[None]:
        token = _task.set(info.name)
        try:
            yield
        finally:
            _task.reset(token)

    @contextmanager
    def step_span(self, info: Any, recorder: Any) -> Iterator[None]:
        yield


with suppress(ImportError):
    # Flyte's door for packages beside it (2.12, 2026-11); without it, the book does not know the task's name.
    from flyte._observe import register_observer

    register_observer(_Named())
