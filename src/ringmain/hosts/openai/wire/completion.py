"""Legacy completions, composed where the model was asked in another way."""

from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Piece, Reply
from ringmain.hosts.openai.wire.chunks import Chunks, Shape, usage

FINISH = {"stop": "stop", "length": "length", "content_filter": "content_filter"}
"""Why a completion may end; a chat has more reasons."""


def compose(reply: Reply, ask: Ask) -> Shape:
    """The whole answer."""
    return {
        "id": f"cmpl-{reply.id}",
        "object": "text_completion",
        "created": reply.created,
        "model": reply.model,
        "choices": [_choice(c.index, c.text, c.finish_reason or "stop") for c in reply.choices],
        "usage": usage(reply.usage),
    }


def _choice(index: int, text: str, finish: str | None) -> Shape:
    reason = None if finish is None else FINISH.get(finish, "stop")
    return {"text": text, "index": index, "logprobs": None, "finish_reason": reason}


class Stream(Chunks):
    """A completion as a stream of chunks."""

    prefix = "cmpl"
    kind = "text_completion"

    def choice(self, piece: Piece, *, first: bool) -> Shape:
        """One choice of a chunk."""
        return _choice(piece.index, piece.text, piece.finish_reason)
