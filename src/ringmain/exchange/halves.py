"""Characters beyond 16 bits, which servers that cut between JSON's two escapes send as two halves."""

import json
import re
from typing import Any

import msgspec

from ringmain.exchange.loose import as_object, as_text
from ringmain.exchange.reply import Piece

_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")
_FIRST = re.compile("[\ud800-\udbff]$")

Key = tuple[int, Any]
"""A choice, and the number of a call of a tool or None for its text."""


def joined(data: bytes) -> bytes:
    """JSON without halves: two in a row are their character, one alone is U+FFFD.

    Raises `ValueError` for what is no JSON.
    """
    return _mended(json.dumps(json.loads(data), ensure_ascii=False)).encode() if _ESCAPED.search(data) else data


def _mended(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Halves:
    """Puts the halves of a stream together: a first one is held until the next piece of the same text."""

    def __init__(self) -> None:
        self._held: dict[Key, str] = {}

    def join(self, piece: Piece) -> Piece:
        """The piece, its text and its calls of tools in whole characters; its raw bytes stay."""
        if not (self._held or piece.tool_calls or piece.others) and piece.text.isascii():
            return piece
        text = self._whole((piece.index, None), piece.text, last=piece.finish_reason is not None)
        calls = [self._call(piece.index, call) for call in piece.tool_calls or ()] or None
        others = tuple(self.join(other) for other in piece.others)
        if (text, calls, others) == (piece.text, piece.tool_calls, piece.others):
            return piece
        return msgspec.structs.replace(piece, text=text, tool_calls=calls, others=others)

    def _call(self, index: int, call: dict[str, Any]) -> dict[str, Any]:
        function = as_object(call.get("function"))
        said = as_text(function.get("arguments"))
        arguments = self._whole((index, call.get("index")), said, last=False)
        return call if arguments == said else {**call, "function": {**function, "arguments": arguments}}

    def _whole(self, key: Key, text: str, *, last: bool) -> str:
        text = self._held.pop(key, "") + text
        if not last and _FIRST.search(text):
            self._held[key], text = text[-1], text[:-1]
        return _mended(text) if _HALF.search(text) else text
