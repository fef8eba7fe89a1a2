"""How the providers are, as far as this process and others on its store have met it."""

import logging
import random
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable

import msgspec

from ringmain.errors import HubError
from ringmain.exchange.fault import Fault
from ringmain.exchange.plan import Plan
from ringmain.exchange.retries import Retries
from ringmain.exchange.trouble import (
    LONGEST_WAIT,
    MARKS,
    Change,
    Trouble,
    answered,
    gate,
    is_own,
    joined,
    let_go,
    marked,
    mended,
    met,
    over,
    probed,
)
from ringmain.store import Store

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""A connection's id and a model's; of the connection itself, the model is empty."""

SPREAD = 0.5
"""Seconds over which those leave who have waited for the end of a pause."""

MOST = 4096
"""Troubles that are kept in memory: hosts may send any name of a model."""


class Health:
    """The troubles of models and connections; where there are none, nothing is done but a look at `troubles`.

    What others should know is written to the store beside the calls, by `later`, and read from there by `refresh`.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        later: Callable[[Callable[[], None]], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.troubles: dict[Key, Trouble] = {}
        self.probes: dict[str, Key] = {}
        """Ask → what it tries."""
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._later = later
        self._chance = chance
        self._retries = defaultdict[str, Retries](lambda: Retries(clock()))
        self._unwritten: dict[Key, Change] = {}
        self._touched: set[Key] = set()
        """What has changed since `refresh` began to read."""
        self._lock = threading.Lock()

    # before a call -----------------------------------------------------------------------------------------------

    async def admit(self, plan: Plan) -> None:
        """Nothing, once a call may go: after the end of a pause, or as the one that tries a cooled model.

        Raises `ProviderError`: `upstream_cooling`, or the code of a pause that is too long to be waited for.
        """
        at, waited = self._clock(), 0.0
        longest = LONGEST_WAIT if plan.ask.longest_wait is None else min(plan.ask.longest_wait, LONGEST_WAIT)
        left = min(plan.seconds, longest + SPREAD)
        while wait := self._enter(plan, at=at, left=left - waited):
            # What has been waited for is not looked at again, but a pause may have grown meanwhile.
            at, waited = at + wait, waited + wait
            await self._sleep(wait + SPREAD * self._chance())

    def _enter(self, plan: Plan, *, at: float, left: float) -> float:
        """Seconds to wait; 0 for a call that may go."""
        key = key_of(plan)
        with self._lock:
            found = gate(self.troubles.get(key), plan.connection.name, plan.model.id, at=at, left=left - SPREAD)
            if found.error:
                raise found.error
            if found.probe:
                self.probes[plan.ask.id] = key
                self._change(key, lambda old: old and probed(old, ask=plan.ask.id, at=at))
            return found.wait

    # what calls come to ------------------------------------------------------------------------------------------

    def called(self, plan: Plan) -> None:
        """Count a call against those that are made again."""
        self._retries[plan.connection.id].called()

    def spare(self, plan: Plan) -> bool:
        """Whether a call of this plan may be made again: not while the model is cooled, and not too often.

        Another hub says itself which calls to it may be.
        """
        if plan.connection.is_hub:
            return True
        trouble = self.troubles.get(key_of(plan))
        return (trouble is None or trouble.since is None) and self._retries[plan.connection.id].spare(self._clock())

    def retried(self, plan: Plan) -> None:
        """Count a call that is made again."""
        self._retries[plan.connection.id].retried()

    def answered(self, plan: Plan) -> None:
        """The provider has answered: model and connection are well."""
        key, at = key_of(plan), self._clock()
        self._ease(plan, key, lambda old: answered(old, at=at))
        self._ease(plan, (key[0], ""), lambda old: mended(old, model=key[1], at=at))

    def failed(self, plan: Plan, fault: Fault, *, given: float) -> None:
        """The provider has failed a call that had `given` seconds; another hub takes care of its own providers."""
        if plan.connection.is_hub:
            return
        key, ask, at = key_of(plan), plan.ask.id, self._clock()
        own = is_own(fault, given=given, timeout=plan.connection.timeout)
        self._meet(plan, key, lambda old: met(old, fault, ask=ask, own=own, at=at))
        self.probes.pop(ask, None)
        if fault.error.code in MARKS and not plan.guest:
            self._meet(plan, (key[0], ""), lambda old: marked(old, fault.error, model=key[1], at=at))

    def let_go(self, ask: str) -> None:
        """The ask has ended; where it tried a cooled model and showed nothing, another one may."""
        key = self.probes.pop(ask, None)
        if key:
            at = self._clock()
            with self._lock:
                self._change(key, lambda old: let_go(old, ask=ask, at=at))

    # of the admin ------------------------------------------------------------------------------------------------

    def attention(self, connection_id: str) -> Trouble | None:
        """Why a connection needs the admin's attention; None where it does not."""
        return self.troubles.get((connection_id, ""))

    def warm(self, connection_id: str) -> None:
        """Forget how the models of a connection have failed, because somebody is about to try it."""
        with self._lock:
            for key in [key for key in self.troubles if key[0] == connection_id and key[1]]:
                self._change(key, lambda _: None)

    @property
    def marked(self) -> int:
        """How many connections need attention."""
        return sum(not model for _, model in tuple(self.troubles))

    @property
    def cooled(self) -> int:
        """How many models are tried by one call at a time."""
        return sum(bool(model) and held.since is not None for (_, model), held in tuple(self.troubles.items()))

    # memory and store --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take over what the store has; what has changed here since, or is not yet written, stays."""
        with self._lock:
            self._touched = set(self._unwritten)
        stored = self._store.troubles()
        at = self._clock()
        for counted in tuple(self._retries.values()):
            counted.turn(at)
        with self._lock:
            old = self.troubles
            kept = {key: held for key, held in old.items() if self._stays(key, held, stored, at)}
            new = {key: held for key, held in stored.items() if key not in self._touched}
            for key in [key for key, held in new.items() if over(held, at)]:
                del new[key]
                self._write(key, lambda held: None if held is None or over(held, at) else held)
            self.troubles = {**kept, **{key: _with_probe(held, old.get(key)) for key, held in new.items()}}

    def _stays(self, key: Key, held: Trouble, stored: dict[Key, Trouble], at: float) -> bool:
        """Whether what is known here is newer than the store, or of no interest to it."""
        return key in self._touched or (not held.shared and key not in stored and not over(held, at))

    def _meet(self, plan: Plan, key: Key, change: Change) -> None:
        """Change a trouble, and say so where a model is now cooled or a connection marked."""
        with self._lock:
            was = self._change(key, change)
            now = self.troubles.get(key)
        if now and now.since not in (None, was and was.since):
            what = "is left alone for a while" if key[1] else "needs attention"
            log.warning("%s %s: %s", _name(plan, key), what, now.sentence)

    def _ease(self, plan: Plan, key: Key, change: Change) -> None:
        """Change a trouble, and say so where it is over."""
        with self._lock:
            was = self._change(key, change)
            now = self.troubles.get(key)
        if was and was.since is not None and (now is None or now.since is None):
            log.info("%s answers again.", _name(plan, key))

    def _change(self, key: Key, change: Change) -> Trouble | None:
        """What there was before the change; it is written where others should know."""
        old = self.troubles.get(key)
        new = change(old)
        if new == old or (old is None and len(self.troubles) >= MOST):
            return old
        self._touched.add(key)
        if new is None:
            del self.troubles[key]
        else:
            self.troubles[key] = new
        if _told(old) != _told(new):
            self._write(key, change if new is None else lambda held: joined(held, new))
        return old

    def _write(self, key: Key, change: Change) -> None:
        """Write it later; where it is not yet written, the newer change takes the place of the older one."""
        waits = key in self._unwritten
        self._unwritten[key] = change
        if not waits:
            self._later(lambda: self._written(key))

    def _written(self, key: Key) -> None:
        with self._lock:
            change = self._unwritten[key]
        try:
            self._store.trouble(*key, change)
        except HubError as error:
            # This process knows it all the same, and others will meet it themselves.
            log.warning("How '%s' fails could not be shared: %s", key[1] or key[0], error)
        finally:
            with self._lock:
                newer = self._unwritten.pop(key)
                if newer is not change:
                    self._write(key, newer)


def _told(trouble: Trouble | None) -> Trouble | None:
    """What others should know; None is nothing."""
    return trouble.core if trouble and trouble.shared else None


def key_of(plan: Plan) -> Key:
    """What a plan calls."""
    return plan.connection.id, plan.model.id


def _with_probe(held: Trouble, own: Trouble | None) -> Trouble:
    """The stored trouble with the ask of this process that tries it."""
    return msgspec.structs.replace(held, probe=own.probe) if own and own.probe else held


def _name(plan: Plan, key: Key) -> str:
    return f"'{key[1]}' of '{plan.connection.name}'" if key[1] else f"The connection '{plan.connection.name}'"
