"""Claims on late answers against a model that a reader can check at a glance, through any sequence of calls."""

import itertools
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from ringmain.exchange.ask import Ask
from ringmain.store import Late, open_store

PROCESSES = st.sampled_from(["p", "q", "r"])
CLAIM = 30


class Claims(RuleBasedStateMachine):
    """Three hubs, each of which may be away for as long as it likes and then go on as if nothing had been."""

    url = "memory:"
    ids = Bundle("ids")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(self.url.format(Path(self.folder.name) / "db"))
        self.now = 1
        self.numbers = itertools.count()
        self.held: dict[str, tuple[str, int, int]] = {}
        """Id → whose it is, until when, and the tries as its owner has written them."""

    def late(self, id: str, tries: int = 0) -> Late:
        ask = Ask(id=id, messages=({"role": "user", "content": "Why?"},))
        return Late(ask=ask, account_id="a1", tool="glific", at=int(id), tries=tries)

    def owns(self, process: str, id: str) -> bool:
        return id in self.held and self.held[id][0] == process

    @rule(milliseconds=st.sampled_from([1, CLAIM - 1, CLAIM]))
    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule(target=ids, process=PROCESSES)
    def add(self, process: str) -> str:
        id = str(next(self.numbers))
        self.store.add_late(self.late(id), process, self.now + CLAIM)
        self.held[id] = (process, self.now + CLAIM, 0)
        return id

    @rule(process=PROCESSES)
    def claim(self, process: str) -> None:
        free = [(int(id), tries) for id, (_, until, tries) in self.held.items() if until <= self.now]
        claimed = self.store.claim_late(process, self.now, self.now + CLAIM)
        assert [(int(late.ask.id), late.tries) for late in claimed] == sorted(free)
        for id, tries in free:
            self.held[str(id)] = (process, self.now + CLAIM, tries)

    @rule(process=PROCESSES, id=ids, tries=st.integers(1, 9))
    def put(self, process: str, id: str, tries: int) -> None:
        mine = self.owns(process, id)
        assert self.store.put_late(self.late(id, tries), process, self.now + CLAIM) is mine
        if mine:
            self.held[id] = (process, self.now + CLAIM, tries)

    @rule(process=PROCESSES, some=st.lists(ids, max_size=3))
    def renew(self, process: str, some: list[str]) -> None:
        self.store.renew_late(process, some, self.now + CLAIM)
        for id in filter(lambda id: self.owns(process, id), some):
            self.held[id] = (process, self.now + CLAIM, self.held[id][2])

    @rule(process=PROCESSES, id=ids)
    def drop(self, process: str, id: str) -> None:
        self.store.drop_late(process, id)
        if self.owns(process, id):
            del self.held[id]

    @rule(process=PROCESSES)
    def free(self, process: str) -> None:
        self.store.free_late(process)
        for id in [id for id in self.held if self.owns(process, id)]:
            self.held[id] = ("", 0, self.held[id][2])

    @invariant()
    def none_is_lost(self) -> None:
        if hasattr(self, "store"):
            assert self.store.late() == len(self.held)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()


class ClaimsInSqlite(Claims):
    """The same on disk."""

    url = "sqlite:///{}"


quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
TestClaimsInMemory = Claims.TestCase
TestClaimsInMemory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestClaimsInSqlite = ClaimsInSqlite.TestCase
TestClaimsInSqlite.settings = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=quiet
)
