"""Legacy completions: a prompt in, its continuation out."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringmain.exchange.ask import Message as AskMessage
from ringmain.exchange.ask import Prompt, text_of
from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import as_count, as_text, reader
from ringmain.exchange.modes.envelope import Envelope
from ringmain.exchange.plan import Body
from ringmain.exchange.reply import Choice, Message, Piece

PATH = "completions"

SPEAKERS = {"user": "User", "assistant": "Assistant", "tool": "Tool", "function": "Tool"}

TURN = "\nUser:"
"""Where a rendered conversation must stop, or the model goes on and plays the user too."""


def content(prompts: Sequence[Prompt], *, listed: bool = False) -> Body:
    """The prompts as this mode wants them: one stands alone unless it was `listed`, several are a list."""
    return {"prompt": list(prompts) if listed or len(prompts) != 1 else prompts[0]}


def conversation(messages: Sequence[AskMessage]) -> Body:
    """A conversation as this mode wants it: rendered, with a stop where the model would begin to play the user.

    A single message of the user stands as it is.
    """
    if len(messages) == 1 and messages[0]["role"] == "user":
        return {"prompt": text_of(messages[0].get("content"))}
    return {"prompt": render(messages), "stop": [TURN]}


def render(messages: Sequence[AskMessage]) -> str:
    """A conversation as one text to go on with: first the system's, then who said what, then the assistant's turn."""
    told = [text_of(m.get("content")) for m in messages if m["role"] in ("system", "developer")]
    said = [f"{SPEAKERS[m['role']]}: {text_of(m.get('content'))}" for m in messages if m["role"] in SPEAKERS]
    return "\n\n".join([*told, "\n".join([*said, "Assistant:"])])


def gap(suffix: str) -> tuple[str, str]:
    """What makes of a prompt a question for the text between it and `suffix`: the words before it and those after."""
    question = "Write only the text that belongs where [...] stands, so that it joins what comes before and after."
    return f"{question} Repeat neither.\n\n", f"[...]{suffix}"


class _Choice(msgspec.Struct):
    text: Any = None
    index: Any = None
    finish_reason: Any = None


_decode = reader(Envelope[_Choice])


def read(body: bytes) -> Heard:
    """A whole answer."""
    return _decode(body).heard(_choice)


def _choice(choice: _Choice) -> Choice:
    return Choice(as_count(choice.index), Message(as_text(choice.text)), as_text(choice.finish_reason) or None)


def piece(data: bytes, event: str | None) -> Piece:
    """One event of a stream."""
    return _decode(data).piece(data, _bit)


def _bit(choice: _Choice) -> Piece:
    finish = as_text(choice.finish_reason) or None
    return Piece(text=as_text(choice.text), index=as_count(choice.index), finish_reason=finish)
