"""A stream of chunks, as chat and completions have it."""

from abc import ABC, abstractmethod
from typing import Any

from ringmain.errors import RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Piece, Reply, Usage
from ringmain.hosts.openai.wire import events
from ringmain.hosts.refusing import envelope

Shape = dict[str, Any]


def usage(counted: Usage) -> Shape:
    """The tokens in the words of chat and completion."""
    return {
        "prompt_tokens": counted.input_tokens,
        "completion_tokens": counted.output_tokens,
        "total_tokens": counted.input_tokens + counted.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": counted.cached,
            "cache_write_tokens": counted.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": counted.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


class Chunks(ABC):
    """Writes a stream; a wire says what a chunk is called and how a piece becomes a choice."""

    content_type = events.CONTENT_TYPE
    prefix = ""
    kind = ""

    def __init__(self, ask: Ask) -> None:
        self._counts = bool((ask.fields.get("stream_options") or {}).get("include_usage"))
        self._head: Shape = {
            "id": f"{self.prefix}-{ask.id}",
            "object": self.kind,
            "created": events.made_at(ask.id),
            "model": ask.model or "",
        }
        self._composed = False
        self._open: dict[int, bool] = {}

    @abstractmethod
    def choice(self, piece: Piece, *, first: bool) -> Shape:
        """One choice of a chunk; `first` of its index."""

    def piece(self, piece: Piece) -> bytes:
        """A chunk as the provider sent it, or one of our own for what it said in another wire."""
        if piece.raw is not None:
            return events.data(piece.raw)
        if not (piece.text or piece.tool_calls or piece.finish_reason):
            return b""
        self._composed = True
        first = piece.index not in self._open
        self._open[piece.index] = piece.finish_reason is None
        return self._chunk(self.choice(piece, first=first))

    def _chunk(self, choice: Shape) -> bytes:
        return events.composed({**self._head, "choices": [choice], **({"usage": None} if self._counts else {})})

    def end(self, reply: Reply) -> bytes:
        """What is still to be said, and `[DONE]`."""
        unfinished = (Piece(index=index, finish_reason="stop") for index, still in self._open.items() if still)
        closing = [self._chunk(self.choice(piece, first=False)) for piece in unfinished]
        if self._composed and self._counts:
            closing.append(events.composed({**self._head, "choices": [], "usage": usage(reply.usage)}))
        return b"".join([*closing, events.DONE])

    def fail(self, error: RingmainError) -> bytes:
        """OpenAI's error object as an event; no `[DONE]` follows."""
        return events.composed({"error": envelope(error)})
