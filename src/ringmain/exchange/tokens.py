"""How many tokens a text will be, before the provider has counted them."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from ringmain.exchange.ask import Message, text_of
from ringmain.exchange.loose import Json, as_list, as_object

PLAIN = re.compile(r"[\x00-\x7f]+")

ASCII = 228
"""Thousandths of a token for an ASCII character: English has 4.40 characters a token."""

UNMEASURED = 1000

# Thousandths of a token a character, from each block's first code point on, rounded up.
# Measured 2026-11-20 with OpenAI's o200k vocabulary on translated user interfaces; where languages share a script the
# dearest counts. An accented Latin letter is one token: so German, French and Spanish come out near their measured
# 4.12, 3.95 and 4.26 characters a token. Scripts that were not measured are one token a character, pictographs two.
BLOCKS: tuple[tuple[int, int], ...] = (
    (0x0080, UNMEASURED),  # accented Latin, Greek
    (0x0400, 267),  # Cyrillic 3.75
    (0x0530, UNMEASURED),  # Armenian, Hebrew
    (0x0600, 319),  # Arabic 3.14
    (0x0700, UNMEASURED),
    (0x0900, 376),  # Devanagari: Hindi 3.01, Nepali 2.74, Marathi 2.66
    (0x0980, 376),  # Bengali 2.66
    (0x0A00, UNMEASURED),  # Gurmukhi, Gujarati, Odia
    (0x0B80, 371),  # Tamil 2.70
    (0x0C00, 435),  # Telugu 2.30
    (0x0C80, 404),  # Kannada 2.48
    (0x0D00, UNMEASURED),  # Malayalam, Sinhala
    (0x0E00, 374),  # Thai 2.68
    (0x0E80, UNMEASURED),
    (0x3000, 524),  # Japanese 1.91: kana and its punctuation
    (0x3100, UNMEASURED),
    (0x4E00, 498),  # Chinese 2.01
    (0xA000, UNMEASURED),
    (0xAC00, 457),  # Korean 2.19
    (0xD7B0, UNMEASURED),
    (0x10000, 2000),  # pictographs, rare scripts
)
STARTS = tuple(start for start, _ in BLOCKS)

EACH = 4
"""Tokens that a message's frame takes: its role and its marks."""

PLAIN_MESSAGE = {"role", "content"}
"""The keys of a message that has nothing else to count."""

ATTACHED = 1100
"""Tokens for a picture, a sound or a file, whose true number depends on its size and the model."""


def estimate(text: str) -> int:
    """About how many tokens the text is, by the scripts it is written in; rounded up."""
    thousandths = len(text) * ASCII if text.isascii() else _mixed(text)
    return -(-thousandths // 1000)


def _mixed(text: str) -> int:
    """Thousandths of a token, for a text that is not all ASCII."""
    rest = PLAIN.sub("", text)
    weights = (_weight(char) * count for char, count in Counter(rest).items())
    return (len(text) - len(rest)) * ASCII + sum(weights)


def estimate_messages(messages: Sequence[Json]) -> int:
    """About how many tokens a conversation is, frames and attachments included."""
    tokens = EACH * len(messages)
    for message in messages:
        if isinstance(message, dict):
            content = message["content"] if message.keys() == PLAIN_MESSAGE else None
            tokens += estimate(content) if type(content) is str else _said(message) + _calls(message)
    return tokens


def _weight(char: str) -> int:
    """Thousandths of a token, for a character beyond ASCII."""
    return BLOCKS[bisect_right(STARTS, ord(char)) - 1][1]


def _said(message: Message) -> int:
    """What a message says, or what a tool answered: in a response's input that stands under `output`."""
    return _content(message.get("content")) + _content(message.get("output"))


def _content(content: Json) -> int:
    attached = sum(
        1 for part in as_list(content) if isinstance(part, dict) and not ("text" in part or "refusal" in part)
    )
    return estimate(text_of(content)) + ATTACHED * attached


def _calls(message: Message) -> int:
    """The tools that an assistant's message, or an item of a response's input, calls: their names and arguments."""
    calls = [as_object(call) for call in as_list(message.get("tool_calls"))]
    bodies = [as_object(call.get("function")) or as_object(call.get("custom")) for call in calls]
    own = {name: message[name] for name in ("name", "arguments", "input") if name in message}
    bodies += [as_object(message.get("function_call")), own]
    return sum(estimate("".join(str(value) for value in body.values())) for body in bodies)
