"""Many asks under way: each row is planned, looked up, held against the cap, let through the gate and answered."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal

import msgspec

from ringmain.errors import HubError, RingmainError
from ringmain.exchange import provider
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, beside_text
from ringmain.exchange.modes.fields import cap_of, choices_of
from ringmain.exchange.plan import Plan
from ringmain.exchange.reply import dollars
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.rows.gate import Gate, Turn
from ringmain.rows.incoming import Asking, Given, is_invalid
from ringmain.rows.kept import Kept, Keys
from ringmain.rows.pacer import Pacer
from ringmain.rows.purse import Purse
from ringmain.rows.table import Row, Table, answered, without

HOPELESS = frozenset(
    {"invalid_api_key", "account_off", "insufficient_quota", "upstream_auth", "upstream_quota", "upstream_cooling"}
)
"""What every further row would meet too."""

WRITTEN = 256.0
"""Tokens that an answer without a cap is reckoned with, until one is there."""

BYTES = 4
"""Of a body in a token, as OpenAI reckons limits before it has read the words."""

BREATH = 64
"""Rows after which others may have the event loop, where nothing was to be waited for."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What was given of how fast may be asked."""

    rpm: float | None = None
    tpm: float | None = None
    concurrency: int | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run has come."""

    total: int
    done: int
    """Rows of which is known what came of them."""
    ok: int
    failed: int
    kept: int
    """Of the answered ones, those that an earlier run had asked."""
    under_way: int
    cost: Decimal
    """USD, as far as prices are known; answers that were kept are included."""


Watch = Callable[[Progress], object]

Mark = Callable[[Ask, int], Ask]
"""Adds what a host says of an ask beside its words; it is told the row's index."""


class _Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is ready to be asked."""

    index: int
    ask: Ask
    key: str
    price: int


class Run:
    """One run over the rows; `table` has what is known, also where the run was broken off."""

    def __init__(
        self,
        hub: AsyncHub,
        asking: Asking,
        rows: Sequence[Given],
        *,
        account: Account,
        limits: Limits,
        purse: Purse,
        kept: Kept,
        watch: Watch | None = None,
        mark: Mark | None = None,
    ) -> None:
        self._hub = hub
        self._asking = asking
        self._rows = rows
        self._account = account
        self._limits = limits
        self._purse = purse
        self._kept = kept
        self._watch = watch
        self._mark = mark
        self._keys = Keys()
        self._known: dict[int, str] = {}
        """The keys of rows that were looked up."""
        self._gates: dict[tuple[str, str], Gate] = {}
        self._ended: list[Row | None] = [None] * len(rows)
        self._count = {"done": 0, "ok": 0, "failed": 0, "kept": 0}
        self._under_way = 0
        self._one_ended = asyncio.Event()
        self._stop: RingmainError | None = None
        self._planned = False
        self._written = (WRITTEN, 0)
        """The mean of what answers have, and of how many."""

    @property
    def table(self) -> Table:
        """The result of every row; those that nobody has asked are skipped."""
        return Table([self._result(index) for index in range(len(self._rows))])

    def _result(self, index: int) -> Row:
        row = self._ended[index] or without(index, "skipped", self._stop or _broken_off())
        return msgspec.structs.replace(row, columns=self._asking.columns(self._rows[index]))

    async def go(self) -> None:
        """Ask all rows.

        Raises `RingmainError` for what is wrong before the first row could be asked, or with the kept answers.
        """
        await self._hub.start()
        try:
            await self._recall()
            async with asyncio.TaskGroup() as group:
                for index, row in enumerate(self._rows):
                    if self._stop is not None:
                        break
                    if self._ended[index] is None:
                        await self._begin(index, row, group)
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _recall(self) -> None:
        """Find what earlier runs have answered, before anything is asked: so no end of this run loses sight of it."""
        for index, row in enumerate(self._rows if self._kept else ()):
            with suppress(RingmainError):
                held = self._kept.get(await self._key(index, row), index)
                if held is not None:
                    self._end(held)
            if index % BREATH == 0:
                await asyncio.sleep(0)

    async def _key(self, index: int, row: Given) -> str:
        plan = await self._hub.plan(self._asking.ask(row), self._account)
        self._tokens(plan)
        key = self._known[index] = self._keys.of(plan)
        return key

    # one row -------------------------------------------------------------------------------------------------------

    async def _begin(self, index: int, row: Given, group: asyncio.TaskGroup) -> None:
        """Plan a row and send it on its way, once it may leave."""
        try:
            ask = self._marked(index, row)
            plan = await self._hub.plan(ask, self._account)
            tokens = self._tokens(plan)
            key = self._known.get(index) or self._keys.of(plan)
            errand = _Errand(index=index, ask=ask, key=key, price=self._purse.price(plan))
        except RingmainError as error:
            self._refuse(index, error)
            return
        self._planned = True
        await self._make_room(errand.price)
        if self._stop is None:
            await self._leave(errand, plan, tokens, group)

    def _marked(self, index: int, row: Given) -> Ask:
        ask = self._asking.ask(row)
        return ask if self._mark is None else self._mark(ask, index)

    def _refuse(self, index: int, error: RingmainError) -> None:
        """A row that cannot be asked; where none could be so far and it is not the row's fault, none ever will."""
        if not self._planned and (error.fault != "asker" or error.param == "max_cost"):
            raise error
        self._end(without(index, "invalid" if is_invalid(error) else "error", error))

    async def _make_room(self, price: int) -> None:
        """Wait until the cap has room, as what is under way may cost less than it could; else nothing more is asked."""
        while not self._purse.fits(price) and self._under_way:
            self._one_ended.clear()
            await self._one_ended.wait()
        if not self._purse.fits(price) and self._stop is None:
            self._stop = self._purse.empty()

    async def _leave(self, errand: _Errand, plan: Plan, tokens: float, group: asyncio.TaskGroup) -> None:
        turn = await self._gate(plan).enter(tokens)
        if self._stop is not None:
            turn.leave()
            return
        self._purse.hold(errand.price)
        self._under_way += 1
        group.create_task(self._run(errand, turn))

    async def _run(self, errand: _Errand, turn: Turn) -> None:
        try:
            row, cost = await self._asked(errand, turn)
        finally:
            turn.leave()
        self._under_way -= 1
        self._purse.settle(errand.price, cost)
        if row.status == "ok":
            self._kept.put(errand.key, row)
            self._learn(row.usage.output_tokens)
        elif row.code in HOPELESS and self._stop is None:
            self._stop = _hopeless(row)
        self._end(row)
        self._one_ended.set()

    async def _asked(self, errand: _Errand, turn: Turn) -> tuple[Row, int]:
        """What came of a row, and what it has cost."""
        ask = errand.ask
        while True:
            try:
                answer = await self._hub.answer(ask, self._account, pace=turn)
                reply = await answer.whole()
            except RingmainError as error:
                if await turn.later(error):
                    ask = msgspec.structs.replace(ask, id=new_id())
                    continue
                return without(errand.index, "error", error, id=ask.id), errand.price if error.billed else 0
            # An earlier try of which nobody saw the end may have been charged as well.
            cost = errand.price if reply.picodollars is None or answer.lost else reply.picodollars
            return answered(errand.index, reply), cost

    def _end(self, row: Row) -> None:
        """What came of a row is known."""
        self._ended[row.index] = row
        self._count["done"] += 1
        self._count["ok"] += row.status == "ok"
        self._count["failed"] += row.status in ("error", "invalid")
        self._count["kept"] += row.kept
        if self._watch is not None:
            self._watch(self.progress)

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        cost = dollars(self._purse.spent) or Decimal(0)
        return Progress(total=len(self._rows), under_way=self._under_way, cost=cost, **self._count)

    # how fast ------------------------------------------------------------------------------------------------------

    def _gate(self, plan: Plan) -> Gate:
        """The gate of a model: providers count each by itself."""
        name = plan.connection.id, plan.model.id
        if name not in self._gates:
            limits = msgspec.structs.asdict(self._limits)
            self._gates[name] = Gate(lambda at: Pacer(**limits, at=at))
        return self._gates[name]

    def _tokens(self, plan: Plan) -> float:
        """The tokens that an ask is reckoned with: what it reads, and what it may write."""
        bodies = [provider.body(plan, at) for at in range(len(plan.bodies))]
        more = any(beside_text(message) for message in plan.ask.messages)
        read = plan.input_tokens if more else sum(map(len, bodies)) / BYTES
        if all(cap_of(body) is not None for body in plan.bodies):
            return read + plan.output_tokens
        return read + self._written[0] * sum(choices_of(body) for body in plan.bodies)

    def _learn(self, output_tokens: int) -> None:
        mean, number = self._written
        self._written = (mean * number + output_tokens) / (number + 1), number + 1


def _hopeless(row: Row) -> RingmainError:
    """Why the rows after one that failed are not asked."""
    return HubError(row.code, f"An earlier row failed in a way that all would: {row.sentence}", fix=row.fix)


def _broken_off() -> RingmainError:
    return HubError("host_hung_up", "The run was broken off before this row was answered.", fix="Run it again.")
