"""The hub's plain face: in a script, in threads, and inside a running event loop."""

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import ringmain
from ringmain.errors import RingmainError, SetupError
from tests.engine import start_engine
from tests.hosts.notebook.provider import Provider, run_provider


def test_a_script_asks_in_one_line(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", engine)
    reply = ringmain.ask("Hello", model="tiny", max_tokens=5, temperature=0)
    assert reply.usage.output_tokens <= 5
    assert reply.connection == "environment"


def test_a_stream_is_a_plain_iterator_and_its_reply_follows(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", engine)
    stream = ringmain.ask("Hello", model="tiny", max_tokens=5, stream=True)
    text = "".join(stream)
    assert stream.reply is not None
    assert stream.reply.text == text


async def test_it_works_inside_a_running_event_loop() -> None:
    with ringmain.Hub(demo=True) as hub:
        assert "[demo]" in hub.ask("Hello").text
        assert "".join(hub.ask("Hello", stream=True)).startswith("[demo]")


def test_threads_share_one_hub() -> None:
    with ringmain.Hub(demo=True) as hub:
        texts: list[str] = []
        threads = [threading.Thread(target=lambda n=n: texts.append(hub.ask(f"Number {n}").text)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(texts) == 8


def test_the_default_hub_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupError) as caught:
        ringmain.ask("Hello")
    assert caught.value.code == "no_connection"
    with start_engine() as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        assert ringmain.ask("Hello", model="tiny", max_tokens=2).connection == "environment"


def test_the_demo_can_be_asked_by_name() -> None:
    reply = ringmain.ask("Hello", demo=True)
    assert reply.demo
    assert reply.cost == 0


def test_work_with_the_hub_runs_in_its_loop_while_the_caller_looks_on() -> None:
    async def work(hub: ringmain.AsyncHub) -> str:
        reply = await hub.ask("Hello")
        await asyncio.sleep(0.1)
        return reply.text

    seen: list[str] = []
    with ringmain.Hub(demo=True) as hub:
        text = hub.run(work, tick=lambda: seen.append(threading.current_thread().name), every=0.01)
    assert "[demo]" in text
    assert set(seen) == {threading.current_thread().name}


def test_whoever_is_interrupted_goes_on_when_what_was_under_way_has_ended() -> None:
    ended: list[str] = []

    async def work(hub: ringmain.AsyncHub) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.2)
            ended.append("let go")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with ringmain.Hub(demo=True) as hub, pytest.raises(KeyboardInterrupt):
        hub.run(work, tick=interrupt, every=0.05)
    assert ended == ["let go"]


def test_nothing_to_ask_says_so() -> None:
    with pytest.raises(RingmainError, match="nothing to ask"):
        ringmain.ask("", demo=True)


def test_a_word_where_true_or_false_belongs_is_refused_and_not_taken_for_true() -> None:
    ask: Any = ringmain.ask
    for words in ({"stream": "yes"}, {"stream": 1}):
        with pytest.raises(RingmainError, match="stream cannot be"):
            ask("Hello", demo=True, **words)


def test_a_closed_hub_leaves_every_line_in_the_store(tmp_path) -> None:
    with ringmain.Hub(data=tmp_path, demo=True) as hub:
        for number in range(5):
            hub.ask(f"Number {number}")
    from ringmain.store import open_store

    store = open_store(f"sqlite:///{tmp_path / 'ringmain.db'}")
    assert [row.asks for row in store.usage(0, 2**53)] == [5]
    store.close()


async def test_the_async_hub_closes_what_it_opened(tmp_path) -> None:
    async with ringmain.AsyncHub(data=tmp_path, demo=True) as hub:
        replies = await asyncio.gather(*(hub.ask(f"Number {n}") for n in range(20)))
    assert len({reply.id for reply in replies}) == 20


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_opens_its_own_hub() -> None:
    ringmain.ask("Before the fork", demo=True)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(_asked).get(20).startswith("[demo]")


def _asked() -> str:
    return ringmain.ask("After the fork", demo=True).text


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider whose words take their time."""
    with run_provider() as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
        monkeypatch.setenv("RINGMAIN_MODEL", "m")
        yield provider


def lines(hub: ringmain.Hub) -> list[str]:
    """The statuses in the hub's book, the newest first."""

    async def read(hub: ringmain.AsyncHub) -> list[str]:
        await hub.ring.book.flush()
        return [line.status for line in hub.ring.store.lines(10)]

    return hub.run(read)


def test_a_stream_that_nobody_holds_any_more_is_cut_off(slow: Provider) -> None:
    with ringmain.Hub() as hub:
        for _ in hub.ask("drip 100", stream=True):
            break
        assert slow.cut.wait(10)
        assert lines(hub) == ["interrupted"]


async def test_the_same_holds_where_one_awaits(slow: Provider) -> None:
    async with ringmain.AsyncHub() as hub:
        async for _ in await hub.ask("drip 100", stream=True):
            break
        assert await asyncio.to_thread(slow.cut.wait, 10)
        await hub.ring.book.flush()
        assert [line.status for line in hub.ring.store.lines(10)] == ["interrupted"]


def test_a_stream_is_gone_on_with_after_a_break(slow: Provider) -> None:
    stream = ringmain.ask("drip 10", stream=True)
    for _ in stream:
        break
    assert "".join(stream) == "".join(f"{at} " for at in range(1, 10))


def test_whoever_asks_while_another_closes_the_hub_is_told(slow: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def ask() -> None:
        with pytest.raises(RingmainError) as caught:
            ringmain.ask("drip 100")
        told.append(caught.value.code)

    stream = ringmain.ask("drip 100", stream=True)
    assert next(stream)
    thread = threading.Thread(target=ask)
    thread.start()
    while len(slow.bodies) < 2:
        time.sleep(0.02)
    monkeypatch.setenv("RINGMAIN_MODEL", "m2")
    assert ringmain.ask("say hello").text == "hello"
    thread.join(20)
    assert told == ["hub_stopping"]
    with pytest.raises(RingmainError, match="closed before the answer was finished"):
        "".join(stream)


def test_an_ask_that_its_cap_refuses_is_a_line_too(slow: Provider) -> None:
    with ringmain.Hub() as hub:
        for cap in (0.05, "much", -1, "1e999900"):
            for stream in (False, True):
                with pytest.raises(RingmainError) as caught:
                    hub.ask("say hello", max_cost=cap, stream=stream)
                assert caught.value.param == "max_cost"
        assert lines(hub) == ["refused"] * 8
    assert not slow.bodies
