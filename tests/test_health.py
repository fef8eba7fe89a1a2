"""What calls show of a provider, and what the next calls make of it; also from one hub to another."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringmain.errors import HubError, ProviderError, RingmainError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.exchange.retries import FEWEST
from ringmain.exchange.trouble import LONGEST_WAIT, STEP, TRIPS
from ringmain.health import SPREAD
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store import Store, StoredConnection, open_store
from ringmain.testing import Clock, MemoryStore
from ringmain.transport import Request, Response, read_whole
from tests.test_hub import ANSWER, JSON, error

Told = tuple[int, dict[str, str], bytes]
OK: Told = (200, JSON, ANSWER)
BOOM: Told = error(500, message="Boom")
QUOTA: Told = error(429, code="insufficient_quota", message="Spent")
HIDDEN = "sk-canary-1234567890"


def slow(seconds: float, status: int = 429) -> Told:
    return status, {**JSON, "retry-after": str(seconds)}, b'{"error": {"message": "Slow down"}}'


class Provider:
    """A transport that answers every call for a model alike, until it is told otherwise; it may be held up."""

    def __init__(self) -> None:
        self.answers: dict[str, Told | ProviderError] = {}
        self.asked: Counter[str] = Counter()
        self.free = asyncio.Event()
        self.free.set()
        self.come = asyncio.Event()

    async def send(self, request: Request, *, timeout: float) -> Response:
        model = msgspec.json.decode(request.body)["model"]
        self.asked[model] += 1
        self.come.set()
        await self.free.wait()
        answer = self.answers.get(model, OK)
        if isinstance(answer, ProviderError):
            raise answer
        return Played(*answer)

    async def close(self) -> None:
        pass


class Played:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    async def chunks(self):
        yield self.body

    async def whole(self, *, largest: int) -> bytes:
        return await read_whole(self, largest=largest)

    async def close(self) -> None:
        pass


class Desk:
    """A hub with one connection, `paid`, whose waits are a clock's."""

    def __init__(self, store: Store, clock: Clock, provider: Provider) -> None:
        self.clock, self.provider = clock, provider
        self.waits: list[float] = []
        store.save_connection(StoredConnection(id="c", name="paid", base_url="https://paid.example/v1", default=True))
        ring = Ring(
            read_settings({}, data=Path("unused")), store=store, transport=provider, clock=clock, sleep=self._sleep
        )
        self.hub = AsyncHub(ring=ring)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds)

    async def ask(self, model: str = "m", *, deadline: float | None = None, account: str = "shop") -> str:
        """`ok`, or the code of the error that is told."""
        try:
            await self.answer(model, deadline=deadline, account=account)
        except RingmainError as failure:
            return failure.code
        return "ok"

    async def answer(
        self, model: str = "m", *, deadline: float | None = None, account: str = "shop", organization: str | None = None
    ) -> None:
        ask = Ask(
            id=new_id(),
            wire="chat",
            messages=({"role": "user", "content": "Hi"},),
            model=model,
            deadline=deadline,
            organization=organization,
        )
        answer = await self.hub.answer(ask, Account(id=account, name=account, tool="openai"))
        await answer.whole()

    async def begun(self, **words: Any) -> "asyncio.Task[str]":
        """An ask that has come to the provider, which keeps it waiting."""
        self.provider.free.clear()
        self.provider.come.clear()
        asking = asyncio.create_task(self.ask(**words))
        await self.provider.come.wait()
        return asking

    async def refusal(self, model: str = "m", *, deadline: float | None = None) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.answer(model, deadline=deadline)
        return caught.value

    async def cool(self, model: str = "m") -> None:
        """Let the model fail until it is left alone."""
        self.provider.answers[model] = BOOM
        while await self.ask(model) != "upstream_cooling":
            pass

    async def written(self) -> None:
        """Once all that others should know lies in the store."""
        while self.hub.ring.health._unwritten:
            await asyncio.to_thread(self.hub.ring._writer.submit(lambda: None).result)


@pytest.fixture
async def desk():
    desk = Desk(MemoryStore(), Clock(), Provider())
    async with desk.hub:
        yield desk


# cooling -------------------------------------------------------------------------------------------------------------


async def test_one_deployment_is_cooled_after_five_calls_and_not_after_twenty_five(desk: Desk) -> None:
    desk.provider.answers["m"] = BOOM
    codes = [await desk.ask() for _ in range(25)]
    assert desk.provider.asked["m"] == TRIPS
    assert codes == ["upstream_error"] * 3 + ["upstream_cooling"] * 22


async def test_what_is_refused_is_told_with_the_last_fault_and_holds_nothing(desk: Desk) -> None:
    await desk.cool()
    told = await desk.refusal()
    assert (told.status, told.tried, told.billed) == (503, 0, False)
    assert "'m' of 'paid'" in told.sentence
    assert "It said: Boom." in told.sentence
    assert 0 < (told.retry_after or 0) <= STEP
    await desk.hub.ring.book.flush()
    (line,) = desk.hub.ring.store.lines(1)
    assert (line.status, line.code, line.unconfirmed_tokens) == ("refused", "upstream_cooling", 0)
    assert desk.hub.ring.book.open_holds == 0


async def test_where_all_are_cooled_one_still_goes_and_its_answer_ends_it(desk: Desk) -> None:
    await desk.cool()
    desk.clock.advance(STEP)
    desk.provider.answers.clear()
    assert [await desk.ask() for _ in range(3)] == ["ok"] * 3
    assert desk.hub.ring.health.troubles == {}


async def test_the_one_that_goes_is_asked_once_and_the_next_one_later(desk: Desk) -> None:
    await desk.cool()
    asked, at = desk.provider.asked["m"], desk.clock.now
    while desk.clock.now < at + 300:
        desk.clock.advance(1)
        await desk.ask()
    # 5, 10, 15, … seconds apart: ten tries in five minutes, each of one call.
    assert desk.provider.asked["m"] - asked == 10


async def test_only_one_goes_at_a_time_and_another_once_it_takes_too_long(desk: Desk) -> None:
    await desk.cool()
    desk.clock.advance(STEP)
    desk.provider.answers.clear()
    trying = await desk.begun()
    assert [await desk.ask(account=host) for host in ("shop", "odoo")] == ["upstream_cooling"] * 2
    desk.clock.advance(100)
    second = await desk.begun()
    assert await desk.ask() == "upstream_cooling"
    desk.provider.free.set()
    assert [await trying, await second, await desk.ask()] == ["ok"] * 3


async def test_a_host_that_hangs_up_while_its_call_tries_leaves_its_place(desk: Desk) -> None:
    await desk.cool()
    desk.clock.advance(STEP)
    trying = await desk.begun()
    trying.cancel()
    with suppress(asyncio.CancelledError):
        await trying
    desk.provider.free.set()
    desk.provider.answers.clear()
    assert await desk.ask() == "ok"


async def test_an_ask_that_is_refused_for_another_reason_leaves_its_place(desk: Desk) -> None:
    await desk.cool()
    desk.clock.advance(STEP)
    many = Ask(id=new_id(), wire="chat", messages=({"role": "user", "content": "Hi"},), model="m", fields={"n": 99})
    with pytest.raises(RingmainError, match="99 choices"):
        await desk.hub.answer(many, Account(id="a", name="a", tool="openai"))
    desk.provider.answers.clear()
    assert await desk.ask() == "ok"


async def test_other_models_of_the_connection_go_on(desk: Desk) -> None:
    await desk.cool()
    assert await desk.ask("other") == "ok"
    assert await desk.ask() == "upstream_cooling"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (error(400, message="No."), "upstream_refused"),
        (error(401, message="No."), "upstream_auth"),
        (error(403, message="No."), "upstream_forbidden"),
        (error(404, message="No such model."), "model_not_found"),
        (QUOTA, "upstream_quota"),
        (error(429, message="Too often."), "upstream_rate_limited"),
    ],
)
async def test_what_is_not_the_providers_failure_never_cools(desk: Desk, answer: Told, code: str) -> None:
    desk.provider.answers["m"] = answer
    assert {await desk.ask() for _ in range(25)} == {code}
    assert desk.provider.asked["m"] >= 25


async def test_a_connection_that_is_saved_begins_anew(desk: Desk) -> None:
    await desk.cool()
    await desk.written()
    desk.hub.ring.store.save_connection(
        StoredConnection(id="c", name="paid", base_url="https://moved.example/v1", default=True)
    )
    desk.provider.answers.clear()
    desk.clock.advance(1)
    assert await desk.ask() == "ok"


async def test_silence_cools_a_model_but_the_hurry_of_a_host_does_not(desk: Desk) -> None:
    desk.provider.answers["m"] = ProviderError("deadline_exceeded", "It did not finish in time.", billed=True)
    assert [await desk.ask(deadline=4.0) for _ in range(25)] == ["deadline_exceeded"] * 25
    assert [await desk.ask() for _ in range(6)] == ["deadline_exceeded"] * TRIPS + ["upstream_cooling"]


# pauses ------------------------------------------------------------------------------------------------------------


async def test_a_time_to_wait_holds_for_all_hosts(desk: Desk) -> None:
    desk.provider.answers["m"] = slow(7)
    desk.hub.ring.health._chance = lambda: 0.5
    assert await desk.ask(deadline=5) == "upstream_rate_limited"
    desk.provider.answers.clear()
    assert await desk.ask(account="odoo") == "ok"
    assert desk.waits == [pytest.approx(7 + SPREAD / 2)]
    assert await desk.ask(account="glific") == "ok"
    assert len(desk.waits) == 1


async def test_a_wait_that_passes_the_deadline_is_told_at_once_with_what_is_left_of_it(desk: Desk) -> None:
    desk.provider.answers["m"] = slow(9, 503)
    await desk.ask(deadline=5)
    desk.clock.advance(2)
    told, asked = await desk.refusal(deadline=5), desk.provider.asked["m"]
    assert (told.code, told.status, told.retry_after, asked) == ("upstream_overloaded", 503, 7.0, 1)
    assert desk.waits == []


async def test_a_long_wait_is_told_at_once_to_everybody(desk: Desk) -> None:
    desk.provider.answers["m"] = slow(LONGEST_WAIT + 30)
    await desk.ask(deadline=5)
    assert [await desk.ask() for _ in range(3)] == ["upstream_rate_limited"] * 3
    assert desk.provider.asked["m"] == 1


async def test_a_later_and_shorter_time_to_wait_does_not_shorten_the_pause(desk: Desk) -> None:
    desk.provider.answers["m"] = slow(30)
    first, second = [await desk.begun(deadline=1) for _ in range(2)]
    desk.provider.free.set()
    await first
    desk.provider.answers["m"] = slow(1.5)
    await second
    desk.clock.advance(2)
    assert (await desk.refusal()).retry_after == 28.0


async def test_those_who_wait_go_on_waiting_where_the_pause_has_grown(desk: Desk) -> None:
    await desk.ask()
    plan = await desk.hub.plan(
        Ask(id="a", wire="chat", prompts=("Hi",), model="m"), Account(id="a", name="a", tool="x")
    )
    health, waits = desk.hub.ring.health, list[float]()
    health._chance = lambda: 0.0

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            health.failed(plan, fault(slow(9)), given=300)
        desk.clock.advance(seconds)

    health._sleep = sleep
    health.failed(plan, fault(slow(4)), given=300)
    await health.admit(plan)
    assert waits == [4.0, 5.0]


def fault(answer: Told):
    from ringmain.exchange import provider
    from ringmain.exchange.fault import Called

    found = provider.fault(Called("paid", "m", "chat"), *answer)
    assert found
    return found


# second attempts -----------------------------------------------------------------------------------------------------


async def test_a_quiet_connection_may_be_asked_again_three_times_a_minute(desk: Desk) -> None:
    for number in range(10):
        desk.provider.answers[str(number)] = error(429, message="Too often.")
        await desk.ask(str(number))
    assert sum(desk.provider.asked.values()) == 10 + FEWEST
    assert len(desk.waits) == FEWEST


async def test_a_fifth_of_a_busy_connections_calls_may_be_made_again(desk: Desk) -> None:
    for _ in range(100):
        await desk.ask()
    for number in range(60):
        desk.provider.answers[str(number)] = BOOM
        await desk.ask(str(number))
    again = sum(desk.provider.asked.values()) - 160
    assert 20 <= again <= 0.2 * (160 + again)


async def test_a_client_of_a_hub_leaves_all_of_it_to_the_hub() -> None:
    provider = Provider()
    settings = read_settings({"RINGMAIN_URL": "http://hub.example:8484", "RINGMAIN_KEY": "k"}, data=Path("unused"))
    waits = list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    provider.answers["m"] = (
        503,
        {**JSON, "retry-after": "2"},
        b'{"error": {"code": "upstream_cooling", "message": "No."}}',
    )
    async with AsyncHub(ring=Ring(settings, transport=provider, clock=Clock(), sleep=sleep)) as hub:
        for _ in range(9):
            with pytest.raises(ProviderError, match="No"):
                await hub.ask("Hi", model="m")
        assert hub.ring.health.troubles == {}
    assert (provider.asked["m"], waits) == (18, [2.0] * 9)


# the admin -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code"), [(error(401, message=f"Not {HIDDEN}"), "upstream_auth"), (QUOTA, "upstream_quota")]
)
async def test_a_refused_key_and_a_spent_quota_mark_the_connection_until_it_answers(
    desk: Desk, answer: Told, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    began = desk.clock.now
    desk.provider.answers["m"] = answer
    for _ in range(5):
        desk.clock.advance(1)
        await desk.ask()
    mark = desk.hub.ring.health.attention("c")
    assert mark
    assert (mark.code, mark.since) == (code, began + 1)
    assert [record.message for record in caplog.records] == [f"The connection 'paid' needs attention: {mark.sentence}"]
    assert HIDDEN not in caplog.text
    desk.provider.answers.clear()
    await desk.ask()
    assert desk.hub.ring.health.attention("c") is None


async def test_an_organization_that_a_host_has_mistyped_is_told_to_it_and_marks_nothing(desk: Desk) -> None:
    desk.provider.answers["m"] = error(401, message="No such organization.")
    with pytest.raises(ProviderError) as told:
        await desk.answer(organization="org-typo")
    assert (told.value.code, desk.hub.ring.health.attention("c")) == ("upstream_auth", None)
    assert told.value.fix.startswith("Leave the organization out that was sent, or correct it.")


async def test_a_model_that_is_refused_beside_one_that_answers_is_logged_once_a_minute(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.provider.answers["closed"] = error(403, message="Not for this project.")
    for _ in range(20):
        desk.clock.advance(1)
        await desk.ask("closed")
        await desk.ask("open")
    assert len(caplog.records) == 1
    desk.clock.advance(60)
    await desk.ask("open")
    assert desk.hub.ring.health.attention("c") is None


async def test_the_beginning_and_the_end_of_a_cooling_are_logged_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ringmain.health")
    await desk.cool()
    for _ in range(30):
        desk.clock.advance(1)
        await desk.ask()
    desk.provider.answers.clear()
    desk.clock.advance(60)
    await desk.ask()
    first, last = [record.message for record in caplog.records]
    assert first.startswith("'m' of 'paid' is left alone for a while: ")
    assert last == "'m' of 'paid' answers again."


# two hubs on one store -----------------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """The same store, for as many hubs as ask for it."""
    held = MemoryStore()
    return (
        (lambda: held) if request.param == "memory" else (lambda: open_store(f"sqlite:///{tmp_path / 'ringmain.db'}"))
    )


async def test_what_one_hub_has_met_the_other_keeps(shared: Callable[[], Store]) -> None:
    clock, provider = Clock(), Provider()
    one, two = (Desk(shared(), clock, provider) for _ in range(2))
    async with one.hub, two.hub:
        await two.ask("other")
        await one.cool()
        provider.answers |= {"busy": slow(90), "spent": QUOTA}
        await one.ask("busy", deadline=5)
        await one.ask("spent")
        await one.written()
        clock.advance(1)
        asked = provider.asked.copy()
        assert [await two.ask(model) for model in ("m", "busy", "other")] == [
            "upstream_cooling",
            "upstream_rate_limited",
            "ok",
        ]
        assert provider.asked - asked == {"other": 1}
        mark = two.hub.ring.health.attention("c")
        assert mark
        assert mark.code == "upstream_quota"


async def test_an_answer_in_one_hub_ends_it_in_the_other(shared: Callable[[], Store]) -> None:
    clock, provider = Clock(), Provider()
    one, two = (Desk(shared(), clock, provider) for _ in range(2))
    async with one.hub, two.hub:
        await one.cool()
        await one.written()
        clock.advance(STEP)
        provider.answers.clear()
        assert await two.ask() == "ok"
        await two.written()
        clock.advance(0.5)
        assert await one.ask() == "ok"
        assert one.hub.ring.health.troubles == two.hub.ring.health.troubles == one.hub.ring.store.troubles() == {}


async def test_while_one_hub_tries_a_model_the_other_leaves_it_alone(shared: Callable[[], Store]) -> None:
    clock, provider = Clock(), Provider()
    one, two = (Desk(shared(), clock, provider) for _ in range(2))
    async with one.hub, two.hub:
        await one.cool()
        clock.advance(STEP)
        trying = await one.begun()
        await one.written()
        clock.advance(1)
        assert await two.ask() == "upstream_cooling"
        provider.free.set()
        await trying


async def test_what_nobody_has_met_for_long_is_gone_from_the_store(shared: Callable[[], Store]) -> None:
    desk = Desk(shared(), Clock(), Provider())
    async with desk.hub:
        await desk.cool()
        await desk.written()
        assert desk.hub.ring.store.troubles()
        desk.clock.advance(2 * 3600)
        await desk.ask("other")
        await desk.written()
        assert desk.hub.ring.store.troubles() == desk.hub.ring.health.troubles == {}


async def test_what_is_met_while_the_store_is_read_is_newer_than_what_is_read() -> None:
    class Slow(MemoryStore):
        meanwhile: Callable[[], None] = staticmethod(lambda: None)

        def troubles(self):
            found = super().troubles()
            self.meanwhile()
            return found

    store, clock = Slow(), Clock()
    desk = Desk(store, clock, Provider())
    async with desk.hub:
        await desk.ask()
        ring, plan = (
            desk.hub.ring,
            await desk.hub.plan(Ask(id="a", prompts=("Hi",), model="m"), Account(id="a", name="a", tool="x")),
        )

        def refreshed(meet: Callable[[], None]) -> bool:
            store.meanwhile = meet
            ring.refresh()
            return ("c", "m") in ring.health.troubles

        def fail() -> None:
            for _ in range(TRIPS):
                ring.health.failed(plan, fault(BOOM), given=300)

        assert refreshed(fail)
        await desk.written()
        assert not refreshed(lambda: ring.health.answered(plan))


async def test_a_healthy_provider_costs_the_store_no_write() -> None:
    class Watched(MemoryStore):
        def trouble(self, connection_id, model, change):
            raise AssertionError("written")

    desk = Desk(Watched(), Clock(), Provider())
    async with desk.hub:
        for _ in range(5):
            await desk.ask()
        desk.provider.answers["m"] = BOOM
        await desk.ask()
        desk.provider.answers.clear()
        await desk.ask()
        await desk.written()
        assert desk.hub.ring.health._unwritten == {}


async def test_a_store_that_is_away_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Away(MemoryStore):
        def trouble(self, connection_id, model, change):
            raise HubError("store_unavailable", "The database did not answer.")

    desk = Desk(Away(), Clock(), Provider())
    async with desk.hub:
        await desk.cool()
        await desk.written()
        assert "could not be shared: The database did not answer." in caplog.text
        assert await desk.ask() == "upstream_cooling"
