"""How each mode is written to a provider and read from it: one file a mode, with the same functions."""

from types import ModuleType

from ringmain.exchange.ask import Wire
from ringmain.exchange.modes import chat, completion, embeddings, responses, speech, transcription

SOUND: dict[Wire, ModuleType] = {"transcription": transcription, "speech": speech}
"""What has sound in its bodies or its answers, and so writes and reads its own: each has `content(ask) -> Body`,
`expected(ask, body, model) -> Usage`, `head(plan)`, `body(plan, at) -> bytes` and `hear(plan, data, kind) -> Heard`."""

MODES: dict[Wire, ModuleType] = {
    "chat": chat,
    "completion": completion,
    "responses": responses,
    "embeddings": embeddings,
    **SOUND,
}
"""Each has `PATH` and `piece(data, event) -> Piece`, all but those of sound `read(body) -> Heard`; those that talk have
`content(…) -> Body`."""
