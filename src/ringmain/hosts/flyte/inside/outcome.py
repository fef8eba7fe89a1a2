"""What comes of an ask, in words that Flyte shows: succeeded, failed for good, or worth one of the task's retries."""

from typing import Any, Literal

import msgspec

from ringmain.errors import RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.connection import Connection
from ringmain.exchange.reply import Reply
from ringmain.hosts.flyte.inside.asking import Answered
from ringmain.hosts.flyte.inside.holders import CONNECTOR, Holder
from ringmain.hosts.flyte.inside.origin import without_origin

Phase = Literal["SUCCEEDED", "FAILED", "RETRYABLE_FAILED"]

RETRYABLE = frozenset(
    "upstream_rate_limited upstream_error upstream_overloaded upstream_cooling upstream_unreachable "
    "upstream_ambiguous upstream_malformed stream_interrupted deadline_exceeded rate_limit_exceeded "
    "hub_overloaded hub_stopping store_unavailable database_unreachable".split()
)
"""What may be better in a later attempt; everything else would fail again, and burn the task's retries."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The phase, the sentence beside it, the task's outputs by name, and what goes into the task's event."""

    phase: Phase
    message: str = ""
    outputs: dict[str, Any] | None = None
    info: dict[str, Any] = {}


def succeeded(answered: Answered) -> Outcome:
    """The outcome of a reply; one without a word is a failure, as there is nothing to hand on."""
    reply = answered.reply
    info = {**_info(reply), "request_id": answered.request_id}
    if why := _wordless(reply):
        return Outcome(phase="FAILED", message=why, info={**info, "code": "upstream_empty"})
    return Outcome(phase="SUCCEEDED", outputs=_outputs(reply), info=info)


def _info(reply: Reply) -> dict[str, Any]:
    """What it took, for the task's event."""
    return {
        "ask": reply.id,
        "model": reply.model,
        "finish_reason": reply.finish_reason,
        "usage": usage_of(reply),
        "cost": _money(reply),
        "currency": "USD",
        "milliseconds": reply.milliseconds,
        "notices": list(without_origin(reply.notices)),
    }


def usage_of(reply: Reply) -> dict[str, int]:
    """The tokens, as the provider counted them."""
    used = reply.usage
    return {
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "cached_tokens": used.cached,
        "reasoning_tokens": used.reasoning,
    }


def _money(reply: Reply) -> str | None:
    return None if reply.cost is None else f"{reply.cost:f}"


def _outputs(reply: Reply) -> dict[str, Any]:
    return {
        "o0": reply.text,
        "choices": [choice.text for choice in reply.choices],
        "usage": usage_of(reply),
        "finish_reason": reply.finish_reason or "",
        "model": reply.model,
        "cost": _money(reply),
    }


def _wordless(reply: Reply) -> str:
    """Why there is no text to hand on; empty where there is one, or where the model meant to say nothing."""
    first = reply.choices[0]
    if first.text:
        return ""
    if first.message.refusal:
        return "The model refused to answer. Ask otherwise."
    if first.message.tool_calls:
        return "The model called a tool, and a chat task has nobody to run it. Leave tools out of chatgpt_config."
    if first.finish_reason == "content_filter":
        return "The provider's filter let no answer through. Ask otherwise."
    if first.finish_reason == "length":
        return "The answer is empty, because all of max_tokens went into thinking. Raise it."
    return "" if first.message.content == "" else "The model answered without a word. Ask otherwise, or another model."


def failed(error: RingmainError, ask: Ask, connection: Connection | None, *, request_id: str | None = None) -> Outcome:
    """The outcome of an ask without an answer."""
    return Outcome(
        phase="RETRYABLE_FAILED" if error.code in RETRYABLE else "FAILED",
        message=told(error, ask, connection),
        info={"ask": ask.id, "code": error.code, "fault": error.fault, "request_id": request_id, "tried": error.tried}
        | ({"retry_after": error.retry_after} if error.retry_after is not None else {}),
    )


def told(error: RingmainError, ask: Ask, connection: Connection | None, holder: Holder = CONNECTOR) -> str:
    """What happened, and what to do next, in the words of whoever holds the connection."""
    if error.code == "deadline_exceeded" and ask.deadline:
        return _late(error, ask.deadline, connection, holder)
    wait = f" It wants to be left alone for {round(error.retry_after, 1):g} s." if error.retry_after else ""
    fix = _fix(error, connection, holder)
    return f"{error.sentence}{wait} {fix}".strip()


def _late(error: RingmainError, limit: float, connection: Connection | None, holder: Holder) -> str:
    """Which limit has fired."""
    if connection is not None and connection.timeout < limit:
        which = f"the timeout of {connection.timeout:g} s of the connection '{connection.name}'"
        fix = f"An admin raises it in the {holder.called}'s file of connections."
    else:
        which = f"the task's timeout of {limit:g} s"
        fix = holder.late
    return f"{error.sentence} The limit that fired is {which}. {fix}"


def _fix(error: RingmainError, connection: Connection | None, holder: Holder) -> str:
    """The next step, where an admin of ringmain's is an admin of whoever holds the connection."""
    own = error.code == "upstream_auth" and connection is not None and not connection.is_hub
    return holder.key if own else error.fix
