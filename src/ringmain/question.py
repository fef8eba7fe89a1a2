"""An ask of Python or the command line, out of plain arguments."""

import os
import random
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Literal, get_args

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask, Message, Mode, checked
from ringmain.exchange.audio import Audio
from ringmain.exchange.modes.fields import COMPLETIONS_OWN

MODES = ("auto", *get_args(Mode))

TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "mode": (lambda value: value in MODES, f"one of: {', '.join(MODES)}"),
    "stream": (lambda value: isinstance(value, bool), "True or False"),
    "timeout": (
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value > 0,
        "a number of seconds above 0",
    ),
}
"""Argument → whether a value is one, and what it takes; every other one takes a text."""


_random = random.Random()  # noqa: S311
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


def new_id() -> str:
    """A fresh id for an ask; ids sort by the time they were made, and are names, not secrets."""
    return f"ask_{time.time_ns() // 1000:013x}{_random.getrandbits(64):016x}"


def question(
    prompt: str | None = None,
    *,
    messages: Sequence[Message] | None = None,
    system: str | None = None,
    model: str | None = None,
    mode: Literal["auto"] | Mode | None = None,
    connection: str | None = None,
    conversation: str | None = None,
    stream: bool = False,
    timeout: float | None = None,
    max_cost: Decimal | float | str | None = None,
    **parameters: Any,
) -> Ask:
    """An ask of Python or the command line; a system message alone is legal, a prompt of blanks is none.

    Raises `AskError`: `nothing_to_ask`, `unknown_role`, `invalid_request`.
    """
    _check(prompt=prompt, system=system, model=model, mode=mode, connection=connection)
    _check(conversation=conversation, stream=stream, timeout=timeout)
    return Ask(
        id=new_id(),
        messages=checked(_said(prompt, messages, system)),
        fields={name: value for name, value in parameters.items() if value is not None},
        model=model,
        mode="completion" if mode in (None, "auto") and _completes(parameters) else mode,
        connection=connection,
        conversation=conversation,
        stream=bool(stream),
        deadline=timeout,
        max_cost=None if max_cost is None else str(max_cost),
    )


def hearing(
    sound: Audio,
    *,
    model: str | None = None,
    language: str | None = None,
    prompt: str | None = None,
    connection: str | None = None,
    stream: bool = False,
    timeout: float | None = None,
    max_cost: Decimal | float | str | None = None,
    **parameters: Any,
) -> Ask:
    """An ask of Python to have a sound written down.

    Raises `AskError("invalid_request")`.
    """
    _check(model=model, language=language, prompt=prompt, connection=connection, stream=stream, timeout=timeout)
    fields = {"language": language, "prompt": prompt, **parameters}
    return Ask(
        id=new_id(),
        wire="transcription",
        audio=sound,
        fields={name: value for name, value in fields.items() if value is not None},
        model=model,
        connection=connection,
        stream=bool(stream),
        deadline=timeout,
        max_cost=None if max_cost is None else str(max_cost),
    )


def _completes(parameters: dict[str, Any]) -> bool:
    """Whether something is set that only completions know, which is then what is asked for."""
    return any(parameters.get(name) for name in COMPLETIONS_OWN)


def _said(prompt: str | None, messages: Sequence[Message] | None, system: str | None) -> Any:
    """The conversation; what is no list of messages is left for the check to name."""
    if messages is not None and not isinstance(messages, list | tuple):
        return messages
    for message in messages or ():
        _check_content(message)
    said = [{"role": "system", "content": system}] if system else []
    asked = [{"role": "user", "content": prompt}] if prompt and prompt.strip() else []
    return [*said, *(messages or ()), *asked]


def _check(**words: Any) -> None:
    """Nothing, where every argument has its type or is left out."""
    for name, value in words.items():
        fits, taken = TYPES.get(name, (lambda value: isinstance(value, str), "a text"))
        if value is not None and not fits(value):
            raise _wrong(name, name, value, taken)


def _check_content(message: Any) -> None:
    content = message.get("content") if isinstance(message, dict) else None
    if content is not None and not isinstance(content, str | list | tuple):
        raise _wrong("messages", "The content of a message", content, "a text, or a list of parts")


def _wrong(param: str, what: str, value: Any, taken: str) -> AskError:
    return AskError("invalid_request", f"{what} cannot be {value!r:.60}.", fix=f"Give {taken}.", param=param)
