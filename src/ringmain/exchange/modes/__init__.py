"""How each mode is written to a provider and read from it: one file a mode, with the same functions."""

from types import ModuleType

from ringmain.exchange.ask import Wire
from ringmain.exchange.modes import chat, completion, embeddings, responses

MODES: dict[Wire, ModuleType] = {
    "chat": chat,
    "completion": completion,
    "responses": responses,
    "embeddings": embeddings,
}
"""Each has `PATH`, `read(body) -> Heard`, `piece(data, event) -> Piece`; all but embeddings `content(…) -> Body`."""
