"""Embeddings: texts in, vectors out; the answer travels as it came."""

import msgspec

from ringmain.exchange.heard import Heard
from ringmain.exchange.modes.envelope import Tokens
from ringmain.exchange.reply import Piece

PATH = "embeddings"


class _Answer(msgspec.Struct):
    usage: Tokens | None = None
    model: str | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def read(body: bytes) -> Heard:
    """A whole answer, its vectors left in the provider's own bytes."""
    answer = _decode(body)
    return Heard(model=answer.model or "", usage=answer.usage.usage() if answer.usage else None)


def piece(data: bytes, event: str | None) -> Piece:
    """Embeddings are not streamed; what comes all the same travels on."""
    return Piece(raw=data)
