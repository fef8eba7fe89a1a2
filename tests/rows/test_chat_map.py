"""Many asks through a real hub to a provider on a real socket."""

import asyncio
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

import ringmain
from benchmarks.metered import Metered, metered
from ringmain.errors import AskError, RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.line import Line
from ringmain.ring import Ring
from ringmain.rows import Progress
from ringmain.settings import read_settings
from ringmain.store import StoredConnection
from ringmain.store.memory import MemoryStore
from tests.hubs import run_hub


def hub_for(provider: Metered, tmp_path: Path) -> ringmain.AsyncHub:
    settings = read_settings({"OPENAI_BASE_URL": provider.url, "RINGMAIN_MODEL": "m"}, data=tmp_path)
    return ringmain.AsyncHub(ring=Ring(settings, store=MemoryStore()))


def lines(hub: ringmain.AsyncHub) -> list[Line]:
    assert hub.ring.book.flush_now()
    return hub.ring.store.lines(1000)


NUMBERS = [{"n": n} for n in range(60)]


async def test_results_stand_in_the_order_of_their_rows_with_a_line_in_the_book_for_each(tmp_path: Path) -> None:
    with metered(latency=0.05) as provider:
        async with hub_for(provider, tmp_path) as hub:
            table = await hub.chat_map(NUMBERS, "Number {n}", max_tokens=9)
            assert table.texts == [f"Re: Number {n}" for n in range(60)]
            assert [row.index for row in table] == list(range(60))
            assert {line.id for line in lines(hub)} == {row.id for row in table}
        assert table.usage.input_tokens == 600
        assert provider.bodies[0]["max_tokens"] == 9


async def test_a_host_may_say_more_of_each_row_than_its_words(tmp_path: Path) -> None:
    def mark(ask: Ask, index: int) -> Ask:
        return msgspec.structs.replace(ask, notices=(f"Row {index}.",))

    with metered(latency=0.01) as provider:
        async with hub_for(provider, tmp_path) as hub:
            table = await hub.chat_map(NUMBERS[:3], "Number {n}", mark=mark, keep=tmp_path / "kept")
            assert {(row.id, f"Row {row.index}.") for row in table} == {
                (line.id, line.notices[0]) for line in lines(hub)
            }
            again = await hub.chat_map(NUMBERS[:3], "Number {n}", keep=tmp_path / "kept")
            assert [row.kept for row in again] == [True] * 3


@pytest.mark.parametrize("limits", [{"rpm": 3000}, {}], ids=["given", "learnt"])
async def test_no_row_is_lost_to_a_providers_limits(tmp_path: Path, limits: dict[str, Any]) -> None:
    with metered(rpm=3000, depth=0.2, latency=0.05) as provider:
        async with hub_for(provider, tmp_path) as hub:
            table = await hub.chat_map([{"n": n} for n in range(150)], "Number {n}", **limits)
            assert table.ok
            assert len(lines(hub)) == 150
        assert provider.answered == 150
        assert provider.limited <= 75


async def test_limits_that_are_given_are_kept_to(tmp_path: Path) -> None:
    with metered(rpm=1500, tpm=60_000, latency=0.05) as provider:
        async with hub_for(provider, tmp_path) as hub:
            rows = [{"n": n, "more": "word " * (n % 60)} for n in range(100)]
            table = await hub.chat_map(rows, "{n} {more}", rpm=1500, tpm=60_000, max_tokens=20)
        assert table.ok
        assert provider.calls - provider.answered <= 3


async def test_refusals_that_tell_nothing_are_waited_out_within_one_line_of_the_book(tmp_path: Path) -> None:
    with metered(rpm=600, depth=0.5, tells=False, says_when=False, latency=0.01) as provider:
        async with hub_for(provider, tmp_path) as hub:
            table = await hub.chat_map(NUMBERS[:20], "Number {n}")
            assert table.ok
            told = lines(hub)
            assert len(told) == 20
            assert sum(line.attempts for line in told) == provider.calls
        assert provider.limited > 0


async def test_what_fails_in_a_row_stands_in_its_result_and_the_others_go_on(tmp_path: Path) -> None:
    with metered(faults={"bad": (400, "nonsense")}) as provider:
        async with hub_for(provider, tmp_path) as hub:
            table = await hub.chat_map([{"p": "good"}, {"p": "bad"}, {"p": None}, {"p": "fine"}], "{p}")
        assert [row.status for row in table] == ["ok", "error", "invalid", "ok"]
        assert table[1].code == "upstream_refused"
        assert "nonsense" in table[1].sentence
        assert "nothing in 'p'" in table[2].reason
        assert not table.ok
        assert table.counts == {"ok": 2, "error": 1, "invalid": 1}
        assert repr(table) == "Table(2 ok, 1 error, 1 invalid)"


async def test_a_key_that_is_refused_ends_the_run_and_the_rest_is_skipped(tmp_path: Path) -> None:
    with metered(faults={"": (401, "no")}) as provider:
        async with hub_for(provider, tmp_path) as hub:
            table = await hub.chat_map(NUMBERS, "{n}")
        assert provider.calls < 10
        assert table[0].code == "upstream_auth"
        assert table[-1].status == "skipped"
        assert "An earlier row failed" in table[-1].sentence


async def test_a_provider_that_is_not_there_is_not_waited_for(tmp_path: Path) -> None:
    provider = Metered()
    provider.url = "http://127.0.0.1:9/v1"
    async with hub_for(provider, tmp_path) as hub:
        table = await asyncio.wait_for(hub.chat_map(NUMBERS, "{n}"), 60)
    assert {row.status for row in table} == {"error", "skipped"}
    assert table[0].code == "upstream_unreachable"
    assert table[-1].status == "skipped"


async def test_request_bodies_travel_as_they_came(tmp_path: Path) -> None:
    body = {"model": "own", "messages": [{"role": "user", "content": "Hi"}], "top_k": 5, "seed": 1, "stream": True}
    batch = {"custom_id": "r-2", "method": "POST", "url": "/v1/chat/completions", "body": {**body, "seed": 2}}
    with metered() as provider:
        async with hub_for(provider, tmp_path) as hub:
            table = await hub.chat_map([body, batch, {"messages": []}, {"url": "/x", "body": {}}], requests=True)
        assert [row.status for row in table] == ["ok", "ok", "invalid", "invalid"]
        sent = {name: value for name, value in body.items() if name != "stream"}
        assert sorted(provider.bodies, key=lambda told: told["seed"]) == [sent, {**sent, "seed": 2}]
        assert table[1].as_dict()["custom_id"] == "r-2"


# the cap --------------------------------------------------------------------------------------------------------------


def priced(provider: Metered, tmp_path: Path) -> ringmain.AsyncHub:
    store = MemoryStore()
    # An answer has 10 tokens in and 5 out, and so costs 0.000015.
    price = {"m": ("1", "1")}
    store.save_connection(
        StoredConnection(id="c", name="priced", base_url=provider.url, preset="custom", prices=price, default=True)
    )
    settings = read_settings({"RINGMAIN_MODEL": "m"}, data=tmp_path)
    return ringmain.AsyncHub(ring=Ring(settings, store=store))


async def test_the_cap_is_never_passed_and_what_is_left_is_skipped(tmp_path: Path) -> None:
    with metered(latency=0.02) as provider:
        async with priced(provider, tmp_path) as hub:
            table = await hub.chat_map(NUMBERS, "Number {n}", max_tokens=10, max_cost="0.0003")
        assert table.cost is not None
        assert Decimal("0.0002") < table.cost <= Decimal("0.0003")
        assert provider.answered == table.counts["ok"]
        assert table[-1].status == "skipped"
        assert "left of $0.0003" in table[-1].sentence


async def test_the_cap_counts_what_earlier_runs_have_paid(tmp_path: Path) -> None:
    with metered() as provider:
        async with priced(provider, tmp_path) as hub:
            words: dict[str, Any] = {"max_tokens": 10, "max_cost": 0.0003, "keep": tmp_path / "kept"}
            first = await hub.chat_map(NUMBERS, "Number {n}", **words)
            second = await hub.chat_map(NUMBERS, "Number {n}", **words)
        assert second.cost is not None
        assert second.cost <= Decimal("0.0003")
        assert provider.answered == second.counts["ok"] >= first.counts["ok"]


async def test_one_ask_has_a_cap_too_and_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with metered() as provider:
        async with priced(provider, tmp_path) as hub:
            with pytest.raises(
                AskError, match=r"This ask may cost \$0\.000\d+, and no more than \$0\.00001 was"
            ) as caught:
                await hub.ask("Number 1", max_tokens=10, max_cost="0.00001")
            assert caught.value.code == "insufficient_quota"
            assert provider.calls == 0
            assert (await hub.ask("Number 1", max_tokens=10, max_cost="0.01")).cost == Decimal("0.000015")
        assert provider.calls == 1


async def test_a_cap_needs_a_price(tmp_path: Path) -> None:
    with metered() as provider:
        async with hub_for(provider, tmp_path) as hub:
            with pytest.raises(AskError, match="No price is known for 'm'"):
                await hub.chat_map(NUMBERS, "{n}", max_cost=1)
        assert provider.calls == 0


# how it is called -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["Rome", b"Rome", {"city": "Rome"}, 3, None, [1], [["Rome"]]])
def test_what_is_no_rows_is_refused(rows: Any) -> None:
    with pytest.raises(AskError):
        ringmain.chat_map(rows, demo=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rpm": -1},
        {"rpm": "fast"},
        {"concurrency": 0},
        {"concurrency": 1.5},
        {"max_cost": "much"},
        {"max_cost": -1},
        {"keep": 3},
        {"model": 3},
        {"conversation": "c"},
        {"stream": True},
        {"requests": True},
        {"prompt": "{other}"},
    ],
)
def test_what_no_row_could_be_asked_with_is_told_before_anything_is_sent(wrong: dict[str, Any]) -> None:
    with pytest.raises(AskError):
        ringmain.chat_map([{"n": 1}], **{"prompt": "{n}", "demo": True, **wrong})


def test_texts_are_prompts_and_so_is_a_column_of_that_name() -> None:
    table = ringmain.chat_map(["Hello", {"prompt": "Goodbye"}], demo=True)
    assert [text.split('"')[1] for text in table.texts if text] == ["Hello", "Goodbye"]
    assert table.cost == 0
    assert table[0].demo


def test_no_rows_are_a_table_without_any() -> None:
    table = ringmain.chat_map([], "{n}", demo=True)
    assert list(table) == []
    assert table.ok
    assert table.cost == 0


async def test_it_works_inside_a_running_event_loop() -> None:
    assert ringmain.chat_map(["Hello"], demo=True).ok


async def test_progress_is_told_with_every_row(tmp_path: Path) -> None:
    told = list[Progress]()
    with metered() as provider:
        async with hub_for(provider, tmp_path) as hub:
            await hub.chat_map([*NUMBERS[:9], {"n": None}], "{n}", on_progress=told.append, concurrency=2)
        assert provider.most_under_way <= 2
    assert [progress.done for progress in told] == list(range(1, 11))
    assert (told[-1].total, told[-1].ok, told[-1].failed) == (10, 9, 1)


async def test_what_on_progress_raises_ends_the_run(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 5:
            raise ZeroDivisionError

    with metered(latency=0.05) as provider:
        async with hub_for(provider, tmp_path) as hub:
            with pytest.raises(ZeroDivisionError):
                await hub.chat_map(NUMBERS, "{n}", on_progress=stop)
        assert provider.answered < 60


async def test_a_client_of_a_hub_asks_through_it_and_waits_for_its_minute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with metered(rpm=1200, depth=0.2) as provider, run_hub(base_url=provider.url, preset="custom", model="m") as hub:
        monkeypatch.setenv("RINGMAIN_URL", hub.url)
        monkeypatch.setenv("RINGMAIN_KEY", hub.key)
        async with ringmain.AsyncHub(data=tmp_path) as client:
            table = await client.chat_map(NUMBERS[:30], "Number {n}")
        assert table.ok
        assert provider.answered == 30
        told = Counter(line.status for line in hub.lines())
        assert told["ok"] == 30


async def test_a_hub_that_has_spent_its_budget_ends_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with run_hub() as hub:
        monkeypatch.setenv("RINGMAIN_URL", hub.url)
        monkeypatch.setenv("RINGMAIN_KEY", hub.account("off", on=False))
        async with ringmain.AsyncHub(data=tmp_path) as client:
            table = await client.chat_map(NUMBERS, "Number {n}", model="demo-1")
        assert table[0].code == "account_off"
        assert table[-1].status == "skipped"


async def test_a_run_that_is_cancelled_lets_go_of_the_provider(tmp_path: Path) -> None:
    with metered(latency=5) as provider:
        async with hub_for(provider, tmp_path) as hub:
            running = asyncio.create_task(hub.chat_map(NUMBERS, "{n}", keep=tmp_path / "kept"))
            await asyncio.to_thread(provider.asked.wait, 10)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert {line.code for line in lines(hub)} == {"host_hung_up"}


async def test_setup_that_no_row_could_do_with_is_raised(tmp_path: Path) -> None:
    async with ringmain.AsyncHub(data=tmp_path) as hub:
        with pytest.raises(RingmainError) as caught:
            await hub.chat_map(NUMBERS, "{n}")
    assert caught.value.code == "no_connection"
