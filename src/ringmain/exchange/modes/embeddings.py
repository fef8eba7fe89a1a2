"""Embeddings: texts in, vectors out; the answer travels as it came."""

from typing import Any

import msgspec

from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import as_text, reader
from ringmain.exchange.modes.envelope import counted
from ringmain.exchange.reply import Piece

PATH = "embeddings"


class _Answer(msgspec.Struct):
    usage: Any = None
    model: Any = None


_decode = reader(_Answer)


def read(body: bytes) -> Heard:
    """A whole answer, its vectors left in the provider's own bytes."""
    answer = _decode(body)
    return Heard(model=as_text(answer.model), usage=counted(answer.usage))


def piece(data: bytes, event: str | None) -> Piece:
    """Embeddings are not streamed; what comes all the same travels on."""
    return Piece(raw=data)
