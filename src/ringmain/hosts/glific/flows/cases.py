"""Whether an input fits a case."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from ringmain.hosts.glific.flows.expression import Beyond

Kind = Literal["text", "choice", "image", "audio", "video", "file", "sticker", "location"]

MEDIA = frozenset({"image", "audio", "video", "file", "sticker"})


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a flow is told: by a contact, or by what stands for one.

    `choice` is a text that was tapped instead of typed; media have a `url`.
    """

    text: str = ""
    kind: Kind = "text"
    url: str = ""
    latitude: float | None = None
    longitude: float | None = None
    groups: tuple[str, ...] | None = None
    """The ids of a contact's groups, where a node looks at those."""
    intent: str | None = None
    confidence: float = 0.0


Test = Callable[[Heard, Sequence[str]], bool]


def fits(type: str, heard: Heard, arguments: Sequence[str]) -> bool:
    """Whether an input passes a case of this type.

    Raises `Beyond` for a type that is not known.
    """
    if type in TEXTS:
        return heard.kind in ("text", "choice") and TEXTS[type](heard, arguments)
    if type in OTHERS:
        return OTHERS[type](heard, arguments)
    raise Beyond(f"the case '{type}'")


def words(text: str) -> set[str]:
    """The words of a text in lower case, which blanks, commas and semicolons part."""
    return set(re.split(r"[\s,;]+", text.lower())) - {""}


def _plain(text: str) -> str:
    return text.strip().lower()


def _first(arguments: Sequence[str]) -> str:
    return arguments[0] if arguments else ""


def _same(heard: Heard, arguments: Sequence[str]) -> bool:
    return _plain(heard.text) == _plain(_first(arguments))


def _number(text: str) -> float | None:
    found = re.fullmatch(r"[+-]?\d+(?:\.\d+(?:[eE][+-]?\d{1,3})?)?", text, re.ASCII)
    return float(text) if found and len(text) < 300 else None


def _between(heard: Heard, arguments: Sequence[str]) -> bool:
    if len(arguments) != 2:
        return False
    low, high, said = (_number(text) for text in (*arguments, heard.text))
    return low is not None and high is not None and said is not None and low <= said <= high


def _phone(heard: Heard, _: Sequence[str]) -> bool:
    """As an Indian number, or one with its country's; Glific asks a library with the plans of all countries."""
    digits = re.sub(r"[\s().-]", "", heard.text)
    return bool(re.fullmatch(r"(?:0|\+?91)?[6-9]\d{9}|\+[1-9]\d{7,14}", digits, re.ASCII))


def _email(heard: Heard, _: Sequence[str]) -> bool:
    address = r"[^\s@,;:<>()\[\]\"]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+[a-z0-9-]{2,63}"
    return bool(re.fullmatch(address, _plain(heard.text)[:320]))


_RISKY = re.compile(r"[*+}]\)?[^()]*\)(?:[*+]|\{)")
"""A repetition within a repeated group, with which a short text can keep Python busy for years."""


def _pattern(heard: Heard, arguments: Sequence[str]) -> bool:
    """In lower case both, so that `\\D` is read as `\\d`; what is no pattern fits nothing."""
    pattern = _plain(_first(arguments))
    if _RISKY.search(pattern):
        raise Beyond(f"the pattern '{pattern[:60]}', in which one repetition stands within another")
    try:
        return re.search(pattern, _plain(heard.text)) is not None
    except (re.error, OverflowError):
        return False


def _intent(heard: Heard, arguments: Sequence[str]) -> bool:
    if len(arguments) != 2 or heard.intent is None:
        return False
    sure = _number(f"0{arguments[1]}")
    return sure is not None and heard.confidence >= sure and arguments[0] in ("all", heard.intent)


TEXTS: dict[str, Test] = {
    "has_number_eq": _same,
    "has_number_between": _between,
    "has_number": lambda heard, _: any(c in "0123456789" for c in heard.text),
    "has_any_word": lambda heard, given: bool(words(heard.text) & words(_first(given))),
    "has_all_words": lambda heard, given: words(_first(given)) <= words(heard.text),
    "has_multiple": lambda heard, given: words(heard.text) <= words(_first(given)),
    "has_phrase": lambda heard, given: _plain(_first(given)) in _plain(heard.text),
    "has_only_phrase": _same,
    "has_only_text": _same,
    "has_beginning": lambda heard, given: _plain(heard.text).startswith(_plain(_first(given))),
    "has_phone": _phone,
    "has_email": _email,
    "has_pattern": _pattern,
    "has_intent": _intent,
    "has_top_intent": _intent,
}
"""Cases that only a text can pass."""

OTHERS: dict[str, Test] = {
    "has_group": lambda heard, given: _first(given) in (heard.groups or ()),
    "has_category": lambda heard, given: True,
    "has_location": lambda heard, given: heard.kind == "location",
    "has_media": lambda heard, given: heard.kind in MEDIA,
    "has_audio": lambda heard, given: heard.kind == "audio",
    "has_video": lambda heard, given: heard.kind == "video",
    "has_image": lambda heard, given: heard.kind == "image",
    "has_file": lambda heard, given: heard.kind == "file",
}
