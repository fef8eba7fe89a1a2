"""What every store does to values that come in, so that each database can hold them and all hold the same."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from msgspec.structs import fields

from ringmain.exchange.line import Entry, Line, Turn

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

LONGEST_HANDLE = 200
"""Characters of an id that a host may choose; PostgreSQL's indexes take no row of more than 2,704 bytes."""

LARGEST = 10**16
"""The most that one ask counts for, in tokens or picodollars: sums of these fit 64 bits."""

_counts = attrgetter(*[field.name for field in fields(Line) if field.type in (int, int | None)])
"""All that a line counts."""

_conversation = attrgetter("conversation")

_encode = msgspec.json.Encoder().encode

T = TypeVar("T")


def clean(value: T) -> T:
    """The same value, with U+FFFD for each U+0000 and each lone surrogate in any of its texts."""
    return _clean(value)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, (tuple, list)):
        return type(value)(map(_clean, value))
    if isinstance(value, dict):
        return {_clean(key): _clean(held) for key, held in value.items()}
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: _clean(getattr(value, name)) for name in value.__struct_fields__})
    return value


def handle(id: str) -> str:
    """A conversation's or a model's id as it is stored: cleaned, and a very long one shortened to its beginning and its
    SHA-256."""
    text = clean(id)
    if len(text) <= LONGEST_HANDLE:
        return text
    return f"{text[:100]}…{hashlib.sha256(text.encode()).hexdigest()}"


def document(value: Any) -> str:
    """A value as the JSON text that is stored."""
    return _encode(clean(value)).decode()


def arriving(entries: Iterable[Entry]) -> list[Entry]:
    """The finished asks among these entries, each once, ready to be stored and in the order of their ids."""
    ended = [entry for entry in entries if entry.line.status != "open"]
    ready = ended if _fit(ended) else list(map(_entry, ended))
    once = {entry.line.id: entry for entry in reversed(ready)}
    return [once[id] for id in sorted(once)]


def _entry(entry: Entry) -> Entry:
    if _fit((entry,)):
        return entry
    return Entry(line=_line(clean(entry.line)), turns=tuple(_turn(clean(turn)) for turn in entry.turns))


def _fit(entries: Sequence[Entry]) -> bool:
    """Whether every database can hold these entries as they are, as far as one look at their JSON and their counts can
    tell."""
    lines = [entry.line for entry in entries]
    try:
        # One by one: other threads wait while JSON is written, and a batch can be large.
        plain = not any(b"\\u0000" in written for written in map(_encode, entries))
    except (UnicodeEncodeError, OverflowError):
        return False
    turns = [turn for entry in entries for turn in entry.turns]
    counts = filter(None, chain.from_iterable(map(_counts, lines)))
    handles = filter(None, map(_conversation, chain(lines, turns)))
    return plain and max(counts, default=0) <= LARGEST and max(map(len, handles), default=0) <= LONGEST_HANDLE


def _line(line: Line) -> Line:
    counts = {name: min(held, LARGEST) for name, held in msgspec.structs.asdict(line).items() if type(held) is int}
    conversation = None if line.conversation is None else handle(line.conversation)
    return msgspec.structs.replace(line, **counts, conversation=conversation)


def _turn(turn: Turn) -> Turn:
    return msgspec.structs.replace(turn, conversation=handle(turn.conversation))
