"""Chat completions, composed where the model was asked in another way."""

from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Choice, Piece, Reply
from ringmain.hosts.openai.wire.chunks import Chunks, Shape, usage


def compose(reply: Reply, ask: Ask) -> Shape:
    """The whole answer."""
    return {
        "id": f"chatcmpl-{reply.id}",
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "choices": [_choice(choice) for choice in reply.choices],
        "usage": usage(reply.usage),
    }


def _choice(choice: Choice) -> Shape:
    said = choice.message
    message: Shape = {"role": said.role, "content": said.content, "refusal": said.refusal, "annotations": []}
    if said.tool_calls:
        message["tool_calls"] = said.tool_calls
    return {
        "index": choice.index,
        "message": message,
        "logprobs": None,
        "finish_reason": choice.finish_reason or "stop",
    }


class Stream(Chunks):
    """A chat as a stream of chunks."""

    prefix = "chatcmpl"
    kind = "chat.completion.chunk"

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._calls: dict[int, list[int]] = {}
        """Choice → the provider's numbers of its calls, in the order in which they came."""

    def _counted(self, choice: int, at: int, bit: Shape) -> Shape:
        """A bit of a call under its place among the calls, as another wire counts other things too."""
        seen, number = self._calls.setdefault(choice, []), bit.get("index", at)
        if number not in seen:
            seen.append(number)
        return {**bit, "index": seen.index(number)}

    def choice(self, piece: Piece, *, first: bool) -> Shape:
        """One choice of a chunk; `first` of its index."""
        delta = _delta(piece, first)
        if piece.tool_calls:
            delta["tool_calls"] = [self._counted(piece.index, at, bit) for at, bit in enumerate(piece.tool_calls)]
        return {"index": piece.index, "delta": delta, "logprobs": None, "finish_reason": piece.finish_reason}


def _delta(piece: Piece, first: bool) -> Shape:
    delta: Shape = {"role": "assistant", "content": "", "refusal": None} if first else {}
    if piece.text:
        delta["content"] = piece.text
    return delta
