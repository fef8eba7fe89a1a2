"""What a query is answered: always one JSON object, also where it went wrong."""

import math
from typing import Any

import msgspec

from ringmain.errors import ProviderError, RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply

encode = msgspec.json.Encoder().encode

JSON = {"content-type": "application/json"}

EMPTY = {
    "length": ("The model used up max_tokens before its first word.", "Raise max_tokens."),
    "content_filter": ("The provider's filter let no answer through.", "Ask otherwise."),
}
"""Why an answer ended before its first word → what is told."""


def write(reply: Reply, ask: Ask) -> HostReply:
    """The answer, flat enough to bind to: `{{queries.chat.data.text}}`; cost is USD as a text, null where it is not
    known. An answer without a word that the model did not mean is a failure."""
    if not reply.text and reply.finish_reason != "stop":
        return refuse(_empty(reply))
    usage, cost = reply.usage, reply.cost
    answer = {
        "text": reply.text,
        "model": reply.model,
        "finish_reason": reply.finish_reason,
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
        },
        "cost": None if cost is None else f"{cost:f}",
        "currency": "USD",
        "demo": reply.demo,
        "notices": list(reply.notices),
    }
    return HostReply(headers=dict(JSON), body=encode(answer))


def _empty(reply: Reply) -> ProviderError:
    sentence, fix = EMPTY.get(reply.finish_reason or "", ("The model answered without a word.", "Ask again."))
    return ProviderError("upstream_empty", sentence, fix=fix, billed=True)


def refuse(error: RingmainError) -> HostReply:
    """A status that ToolJet takes for a failure, and below `error` what is wrong and what to do."""
    headers = dict(JSON)
    if error.retry_after is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after))
    told: dict[str, Any] = {**error.as_dict(), "param": error.param, "status": error.status}
    return HostReply(status=error.status, headers=headers, body=encode({"error": told}))


def models(models: list[Model], *, usual: str | None = None) -> HostReply:
    """The ids of the models, as a dropdown of ToolJet's takes them."""
    rows = [{"value": model.id, "label": model.id, "default": model.id == usual} for model in models]
    return HostReply(headers=dict(JSON), body=encode(rows))
