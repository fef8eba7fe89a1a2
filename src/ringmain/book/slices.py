"""What this process has taken of budgets and rates ahead of time, so that most asks need not go to the store."""

import asyncio
import threading
from collections.abc import Callable, Iterator

from ringmain.errors import HubError
from ringmain.exchange.account import Account
from ringmain.exchange.allowance import Allowance, minute, period
from ringmain.exchange.line import Line
from ringmain.store import Store

LIFE = 55.0
"""Seconds without a word to the store after which slices count as lost: just under what the store lets them live."""

IDLE = 20.0
"""Seconds after which unused money goes back, for other processes to spend."""

REFUSED = 1.0
"""Seconds for which a refusal of the store is taken for granted."""

UNLIMITED = Allowance()


class Slice:
    """One account's part of one meter in one window; `rest` is below zero where asks cost more than they held."""

    __slots__ = ("account_id", "meter", "minute", "per", "refused", "refused_at", "rest", "taken", "used_at", "window")

    def __init__(self, account_id: str, meter: str, per: str, window: str) -> None:
        self.account_id = account_id
        self.meter = meter
        self.per = per
        self.window = window
        self.minute = -1.0
        """The one since 1970 in which it was last seen that the window goes on."""
        self.rest = 0
        self.taken = 0
        self.used_at = 0.0
        self.refused = 0
        self.refused_at = float("-inf")


class Want:
    """A slice that is short, and what to ask the store for."""

    __slots__ = ("least", "limit", "slice", "want")

    def __init__(self, slice: Slice, *, need: int, share: int, limit: int) -> None:
        self.slice = slice
        self.least = need - slice.rest
        self.want = max(self.least, share)
        self.limit = limit


class Slices:
    """The slices of one process. `lock` guards what the event loop and the carrying thread both touch."""

    def __init__(self, store: Store, process: str, clock: Callable[[], float], lock: threading.Lock) -> None:
        self._store = store
        self._process = process
        self._clock = clock
        self._lock = lock
        self._now: dict[tuple[str, str], Slice] = {}
        self._past: list[Slice] = []
        self._gates: dict[str, asyncio.Lock] = {}
        self._heard = float("-inf")

    def at_hand(self, account: Account, need: int) -> Allowance | None:
        """What the account may do now, where no slice is short of `need` or of one ask; else None."""
        if account.budget is None and account.rpm is None:
            return UNLIMITED
        now = self._clock()
        asks, money = self._of(account, now)
        short = (asks and asks.rest < 1) or (money and money.rest < need)
        if short and self._wants(account, need, now):
            return None
        return _allowance(asks, money)

    async def allowance(self, account: Account, need: int) -> Allowance:
        """The same, after slices that are short were refilled as far as the store grants it.

        Raises `HubError("store_unavailable")`.
        """
        async with self._gates.setdefault(account.id, asyncio.Lock()):
            while (left := self.at_hand(account, need)) is None:
                if not await asyncio.to_thread(self._refill, self._wants(account, need, self._clock())):
                    return _allowance(*self._of(account, self._clock()))
        return left

    def hold(self, line: Line) -> Slice | None:
        """Take a line's upper bound and one ask out; the slice that the money came from. With the lock held."""
        if asks := self._now.get((line.account_id, "asks")):
            asks.rest -= 1
        if line.window is None:
            return None
        money = self._now.get((line.account_id, "money"))
        if money is None or money.window != line.window:
            return None
        money.rest -= line.unconfirmed_picodollars
        return money

    def renew(self) -> None:
        """Keep the slices alive, and give back what lies idle or belongs to a window that is over.

        Raises `HubError`.
        """
        now = self._clock()
        with self._lock:
            back = [(slice, amount) for slice, amount in self._spare(now) if amount > 0]
        self._give_back(back)
        if self._now:
            self._store.renew(self._process, int(now * 1000))
            self._heard = now

    def release(self) -> None:
        """Give back what was not spent; the asks that were made count until their minute is over. Raises `HubError`."""
        with self._lock:
            held = [*self._now.values(), *self._past]
            asks = [(slice, slice.rest) for slice in self._now.values() if slice.meter == "asks" and slice.rest > 0]
            self._now, self._past = {}, []
        self._give_back(asks)
        if held:
            self._store.release(self._process)

    def _of(self, account: Account, now: float) -> tuple[Slice | None, Slice | None]:
        """The slices of an account's asks and of its money; None where it has no such limit."""
        if not self._now or now - self._heard >= LIFE:
            self._forget(now)
        return (
            None if account.rpm is None else self._current(account.id, "asks", "minute", now),
            None if account.budget is None else self._current(account.id, "money", account.per, now),
        )

    def _wants(self, account: Account, need: int, now: float) -> list[Want]:
        """What to ask the store for, where it has not just refused it."""
        wants = list[Want]()
        asks, money = self._of(account, now)
        if asks and account.rpm is not None and _short(asks, 1, now):
            wants.append(Want(asks, need=1, share=max(1, account.rpm // 10), limit=account.rpm))
        if money and account.budget is not None and _short(money, need, now):
            wants.append(Want(money, need=need, share=account.budget // 20, limit=account.budget))
        return wants

    def _current(self, account_id: str, meter: str, per: str, now: float) -> Slice:
        slice = self._now.get((account_id, meter))
        if slice is None or slice.minute != now // 60 or slice.per != per:
            slice = self._of_window(slice, account_id, meter, per, now)
        slice.used_at = now
        return slice

    def _of_window(self, old: Slice | None, account_id: str, meter: str, per: str, now: float) -> Slice:
        """The old slice where its window goes on, else a new one."""
        window = _window(per, now)
        slice = old
        if slice is None or slice.window != window:
            with self._lock:
                if old is not None:
                    self._past.append(old)
                slice = self._now[account_id, meter] = Slice(account_id, meter, per, window)
        slice.minute = now // 60
        return slice

    def _refill(self, wants: list[Want]) -> bool:
        now = self._clock()
        granted = False
        for want in wants:
            slice = want.slice
            amount = self._store.take(
                self._process,
                slice.account_id,
                slice.meter,
                slice.window,
                least=want.least,
                want=want.want,
                limit=want.limit,
                now=int(now * 1000),
            )
            with self._lock:
                slice.rest += amount
                slice.taken += amount
                self._heard = now
                if not amount:
                    slice.refused, slice.refused_at = want.least, now
            granted = granted or amount > 0
        return granted

    def _forget(self, now: float) -> None:
        # The store has let these slices go. Holds keep pointing at the old objects, so nothing is counted back here.
        with self._lock:
            self._now, self._past = {}, []
        self._heard = now

    def _spare(self, now: float) -> Iterator[tuple[Slice, int]]:
        for key, slice in list(self._now.items()):
            if slice.window != _window(slice.per, now):
                self._past.append(self._now.pop(key))
            elif slice.meter == "money" and slice.rest > 0 and now - slice.used_at > IDLE:
                yield slice, slice.rest
                slice.rest = 0
        for slice in self._past:
            # A minute that is over has no further use of its asks, spent or not.
            yield slice, slice.taken if slice.meter == "asks" else slice.rest
        self._past = []

    def _give_back(self, back: list[tuple[Slice, int]]) -> None:
        while back:
            slice, amount = back[-1]
            try:
                self._store.give_back(self._process, slice.account_id, slice.meter, slice.window, amount)
            except HubError:
                with self._lock:
                    for slice, amount in back:
                        slice.rest += amount
                raise
            back.pop()


def _window(per: str, now: float) -> str:
    return minute(now) if per == "minute" else period("day" if per == "day" else "month", now)


def _allowance(asks: Slice | None, money: Slice | None) -> Allowance:
    return Allowance(
        asks=None if asks is None else max(0, asks.rest),
        money=None if money is None else max(0, money.rest),
        window=None if money is None else money.window,
    )


def _short(slice: Slice, need: int, now: float) -> bool:
    if slice.rest >= need:
        return False
    just_refused = 0 <= now - slice.refused_at < REFUSED and need - slice.rest >= slice.refused
    return not just_refused
