"""Late answers within one hub: what is kept, in which order it is taken up, and who has it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from ringmain.admin.accounts import new_account
from ringmain.errands import Done, Errands
from ringmain.exchange.account import Account
from ringmain.hosts import HostReply, room
from ringmain.hub import AsyncHub
from ringmain.outbox import MOST_ASKED, Outbox
from ringmain.store import Late
from ringmain.store.memory import MemoryStore
from ringmain.testing import Recorder, ready_hub
from tests.hosts.glific.requests import request
from tests.twins.glific import run_glific


class Slow(MemoryStore):
    """A store that takes its time to keep a late answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()

    def add_late(self, late: Late, process: str, until: int) -> None:
        """As the store does, once it may."""
        self.asked.set()
        assert self.goes_on.wait(10)
        super().add_late(late, process, until)


@pytest.fixture
def store() -> Slow:
    return Slow()


@pytest.fixture
def sent() -> Recorder:
    """What leaves the hub, for the provider or for Glific."""
    return Recorder()


@pytest.fixture
async def hub(store: Slow, sent: Recorder) -> AsyncIterator[AsyncHub]:
    async with ready_hub(store=store, transport=sent) as ready:
        yield ready


@pytest.fixture
async def outbox(hub: AsyncHub) -> AsyncIterator[Outbox]:
    box = Outbox(hub.ring, Errands(hub, url=""), count=lambda tool, replies: None)
    yield box
    await box.close()


def ngo(api: str = "http://127.0.0.1:9", **settings: str) -> Account:
    fresh = new_account(room("glific"), id="acc", name="ngo")
    own = {**fresh.settings, "late": "resume", "api": api, **settings}
    return msgspec.structs.replace(fresh, connection="demo", model="demo-1", settings=own)


def late(
    hub: AsyncHub, id: str, question: str, *, account: Account, flow: int = 7, contact: int = 12, **more: Any
) -> Late:
    """What an earlier hub has left of a contact's question."""
    asked = request(question_text=question, gpt_model=None, flow_id=str(flow), contact={"id": contact})
    ask = room("glific").wire.read(asked, ask_id=id, settings=account.settings)
    return Late(ask=ask, account_id=account.id, tool="glific", at=hub.ring.now(), **more)


async def until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_of_an_ask_whose_host_goes_before_it_is_kept_nothing_is_kept(
    hub: AsyncHub, outbox: Outbox, store: Slow
) -> None:
    account = ngo()
    store.goes_on.clear()
    answering = asyncio.create_task(asyncio.sleep(60, Done(answer=HostReply(status=200, headers={}, body=b"{}"))))
    keeping = asyncio.create_task(outbox.keep(late(hub, "q", "Why?", account=account).ask, account, answering))
    await asyncio.to_thread(store.asked.wait, 10)
    keeping.cancel()
    await asyncio.sleep(0)
    store.goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    answering.cancel()
    assert (store.late(), keeping.cancelled()) == (0, True)


async def test_an_answer_whose_claim_another_hub_has_taken_meanwhile_is_not_brought(
    hub: AsyncHub, outbox: Outbox, store: Slow, sent: Recorder
) -> None:
    account, may = ngo(), asyncio.Event()

    async def answer() -> Done:
        await may.wait()
        return Done(answer=HostReply(status=200, headers={}, body=b"{}"))

    await outbox.keep(late(hub, "q", "Why?", account=account).ask, account, asyncio.create_task(answer()))
    assert store.claim_late("another hub", hub.ring.now() + 60_000, hub.ring.now() + 90_000)
    may.set()
    await until(lambda: not outbox._working)
    assert (sent.requests, store.late()) == ([], 1)
    (held,) = store.claim_late("the test", hub.ring.now() + 90_000, 0)
    assert held.answer is None


async def test_what_one_contact_has_asked_a_hub_that_died_is_asked_again_in_its_order_and_not_for_ever(
    hub: AsyncHub, outbox: Outbox, store: Slow, sent: Recorder
) -> None:
    with run_glific(password="") as glific:
        glific.contacts |= {"13"}
        for flow, contact in ((1, 12), (2, 12), (3, 12), (4, 12), (7, 13)):
            glific.arm(flow, contact)
        account = ngo(glific.url, phone=glific.phone)
        store.save_account(account)
        questions = {flow: f"Question {flow}?" for flow in (1, 2, 3, 4)}
        for flow, question in questions.items():
            store.add_late(late(hub, f"q{flow}", question, account=account, flow=flow), "a dead hub", until=0)
        store.add_late(late(hub, "d", "Deadly?", account=account, contact=13, asked=MOST_ASKED), "a dead hub", until=0)
        outbox.start()
        await until(lambda: store.late() == 0)
        assert asked_in(sent) == list(questions.values())
        told = [glific.results(flow, contact) for flow, contact in ((1, 12), (2, 12), (3, 12), (4, 12), (7, 13))]
        assert [[result["gpt_response"]["success"] for result in results] for results in told] == [[True]] * 4 + [
            [False]
        ]


def asked_in(sent: Recorder) -> list[str]:
    """The questions that the provider was asked, in order."""
    return [body["messages"][-1]["content"] for body in sent.bodies if "messages" in body]
