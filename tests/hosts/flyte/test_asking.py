"""The one hub of a process: asks from any loop, short waits where somebody else retries, a book wherever it can be."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ringmain.errors import RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.connection import HUB, Connection, Secret
from ringmain.hosts.flyte.inside.asking import Answered, asker, close_asker
from ringmain.presets import preset
from ringmain.question import new_id
from ringmain.store import open_store
from tests.flyte.provider import KEY, Provider, run_provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv("RINGMAIN_DATA", str(tmp_path / "data"))
    yield tmp_path / "data"
    close_asker()


def connection(provider: Provider, *, id: str = "flyte:flyte", key: str = KEY) -> Connection:
    return Connection(id=id, name="flyte", base_url=provider.base_url, preset=preset("custom"), key=Secret(key))


async def asked(provider: Provider, said: str, *, at: Connection | None = None, **more: Any) -> Answered:
    ask = Ask(id=new_id(), messages=({"role": "user", "content": said},), model=f"model-{said}", **more)
    heads = list[Mapping[str, str]]()
    return await asker().ask(ask, at or connection(provider), place="p/d", heads=heads)


def test_one_hub_asks_for_several_loops(provider: Provider) -> None:
    first = asyncio.run(asked(provider, "one"))
    second = asyncio.run(asked(provider, "two"))
    assert [one.reply.text for one in (first, second)] == ["You said: one", "You said: two"]
    assert first.request_id != second.request_id


async def test_an_ask_is_one_line_in_the_name_of_its_project(provider: Provider, folder: Path) -> None:
    await asked(provider, "booked", notices=("Asked by Flyte: task t.",))
    with pytest.raises(RingmainError):
        await asked(provider, "status 400", notices=("Asked by Flyte: task t.",))
    await asyncio.to_thread(close_asker)
    store = open_store(f"sqlite:///{folder / 'ringmain.db'}")
    lines = store.lines(10)
    store.close()
    assert {(line.tool, line.account, line.status, line.notices) for line in lines} == {
        ("flyte", "p/d", "ok", ("Asked by Flyte: task t.",)),
        ("flyte", "p/d", "failed", ("Asked by Flyte: task t.",)),
    }


async def test_a_wait_that_is_longer_than_the_asker_likes_is_not_waited(provider: Provider) -> None:
    began = time.monotonic()
    with pytest.raises(RingmainError) as told:
        await asked(provider, "status 429 3 now", longest_wait=1.0)
    assert told.value.retry_after == 3
    # While the provider's pause lasts, the next one is told so and not sent.
    with pytest.raises(RingmainError):
        await asked(provider, "status 429 3 now", longest_wait=1.0)
    assert time.monotonic() - began < 2
    assert len(provider.asked("status 429 3 now")) == 1
    assert (await asked(provider, "once 429 0.5 soon", longest_wait=1.0)).reply.text


async def test_a_key_that_has_changed_is_used_at_once(provider: Provider) -> None:
    with pytest.raises(RingmainError) as told:
        await asked(provider, "keys", at=connection(provider, key="sk-old"))
    assert told.value.code == "upstream_auth"
    assert (await asked(provider, "keys", at=connection(provider))).reply.text == "You said: keys"


async def test_only_a_hub_is_told_who_asks(provider: Provider) -> None:
    told = {"x-flyte-task": "t", "idempotency-key": "k"}
    await asked(provider, "to a provider", handed=told)
    await asked(provider, "to a hub", handed=told, at=connection(provider, id=HUB))
    assert not told.items() & provider.asked("to a provider")[0]["headers"].items()
    assert told.items() <= provider.asked("to a hub")[0]["headers"].items()


async def test_where_no_folder_can_be_made_the_book_is_in_memory_and_the_log_says_why(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RINGMAIN_DATA", "/proc/nowhere")
    with caplog.at_level(logging.WARNING, "ringmain"):
        assert (await asked(provider, "no folder")).reply.text == "You said: no folder"
    assert "The book is kept in memory" in caplog.text
    assert "/proc/nowhere" in caplog.text
