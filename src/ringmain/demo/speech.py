"""What the demo provider says: that it is the demo, and what it was asked; and how that is cut and counted."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from ringmain.demo.refused import Refused
from ringmain.demo.schema import example

SIZE = 4
"""Characters that count as one token."""

LONGEST = 300
"""Characters of a question that are repeated."""

ABOUT = (
    "I am ringmain's built-in demo provider, not a model, so I only repeat what I hear. "
    "Your setup works: add a real provider with `ringmain connections add`, and a model will answer this."
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked, whatever the wire."""

    question: str
    context: str = ""
    turn: int = 1
    gap_until: str = ""
    """The text that must follow the answer: `suffix` of completions."""
    form: dict[str, Any] | None = None
    """The format that the answer must have: `{"type": …}`, with `schema` where the type is json_schema."""


class Said(msgspec.Struct, frozen=True):
    """One answer, cut to size."""

    text: str
    finish: str


def speak(asked: Asked, *, number: int = 0, n: int = 1) -> str:
    """The answer to what was asked, the same at each call; of `n` answers each tells its number."""
    if asked.form and asked.form.get("type") != "text":
        return _json(asked)
    sentences = [f"[demo] {_heard(asked)}"]
    if asked.context:
        sentences.append(f'My context is: "{shorten(asked.context)}"')
    if asked.turn > 1:
        sentences.append(f"This is turn {asked.turn} of our conversation.")
    if n > 1:
        sentences.append(f"This is answer {number + 1} of {n}.")
    return " ".join([*sentences, ABOUT])


def cut(text: str, *, stop: Iterable[str] = (), limit: int | None = None) -> Said:
    """The text up to the first stop string, and no longer than `limit` tokens."""
    found = [at for at in (text.find(each) for each in stop if each) if at >= 0]
    text = text[: min(found)] if found else text
    if limit is not None and count(text) > limit:
        return Said(text[: limit * SIZE], "length")
    return Said(text, "stop")


def tokens(text: str) -> list[str]:
    """The text in tokens: each has four characters, the last one may have fewer."""
    return [text[at : at + SIZE] for at in range(0, len(text), SIZE)]


def count(text: str) -> int:
    """How many tokens the text is."""
    return -(-len(text) // SIZE)


def words(text: str) -> list[str]:
    """The text in pieces as a stream brings them, each word with the space before it."""
    return re.findall(r"\s*\S+|\s+$", text)


def shorten(text: str) -> str:
    """The text on one line, at most 300 characters of it."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def text_of(content: Any) -> str:
    """The text of a message's content; a part that is no text is named by its type."""
    if not isinstance(content, list):
        return content or ""
    return " ".join(part.get("text") or f"[{part['type']}]" for part in content)


def heard(messages: list[dict[str, Any]], *, told: str = "", form: dict[str, Any] | None = None) -> Asked:
    """What a conversation asks: its last question, its context, and how many turns it has."""
    context = [told, *(text_of(m.get("content")) for m in messages if m["role"] in ("system", "developer"))]
    asked = [text_of(m.get("content")) for m in messages if m["role"] == "user"]
    return Asked(
        question=asked[-1] if asked else "",
        context=" ".join(filter(None, context)),
        turn=len(asked),
        form=form,
    )


def _heard(asked: Asked) -> str:
    if asked.gap_until:
        return f'You want what stands between "{shorten(asked.question)}" and "{shorten(asked.gap_until)}".'
    return f'You asked: "{shorten(asked.question)}"' if asked.question.strip() else "You have not asked anything yet."


def _json(asked: Asked) -> str:
    form = asked.form or {}
    if form["type"] != "json_schema":
        return msgspec.json.encode({"demo": f"[demo] {_heard(asked)}"}).decode()
    try:
        return msgspec.json.encode(example(form.get("schema") or {})).decode()
    except (AttributeError, LookupError, TypeError, ValueError) as e:
        raise Refused(f"Invalid schema for '{form['name']}': it cannot be read.", param="schema") from e
