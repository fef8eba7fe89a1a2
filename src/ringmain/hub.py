"""The shell that does the waiting: it walks an ask through the exchange's stages, with store and network in between."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from ringmain.answer import Answer
from ringmain.attempts import Attempts, Pace
from ringmain.errors import HubError, ProviderError, RingmainError, our_fault
from ringmain.exchange import admit, begun, choose, failed, guard, opened, recall, reserve, resolve
from ringmain.exchange.account import Account
from ringmain.exchange.ask import OF_SOUND, Ask, Message, Wire
from ringmain.exchange.connection import Connection
from ringmain.exchange.line import Entry
from ringmain.exchange.misfit import no_model, no_voice
from ringmain.exchange.model import Model
from ringmain.exchange.plan import Plan
from ringmain.exchange.reckon import is_long
from ringmain.exchange.reply import Reply
from ringmain.exchange.resolve import Chosen
from ringmain.listing import list_models
from ringmain.question import hearing, question
from ringmain.registry import DEMO, LOCAL, wrong_key
from ringmain.ring import Ring
from ringmain.secret.keys import with_key
from ringmain.settings import Settings, read_settings
from ringmain.shown import shown
from ringmain.store.hostkeys import digest, looks_like_host_key
from ringmain.stream import AsyncStream

if TYPE_CHECKING:
    from ringmain.rows.frames import Frame
    from ringmain.rows.table import Table
    from ringmain.sounds import Sounding

F = TypeVar("F", bound="Frame")


class AsyncHub:
    """A connection to providers with guard and book, for asyncio.

    Without arguments it works on the environment's connection and the user's own data folder;
    with `RINGMAIN_URL` set it is a client of that hub. A key that the environment has not may be in `ringmain.secret`.
    `demo=True` asks the built-in demo provider instead.

        async with AsyncHub() as hub:
            reply = await hub.ask("How do I create a product?")
    """

    def __init__(
        self,
        *,
        data: Path | str | None = None,
        demo: bool = False,
        settings: Settings | None = None,
        ring: Ring | None = None,
    ) -> None:
        self._settings = settings or (None if ring else with_key(read_settings(data=Path(data) if data else None)))
        if ring is not None:
            self.ring = ring
        self._demo = demo
        self._started = False
        self._starting = asyncio.Lock()
        self._reading: asyncio.Future[None] | None = None

    @cached_property
    def ring(self) -> Ring:
        """What this hub works with; opened at the first use."""
        return Ring(self._settings)

    async def start(self) -> Self:
        """Open the store and let the book carry; asking does this by itself."""
        if self._started:
            return self
        async with self._starting:
            if not self._started:
                await asyncio.to_thread(lambda: self.ring.start())
                self._started = True
        return self

    async def close(self) -> None:
        """Carry what is left into the store and close all connections."""
        ring = await self.hang_up()
        if ring is not None:
            await asyncio.to_thread(ring.close)

    async def hang_up(self) -> Ring | None:
        """Close all connections; the ring that is then still to be closed, which waits for the disk."""
        ring: Ring | None = vars(self).pop("ring", None)
        self._started = False
        if self._reading is not None and _runs_here(self._reading):
            await asyncio.wait([self._reading])
        if ring is not None:
            await ring.transport.close()
        return ring

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # for people ----------------------------------------------------------------------------------------------------

    @overload
    async def ask(
        self, prompt: str | None = None, *, stream: Literal[False] = False, account: Account = LOCAL, **words: Any
    ) -> Reply: ...
    @overload
    async def ask(
        self, prompt: str | None = None, *, stream: Literal[True], account: Account = LOCAL, **words: Any
    ) -> AsyncStream: ...
    async def ask(
        self, prompt: str | None = None, *, stream: bool = False, account: Account = LOCAL, **words: Any
    ) -> Reply | AsyncStream:
        """The reply to a prompt or to `messages=[…]`; with `stream=True` its text piece by piece.

        Takes `system`, `model`, `mode`, `connection`, `conversation` and every parameter of OpenAI's by its name;
        `max_cost` in USD refuses an ask that may cost more.
        Raises `RingmainError` with a sentence and its fix.
        """
        await self.start()
        asked = question(prompt, stream=stream, **words)
        answer = await self.answer(asked, account)
        return AsyncStream(answer) if stream else shown(await answer.whole())

    async def transcribe(
        self,
        audio: "Sounding",
        *,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        account: Account = LOCAL,
        **words: Any,
    ) -> Reply:
        """What is said in a sound: a path, bytes or an open file of at most 25 MiB.

        `language` (ISO 639-1) and `prompt` (words to expect) help the model; without `model` the preset suggests one.
        Takes `connection`, `timeout`, `max_cost` and every parameter of OpenAI's by its name.
        Raises `RingmainError` with a sentence and its fix.
        """
        from ringmain.sounds import sound_of

        await self.start()
        sound = await asyncio.to_thread(sound_of, audio)
        asked = hearing(sound, model=model, language=language, prompt=prompt, **words)
        answer = await self.answer(asked, account)
        return shown(await answer.whole())

    @overload
    async def chat_map(
        self, rows: Iterable[Mapping[str, Any] | str], prompt: str | None = None, **options: Any
    ) -> "Table": ...
    @overload
    async def chat_map(self, rows: "F", prompt: str | None = None, **options: Any) -> "F": ...
    async def chat_map(self, rows: Any, prompt: str | None = None, **options: Any) -> Any:
        """What comes of asking every row; a data frame comes back with the answers beside its columns.

        Takes `requests`, `rpm`, `tpm`, `concurrency`, `max_cost`, `keep`, `on_progress` and what `ask` takes for one.
        Raises `RingmainError` only for what no row could be asked with: what fails in a row stands in its result.
        """
        from ringmain.rows import chat_map

        return await chat_map(self, rows, prompt, **options)

    async def models(self, connection: str | None = None) -> list[Model]:
        """The provider's live models, joined with price, context window, modes and retirement."""
        await self.start()
        await self._fresh()
        return await list_models(self._connection(connection), self.ring.catalogue, self.ring.transport)

    # for hosts -----------------------------------------------------------------------------------------------------

    async def account(self, key: str) -> Account:
        """The account of a host's key.

        Raises `Refusal("invalid_api_key")`.
        """
        if known := self.known(key):
            return known
        await self._fresh()
        found = await asyncio.to_thread(self.ring.registry.account_of, digest(key), self.ring.now())
        if found is None:
            raise wrong_key(looks_like_host_key(key))
        return found

    def known(self, key: str) -> Account | None:
        """The account of a host's key, where it need not be looked for."""
        return self.ring.registry.known(digest(key))

    async def answer(self, ask: Ask, account: Account, *, pace: Pace | None = None) -> Answer:
        """The answer to an ask, once its first piece is in; `pace` says when it may be made again where it is one of
        many, and the provider asks to slow down.

        Raises `RingmainError`; either way the ask has its line in the book in the end.
        """
        ring, started = self.ring, time.monotonic()
        line = begun(ask, account, at=ring.now())
        try:
            admit(account)
            plan = await self.plan(ask, account)
            if ring.health.troubles:
                await ring.health.admit(plan)
            hold = reserve(plan)
            if ask.max_cost is not None:
                _afford(plan, ask.max_cost)
            need = hold.picodollars or 0
            allowance = ring.book.at_hand(account, need) or await ring.book.allowance(account, need)
            line = opened(line, plan, guard(plan, hold, allowance, at=ring.now()))
            ring.book.open(line)
        except BaseException as error:
            ring.health.let_go(ask.id)
            told = error if isinstance(error, RingmainError) else _unexpected(error)
            ring.book.settle(Entry(line=failed(line, told, attempts=0, milliseconds=since(started))))
            if isinstance(error, RingmainError) or not isinstance(error, Exception):
                raise
            raise told from error
        answer = Answer(ring, line, Attempts(ring, plan, line, started + plan.seconds, pace), started)
        await answer.begin()
        return answer

    def refused(self, account: Account, error: RingmainError, *, ask_id: str, wire: Wire | None = None) -> None:
        """Write the line of a request that could not even be read as an ask."""
        ask = Ask(id=ask_id, wire=wire or "chat")
        line = begun(ask, account, at=self.ring.now())
        self.ring.book.settle(Entry(line=failed(line, error, attempts=0, milliseconds=0)))

    async def connection(self, account: Account) -> Connection:
        """The connection that an account's asks go to."""
        await self._fresh()
        return self._connection(account.connection)

    async def plan(self, ask: Ask, account: Account) -> Plan:
        """The call that an ask would become, without sending, holding or writing anything.

        Raises `RingmainError` as asking does.
        """
        if self.ring.registry.stale:
            await self._fresh()
        connection = self._connection(ask.connection or account.connection)
        turns = await self._turns(ask.conversation, account, ask.wire) if ask.conversation else ()
        chosen = choose(ask, account, connection) or await self._found(ask, account, connection)
        plan = self._resolved(ask, account, connection, chosen, turns)
        if is_long(plan) and plan.model.context_window is None and not connection.is_hub:
            # Only the provider itself may know whether this fits, and it is told before it is sent.
            with suppress(ProviderError):
                await self.ring.listing.see(connection)
            plan = self._resolved(ask, account, connection, chosen, turns)
        return plan

    # what a plan needs -----------------------------------------------------------------------------------------------

    def _resolved(
        self, ask: Ask, account: Account, connection: Connection, chosen: Chosen, turns: tuple[Message, ...]
    ) -> Plan:
        """The plan, with the model as it is known by now; of one that another hub chooses, nothing is."""
        catalogue = self.ring.catalogue
        model = catalogue.model(connection, chosen.id) if chosen.id else Model(id="")
        return resolve(ask, account, connection, model, turns=turns, fitting=catalogue.fitting, notices=chosen.notices)

    async def _turns(self, conversation: str, account: Account, wire: Wire) -> tuple[Message, ...]:
        """The earlier turns of a conversation that travel along."""
        if not account.memory.turns or self.ring.settings.url or wire in OF_SOUND:
            return ()
        turns = await asyncio.to_thread(self.ring.store.turns, account.id, conversation, account.memory.turns)
        return recall(turns, account.memory)

    async def _found(self, ask: Ask, account: Account, connection: Connection) -> Chosen:
        """The model that is asked where neither ask nor account nor connection names one: that of the settings, else
        the preset's suggestion; a hub's account knows its own."""
        usual = None if ask.wire in OF_SOUND else self.ring.settings.model
        if connection.is_hub and not usual:
            return Chosen("")
        fallback = usual or await self.ring.listing.suggested(connection, ask.wire)
        chosen = choose(ask, account, connection, fallback=fallback)
        if chosen is not None:
            return chosen
        if ask.wire in OF_SOUND:
            raise no_voice(connection.name, ask.wire)
        raise no_model(connection.name, [m.id for m in self.ring.catalogue.models(connection)])

    async def _fresh(self) -> None:
        """See that the settings are fresh: one reads them for all, and while they are not old nobody waits for it."""
        registry = self.ring.registry
        if not registry.stale:
            return
        if self._reading is None or not _runs_here(self._reading):
            self._reading = asyncio.ensure_future(asyncio.to_thread(self.ring.refresh))
            # Where nobody waits for it, the next one will meet the same error.
            self._reading.add_done_callback(lambda read: read.cancelled() or read.exception())
        if registry.old:
            await asyncio.shield(self._reading)

    def _connection(self, name: str | None) -> Connection:
        return self.ring.registry.connection(name or (DEMO if self._demo else None))


def since(started: float) -> int:
    """Milliseconds since a moment of `time.monotonic`."""
    return round((time.monotonic() - started) * 1000)


def _runs_here(reading: "asyncio.Future[None]") -> bool:
    """Whether this event loop will see the end of it; one that ends leaves behind what it has begun."""
    return not reading.done() and reading.get_loop() is asyncio.get_running_loop()


def _afford(plan: Plan, most: str) -> None:
    """Raise what tells that a call may cost more than its ask allows; another hub is told that, and sees by itself."""
    if not plan.connection.is_hub:
        from ringmain.rows.purse import afford

        afford(plan, most)


def _unexpected(error: BaseException) -> RingmainError:
    if isinstance(error, asyncio.CancelledError):
        return HubError("host_hung_up", "The host stopped listening before the ask was sent.")
    return our_fault(billed=False)
