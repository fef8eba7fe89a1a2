"""After an attempt that failed: try again, ask in another way, or refuse."""

import msgspec

from ringmain.errors import AskError, RingmainError
from ringmain.exchange.ask import Mode
from ringmain.exchange.fault import Fault
from ringmain.exchange.misfit import INSTEAD, misfit
from ringmain.exchange.plan import Body, Plan

MOST_ATTEMPTS = 2
"""Provider calls that one ask may make before its first byte is there."""

PASSING = frozenset({"upstream_rate_limited", "upstream_overloaded", "upstream_error"})
"""What may be better a moment later."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What to do next: `error` ends the ask; otherwise wait and try again, by `mode` or `without` a parameter."""

    error: RingmainError | None = None
    wait: float = 0.0
    mode: Mode | None = None
    only: bool = False
    """Whether the provider said that the model is asked by that mode, and not merely not by this one."""
    without: str | None = None
    instead: str | None = None
    """The name under which the parameter that is left out travels after all."""
    notice: str | None = None


def judge(fault: Fault, plan: Plan, *, attempts: int, left: float, backoff: float, spare: bool = True) -> Verdict:
    """What becomes of an ask after `attempts` calls, with `left` seconds until its deadline.

    `backoff` is how long to wait where the provider does not say, `spare` whether the same call may be made again.
    """
    if fault.other_mode:
        return _elsewhere(fault, plan, fault.other_mode, attempts)
    if attempts >= MOST_ATTEMPTS:
        return Verdict(error=fault.error)
    if fault.refused == "max_tokens" and plan.mode == "chat":
        return Verdict(without=fault.refused, instead="max_completion_tokens")
    if fault.refused and fault.refused in plan.added:
        notice = f"'{plan.model.id}' refuses {fault.refused}, which the host had not asked for; it was left out."
        return Verdict(without=fault.refused, notice=notice)
    if fault.refused and plan.ask.lenient:
        return Verdict(without=fault.refused, notice=f"'{plan.model.id}' refuses {fault.refused}; it was left out.")
    if not fault.sent or _passes(fault):
        wait = fault.wait or backoff
        return Verdict(wait=wait) if spare and wait < left else Verdict(error=fault.error)
    return Verdict(error=fault.error)


def _passes(fault: Fault) -> bool:
    return fault.error.code in PASSING if fault.again is None else fault.again


def _elsewhere(fault: Fault, plan: Plan, other: Mode, attempts: int) -> Verdict:
    """The provider says that this model wants another endpoint."""
    wanted = plan.ask.mode or plan.account.mode
    if other in (wanted, *INSTEAD[wanted]) and attempts < MOST_ATTEMPTS:
        return Verdict(mode=other, only=fault.named)
    error: AskError = misfit(plan.model.id, plan.mode, (other,))
    error.__cause__ = fault.error
    return Verdict(error=error)


def without(plan: Plan, verdict: Verdict) -> Plan:
    """The plan with the verdict's parameter taken out of every call, or under its other name."""
    return msgspec.structs.replace(
        plan,
        bodies=tuple(_without(body, verdict) for body in plan.bodies),
        notices=(*plan.notices, verdict.notice) if verdict.notice else plan.notices,
    )


def _without(body: Body, verdict: Verdict) -> Body:
    named = {verdict.instead if key == verdict.without else key: value for key, value in body.items()}
    return {key: value for key, value in named.items() if key}
