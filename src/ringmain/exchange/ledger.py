"""Plan and reply → one line of the book."""

from collections.abc import Sequence

import msgspec

from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.exchange.hold import Hold
from ringmain.exchange.line import Line
from ringmain.exchange.plan import Plan
from ringmain.exchange.prices import cost
from ringmain.exchange.reply import Reply, Usage, together


def begun(ask: Ask, account: Account, *, at: int) -> Line:
    """The line of an ask of which nothing is known but who asks."""
    return Line(
        id=ask.id,
        at=at,
        tool=account.tool,
        account_id=account.id,
        account=account.name,
        connection=ask.connection or account.connection or "",
        model=ask.model or "",
        wire=ask.wire,
        stream=ask.stream,
        conversation=ask.conversation,
        notices=ask.notices,
    )


def opened(line: Line, plan: Plan, hold: Hold) -> Line:
    """The line of an ask that is about to leave, with its hold as upper bound of what may be charged."""
    return msgspec.structs.replace(
        line,
        connection=plan.connection.name,
        model=plan.model.id,
        mode=plan.mode,
        demo=plan.connection.demo,
        unconfirmed_tokens=hold.tokens,
        unconfirmed_picodollars=hold.picodollars or 0,
        window=hold.window,
    )


def answered(line: Line, plan: Plan, reply: Reply, *, attempts: int, lost: int = 0) -> Line:
    """The line of an ask that was answered.

    `lost` says how many calls without an answer may have been charged too: the upper bound of each, the hold, stays
    unconfirmed.
    """
    usage = reply.usage
    return msgspec.structs.replace(
        line,
        status="ok",
        # Which model a hub chose for its client is known only now.
        model=line.model or reply.model,
        mode=plan.mode,
        finish_reason=reply.finish_reason,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached,
        audio_milliseconds=usage.audio_milliseconds,
        characters=usage.characters,
        picodollars=reply.picodollars,
        unconfirmed_tokens=line.unconfirmed_tokens * lost,
        unconfirmed_picodollars=line.unconfirmed_picodollars * lost,
        milliseconds=reply.milliseconds,
        attempts=attempts,
        notices=reply.notices,
    )


def broken(
    line: Line,
    plan: Plan,
    error: RingmainError,
    calls: Sequence[Usage],
    *,
    attempts: int,
    milliseconds: int,
    lost: int = 0,
) -> Line:
    """The line of an answer that broke off after it had begun; `calls` is what was heard of each, `lost` as above."""
    heard = Reply(
        id=line.id,
        wire=plan.ask.wire,
        mode=plan.mode,
        model=line.model,
        usage=together(calls),
        picodollars=cost(plan.model.price, *calls),
        notices=plan.notices,
        milliseconds=milliseconds,
    )
    told = answered(line, plan, heard, attempts=attempts, lost=lost)
    return msgspec.structs.replace(told, status="interrupted", code=error.code)


def held(line: Line, *, calls: int) -> Line:
    """The line of an open ask with its hold once for each of so many calls."""
    return msgspec.structs.replace(
        line,
        unconfirmed_tokens=line.unconfirmed_tokens * calls,
        unconfirmed_picodollars=line.unconfirmed_picodollars * calls,
    )


def failed(line: Line, error: RingmainError, *, attempts: int, milliseconds: int, lost: int = 0) -> Line:
    """The line of an ask without an answer.

    Where the provider may have charged, the hold stays as unconfirmed, for every call that was lost; else it is
    released.
    """
    if attempts and (error.billed or lost):
        kept = msgspec.structs.replace(held(line, calls=max(1, lost)), status="unconfirmed")
    else:
        kept = msgspec.structs.replace(held(line, calls=0), status="failed" if attempts else "refused", picodollars=0)
    return msgspec.structs.replace(kept, code=error.code, attempts=attempts, milliseconds=milliseconds)
