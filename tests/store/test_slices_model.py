"""Slices against a model that a reader can check at a glance, through any sequence of calls."""

import itertools
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ringmain.store import open_store

from .entries import entry

PROCESSES = st.sampled_from(["p", "q", "r"])
ACCOUNTS = st.sampled_from(["a1", "a2", "a3"])
AMOUNTS = st.integers(0, 70)
LIMIT = 100


class Slices(RuleBasedStateMachine):
    """Three hubs and three accounts; no clock but the one that `wait` moves."""

    url = "memory:"

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(self.url.format(Path(self.folder.name) / "db"))
        self.now = 0
        self.numbers = itertools.count()
        self.used = dict.fromkeys(["a1", "a2", "a3"], 0)
        self.held: dict[tuple[str, str], int] = {}
        self.heard: dict[str, int] = {}
        self.carried: list[tuple[str, str, int]] = []

    def free(self, account: str) -> int:
        return LIMIT - self.used[account] - sum(n for (_, of), n in self.held.items() if of == account)

    def drop_dead(self) -> None:
        self.held = {key: n for key, n in self.held.items() if self.now < self.heard[key[0]] + 60_000}

    @rule(milliseconds=st.sampled_from([1, 20_000, 59_999, 60_000]))
    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule(process=PROCESSES, account=ACCOUNTS, least=AMOUNTS, more=AMOUNTS)
    def take(self, process: str, account: str, least: int, more: int) -> None:
        self.drop_dead()
        free, want = self.free(account), least + more
        expected = want if free >= want else free if free >= least and free > 0 else 0
        got = self.store.take(process, account, "money", "w", least=least, want=want, limit=LIMIT, now=self.now)
        assert got == expected
        self.heard[process] = self.now
        self.held[process, account] = self.held.get((process, account), 0) + got

    @rule(process=PROCESSES)
    def renew(self, process: str) -> None:
        self.drop_dead()
        self.store.renew(process, self.now)
        self.heard[process] = self.now

    @rule(process=PROCESSES)
    def release(self, process: str) -> None:
        self.store.release(process)
        self.held = {key: n for key, n in self.held.items() if key[0] != process}

    @rule(process=PROCESSES, account=ACCOUNTS, amount=AMOUNTS)
    def give_back(self, process: str, account: str, amount: int) -> None:
        self.store.give_back(process, account, "money", "w", amount)
        self.lower(process, account, amount)

    @rule(process=PROCESSES, account=ACCOUNTS, amount=AMOUNTS, unconfirmed=st.booleans())
    def carry(self, process: str, account: str, amount: int, unconfirmed: bool) -> None:
        id = str(next(self.numbers))
        cost = {"unconfirmed_picodollars" if unconfirmed else "picodollars": amount}
        self.store.carry(process, [entry(id, account_id=account, window="w", **cost)])
        self.carried.append((id, account, amount))
        self.used[account] += amount
        self.lower(process, account, amount)

    @rule(process=PROCESSES, data=st.data())
    def carry_again(self, process: str, data: st.DataObject) -> None:
        if self.carried:
            id, account, amount = data.draw(st.sampled_from(self.carried))
            self.store.carry(process, [entry(id, account_id=account, window="w", picodollars=amount)])

    def lower(self, process: str, account: str, amount: int) -> None:
        if (process, account) in self.held:
            self.held[process, account] = max(0, self.held[process, account] - amount)

    @invariant()
    def nobody_else_could_take_more_or_less_than_is_free(self) -> None:
        if not hasattr(self, "store"):
            return
        self.drop_dead()
        for account in self.used:
            free = max(0, self.free(account))
            got = self.store.take("x", account, "money", "w", least=1, want=LIMIT, limit=LIMIT, now=self.now)
            self.store.give_back("x", account, "money", "w", got)
            assert got == free

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()


class SlicesInSqlite(Slices):
    """The same on disk."""

    url = "sqlite:///{}"


quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
TestSlicesInMemory = Slices.TestCase
TestSlicesInMemory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSlicesInSqlite = SlicesInSqlite.TestCase
TestSlicesInSqlite.settings = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=quiet
)
