"""`<%= … %>` in a text: a small interpreter of the part of Elixir that flows compute with.

It stands for Glific's own, which refuses all but listed calls: what Glific would refuse reads `Invalid Code`,
as it does there; what Glific can do and this cannot raises `Beyond`, so that nobody takes a guess for the truth.
"""

import re
from typing import Any

from ringmain.hosts.glific.flows import elixir
from ringmain.hosts.glific.flows.elixir import Beyond, Invalid

INVALID = "Invalid Code"
"""What Glific writes where an expression fails."""

LARGEST = 10_000
"""Bytes that what an expression gives may have."""

_TAG = re.compile(r"<%=(.*?)%>", re.DOTALL)

__all__ = ["INVALID", "Beyond", "evaluated"]


def evaluated(text: str) -> str:
    """The text with its expressions computed, without blanks around it.

    Raises `Beyond` for one that Glific may know and this does not.
    """
    try:
        whole = _TAG.sub(lambda tag: _shown(elixir.value(tag[1])), text).strip()
    except Invalid:
        return INVALID
    return whole if len(whole.encode()) <= LARGEST or "<%=" not in text else INVALID


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
