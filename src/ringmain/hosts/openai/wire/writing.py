"""A reply → an answer: the provider's own bytes where it spoke the host's wire, else composed in that wire's shape."""

from collections.abc import Callable
from typing import Any

from ringmain.errors import ProviderError
from ringmain.exchange.ask import OF_SOUND, Ask, Wire
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply, StreamWriter
from ringmain.hosts.openai.wire import chat, completion, responses, sound
from ringmain.hosts.refusing import encode

Writer = Callable[[Reply, Ask], dict[str, Any]]

COMPOSE: dict[Wire, Writer] = {"chat": chat.compose, "completion": completion.compose, "responses": responses.compose}

STREAM: dict[Wire, Callable[[Ask], StreamWriter]] = {
    "chat": chat.Stream,
    "completion": completion.Stream,
    "responses": responses.Stream,
}


def write(reply: Reply, ask: Ask) -> HostReply:
    """The whole answer.

    Raises `ProviderError("upstream_malformed")` for embeddings of which there are no bytes to pass on.
    """
    if ask.wire in OF_SOUND:
        return sound.write(reply, ask)
    body = reply.raw if reply.raw is not None else encode(_composer(ask.wire, reply)(reply, ask))
    return HostReply(headers={"content-type": "application/json"}, body=body)


def _composer(wire: Wire, reply: Reply) -> Writer:
    if wire in COMPOSE:
        return COMPOSE[wire]
    raise ProviderError(
        "upstream_malformed",
        f"The provider of '{reply.connection}' answered an embedding with a stream.",
        fix="Check the base URL with `ringmain check`.",
        billed=True,
    )


def stream(ask: Ask) -> StreamWriter:
    """What writes the answer piece by piece."""
    return STREAM[ask.wire](ask)


def models(models: list[Model], *, usual: str | None = None) -> HostReply:
    """The list of models, each with all that the provider says of it."""
    rows = [_row(model) for model in models]
    return HostReply(headers={"content-type": "application/json"}, body=encode({"object": "list", "data": rows}))


def _row(model: Model) -> dict[str, Any]:
    created, owner = model.said.get("created"), model.said.get("owned_by")
    return {
        **model.said,
        "id": model.id,
        "object": "model",
        "created": int(created) if isinstance(created, int | float) else 0,
        "owned_by": owner if isinstance(owner, str) else "unknown",
        "shutdown_date": model.said.get("shutdown_date") or model.retires,
    }
