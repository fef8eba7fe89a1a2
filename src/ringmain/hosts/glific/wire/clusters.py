"""Where a text may be cut without cutting what a reader takes for one character.

A cautious rule: it never cuts within a grapheme cluster of Unicode's annex 29, and in a few places keeps two together.
"""

import re
from unicodedata import category, combining

VIRAMA = 9
"""The combining class of the signs that join two consonants of an Indic script."""

JOINER = "\u200d"
CLINGS = re.compile(
    "[\u200c\u200d\u0e33\u0eb3\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u1160-\u11ff\ud7b0-\ud7ff]"
)
"""What belongs to the character before it, besides all marks: joiners, vowels, skin tones, tags, ends of syllables."""

LEADS = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\u1cf5\u1cf6\U000110bd\U000110cd\U000111c2\U000111c3\U000113d1"
    "\U0001193f\U00011941\U00011a3a\U00011a84-\U00011a89\U00011d46\U00011f02]"
)
"""What belongs to the character behind it: signs of number and of repetition."""

SYLLABLE_BEGINS = re.compile("[\u1100-\u115f\ua960-\ua97f]")
SYLLABLE = re.compile("[\u1100-\u115f\ua960-\ua97f\uac00-\ud7a3]")
HALF_A_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")


def between(text: str, at: int) -> bool:
    """Whether one character ends and another begins at a place in the text."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    if CLINGS.match(after) or _is_mark(after) or LEADS.match(before) or (before, after) == ("\r", "\n"):
        return False
    if _joined(text, at):
        return after.isspace()
    if SYLLABLE_BEGINS.match(before) and SYLLABLE.match(after):
        return False
    return not HALF_A_FLAG.match(after) or _whole_flags(text, at)


def _is_mark(one: str) -> bool:
    """Whether it is a mark, or what this Python does not know, which may be one."""
    return category(one) in ("Mn", "Mc", "Me", "Cn")


def _joined(text: str, at: int) -> bool:
    """Whether there is a joiner or a virama among the marks right before a place."""
    while at and (CLINGS.match(text[at - 1]) or _is_mark(text[at - 1])):
        at -= 1
        if text[at] == JOINER or combining(text[at]) == VIRAMA:
            return True
    return False


def _whole_flags(text: str, at: int) -> bool:
    """Whether the halves of flags right before a place are all in pairs."""
    start = at
    while start and HALF_A_FLAG.match(text, start - 1):
        start -= 1
    return (at - start) % 2 == 0
