"""What a host's request comes to: a line for each ask, whatever happens, and nothing kept that nobody fetches."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from ringmain.admin.accounts import new_account
from ringmain.errands import Errands
from ringmain.errors import ProviderError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.hosts import HostRequest, room
from ringmain.hub import AsyncHub
from ringmain.store import Media
from ringmain.store.memory import MemoryStore
from ringmain.testing import ready_hub
from ringmain.transport import Request, Response
from tests.hosts.glific.requests import request


class Held:
    """A transport whose calls wait until they are given up."""

    def __init__(self) -> None:
        self.called = asyncio.Event()

    async def send(self, request: Request, *, timeout: float) -> Response:
        """Nothing, ever."""
        self.called.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        """Nothing is open."""


class Keeping(MemoryStore):
    """A store that tells what was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Media] = []

    def put_media(self, media: Media) -> None:
        """As the store does."""
        self.kept.append(media)
        super().put_media(media)


def ngo(**settings: str) -> Account:
    fresh = new_account(room("glific"), id="acc", name="ngo")
    own = {**fresh.settings, **settings}
    return msgspec.structs.replace(fresh, connection="demo", model="demo-1", settings=own)


def read(id: str, account: Account, **changed: Any) -> Ask:
    sent = request(gpt_model=None, **changed)
    return room("glific").wire.read(sent, ask_id=id, settings=account.settings)


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
async def hub(held: Held) -> AsyncIterator[AsyncHub]:
    async with ready_hub(transport=held) as ready:
        yield ready


async def codes(hub: AsyncHub) -> dict[str, str | None]:
    await hub.ring.book.flush()
    return {line.id: line.code for line in hub.ring.store.lines(9)}


async def given_up(*tasks: "asyncio.Task[Any]") -> None:
    for task in reversed(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_hangs_up_while_an_earlier_ask_is_answered_has_a_line(hub: AsyncHub, held: Held) -> None:
    errands, account = Errands(hub, url=""), ngo()
    first = asyncio.create_task(errands.run(read("first", account), account, room("glific")))
    await held.called.wait()
    second = asyncio.create_task(errands.run(read("second", account), account, room("glific")))
    await asyncio.sleep(0)
    await given_up(first, second)
    assert await codes(hub) == {"first": "host_hung_up", "second": "host_hung_up"}


async def test_whose_turn_does_not_come_in_time_is_told_so_and_has_one_line(hub: AsyncHub, held: Held) -> None:
    errands, account = Errands(hub, url=""), ngo()
    first = asyncio.create_task(errands.run(read("first", account), account, room("glific")))
    await held.called.wait()
    brief = msgspec.structs.replace(read("second", account), deadline=0.01)
    with pytest.raises(ProviderError, match="An earlier ask of this conversation"):
        await errands.run(brief, account, room("glific"))
    assert await codes(hub) == {"second": "deadline_exceeded"}
    await given_up(first)


async def test_who_hangs_up_while_a_voice_note_is_fetched_has_a_line(hub: AsyncHub, held: Held) -> None:
    account = ngo()
    sent = request(path="/hosts/glific/speech_to_text", speech="https://files.example/note.ogg")
    ask = room("glific").wire.read(sent, ask_id="voice", settings=account.settings)
    task = asyncio.create_task(Errands(hub, url="").run(ask, account, room("glific")))
    await held.called.wait()
    await given_up(task)
    assert await codes(hub) == {"voice": "host_hung_up"}


async def test_what_is_spoken_is_kept_for_rooms_that_fetch_it_and_for_no_other() -> None:
    store = Keeping()
    async with ready_hub(store=store) as hub:
        errands, plain = Errands(hub, url="https://hub.example"), Account(id="p", name="p", tool="openai")
        plain = msgspec.structs.replace(plain, connection="demo")
        said = msgspec.json.encode({"model": "demo-speech", "input": "Hello", "voice": "alloy"})
        heard = await errands.reply(
            HostRequest(method="POST", path="/v1/audio/speech", body=said), plain, room("openai")
        )
        assert (heard.answer.status, heard.answer.body[:4], store.kept) == (200, b"RIFF", [])
        sent = request(path="/hosts/glific/text_to_speech", text="Hello")
        spoken = await errands.reply(sent, ngo(), room("glific"))
    assert spoken.answer.status == 200
    assert [media.type for media in store.kept] == ["audio/wav"]
