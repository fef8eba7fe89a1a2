"""What is wrong with a model of a connection, and which calls may go to it meanwhile.

Five failures in a row that are the provider's own cool it: one call after the other tries it, at growing distances,
also while an earlier one still waits, and the first answer ends that.
A provider that asks to slow down is left alone by all until its pause is over.
A refused key and a spent quota mark the connection itself, whose trouble stands under the model `""`.
"""

from collections.abc import Callable

import msgspec

from ringmain.errors import ProviderError, RingmainError
from ringmain.exchange.fault import Fault
from ringmain.exchange.retry_after import LONGEST

TRIPS = 5
"""Failures in a row that cool a model."""

STEP, LONGEST_STEP = 5.0, 60.0
"""Seconds by which the distance to the next try grows, and the longest one."""

PAUSE = 1.0
"""Seconds of a pause of which the provider does not say how long it is."""

LONGEST_WAIT = 20.0
"""Seconds that a call waits for the end of a pause."""

PATIENT = 60.0
"""Seconds that a call must have had before its silence counts: one host's hurry is not the provider's failure."""

SETTLED = 60.0
"""Seconds without another refusal after which the answer of any model takes a mark away: a provider may refuse one
model and serve the next."""

LATER = 3600.0
"""Seconds after which what nobody has met again is forgotten."""

OWN = frozenset("upstream_error upstream_overloaded upstream_unreachable upstream_ambiguous upstream_malformed".split())
"""What may be the provider's own failure, where it is not said with a 429."""

MARKS = frozenset({"upstream_auth", "upstream_forbidden", "upstream_quota"})
"""What only an admin can mend, for all models of a connection."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """How a model of a connection has failed; all moments are seconds since 1970."""

    failures: int = 0
    """In a row."""
    since: float | None = None
    """When it was cooled, or the connection marked; None while it is not."""
    tries: int = 0
    """Failures while it is cooled, the one that cooled it included."""
    next: float = 0.0
    """When one call may try it again."""
    until: float = 0.0
    """When the pause ends."""
    slow: str = ""
    """The code that the pause is told with."""
    code: str = ""
    sentence: str = ""
    """Of the last failure."""
    at: float = 0.0
    """When it was met last."""
    model: str = ""
    """Of a mark: the model that was refused."""
    probe: str = ""
    """The ask that tries it now; known to its own process only."""

    @property
    def shared(self) -> bool:
        """Whether other processes should know of it."""
        return self.since is not None or self.until > 0

    @property
    def core(self) -> "Trouble":
        """What others should know of it."""
        return msgspec.structs.replace(self, at=0.0, model="", probe="")


Change = Callable[[Trouble | None], Trouble | None]
"""What becomes of a trouble; None is none."""


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a call may go: after `wait` seconds, as the one that tries, or not at all for an `error`."""

    wait: float = 0.0
    probe: bool = False
    error: ProviderError | None = None


# what calls come to --------------------------------------------------------------------------------------------------


def is_own(fault: Fault, *, given: float, timeout: float) -> bool:
    """Whether the provider itself may have failed; `given` are the seconds that the ask had of `timeout`."""
    if fault.error.code == "deadline_exceeded":
        return given >= min(timeout, PATIENT)
    return fault.error.code in OWN and fault.status != 429


def pause_of(fault: Fault) -> float | None:
    """For how many seconds the provider wants to be left alone; None where it does not say so."""
    if fault.error.code == "upstream_rate_limited":
        return fault.wait
    return (fault.wait or PAUSE) if fault.error.code == "upstream_overloaded" else None


def met(old: Trouble | None, fault: Fault, *, ask: str, own: bool, at: float) -> Trouble | None:
    """The trouble after a call that failed."""
    new = failed(old, fault.error, ask=ask, at=at) if own else let_go(old, ask=ask, at=at)
    seconds = pause_of(fault)
    return new if seconds is None else slowed(new, fault.error.code, seconds=seconds, at=at)


def failed(old: Trouble | None, error: RingmainError, *, ask: str, at: float) -> Trouble:
    """One more failure; while it is cooled, only that of the call which tried it counts."""
    old = old or Trouble()
    if old.since is not None and old.probe != ask:
        return old
    new = msgspec.structs.replace(
        old, failures=old.failures + 1, code=error.code, sentence=error.sentence, at=at, probe=""
    )
    if new.failures < TRIPS:
        return new
    tries = old.tries + 1
    since = at if old.since is None else old.since
    return msgspec.structs.replace(new, since=since, tries=tries, next=at + distance(tries))


def distance(tries: int) -> float:
    """Seconds from a failure to the next try."""
    return min(STEP * tries, LONGEST_STEP)


def slowed(old: Trouble | None, code: str, *, seconds: float, at: float) -> Trouble:
    """A pause of so many seconds; one that ends later stays as it is."""
    old = old or Trouble()
    until = at + min(seconds, LONGEST)
    if until <= at + _left(old.until, at, LONGEST):
        return old
    return msgspec.structs.replace(old, until=until, slow=code, at=at)


def answered(old: Trouble | None, *, at: float) -> Trouble | None:
    """What is left after an answer: nothing but a pause that is not over."""
    if old is None or not _left(old.until, at, LONGEST):
        return None
    return Trouble(until=old.until, slow=old.slow, at=old.at)


def marked(old: Trouble | None, error: RingmainError, *, model: str, at: float) -> Trouble:
    """That the connection needs attention, since when it first did."""
    if old and old.code == error.code:
        return msgspec.structs.replace(old, model=model, at=at)
    return Trouble(since=at, code=error.code, sentence=error.sentence, model=model, at=at)


def mended(old: Trouble | None, *, model: str, at: float) -> Trouble | None:
    """What is left of a mark after an answer of a model."""
    return old if old and old.model != model and 0 <= at - old.at < SETTLED else None


# which calls may go --------------------------------------------------------------------------------------------------


def gate(trouble: Trouble | None, connection: str, model: str, *, at: float, left: float) -> Gate:
    """Whether a call may go to this model of the connection, with `left` seconds until its deadline."""
    if trouble is None or over(trouble, at):
        return Gate()
    wait = _left(trouble.until, at, LONGEST)
    if trouble.since is not None:
        wait = max(wait, _left(trouble.next, at, LONGEST_STEP))
        return Gate(error=_cooling(trouble, connection, model, wait)) if wait else Gate(probe=True)
    return Gate(wait=wait) if wait < left and wait <= LONGEST_WAIT else Gate(error=_slow(trouble, connection, wait))


def probed(old: Trouble, *, ask: str, at: float) -> Trouble:
    """The trouble while this ask tries the model; another process may do so once it would have failed."""
    return msgspec.structs.replace(old, probe=ask, next=at + distance(old.tries + 1), at=at)


def let_go(old: Trouble | None, *, ask: str, at: float) -> Trouble | None:
    """The trouble after the ask that tried the model ended without showing anything: another may try at once."""
    if old is None or old.probe != ask:
        return old
    return msgspec.structs.replace(old, probe="", next=at)


def over(trouble: Trouble, at: float) -> bool:
    """Whether nothing of it holds any more."""
    if trouble.code in MARKS:
        return False
    lasts = trouble.failures > 0 or _left(trouble.until, at, LONGEST) > 0
    # Clocks of other machines may go before.
    return not lasts or not -LONGEST <= at - trouble.at <= LATER


def joined(held: Trouble | None, new: Trouble) -> Trouble:
    """What is stored of a trouble where `held` was: the newer word, but the longer pause."""
    new = msgspec.structs.replace(new, probe="")
    if held is None or held.until <= new.until:
        return new
    return msgspec.structs.replace(new, until=held.until, slow=held.slow)


def _left(moment: float, at: float, most: float) -> float:
    """Seconds until a moment; 0 where it is past, or where it is so far that a clock must have been set back."""
    seconds = moment - at
    return seconds if 0 < seconds <= most + 1.0 else 0.0


def _cooling(trouble: Trouble, connection: str, model: str, wait: float) -> ProviderError:
    wait = max(wait, 1.0)
    return ProviderError(
        "upstream_cooling",
        f"'{model}' of '{connection}' has failed {trouble.failures} times in a row and is left alone for a moment. "
        f"The last time: {trouble.sentence}",
        fix=f"Ask again in {wait:.0f} seconds; it is tried again by then.",
        retry_after=wait,
    )


def _slow(trouble: Trouble, connection: str, wait: float) -> ProviderError:
    return ProviderError(
        trouble.slow,
        f"The provider of '{connection}' has asked to be left alone for another {wait:.0f} seconds.",
        fix="Ask again after that.",
        retry_after=wait,
    )
