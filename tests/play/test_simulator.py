"""A conversation that somebody holds on a page, answered by a real hub."""

import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from ringmain.admin.accounts import new_account
from ringmain.errands import Errands
from ringmain.errors import AskError
from ringmain.exchange.account import Account
from ringmain.hosts import room
from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hub import AsyncHub
from ringmain.play.simulator import LARGEST, STRANGERS, Answering, Exchange, Simulator, opened
from ringmain.testing import ready_hub
from tests.hosts.glific.flows.made import TUTOR, act, call, definition, flow, say, wait
from tests.hosts.glific.flows.playing import NOW

DEMO = Answering(connection="demo")

MENU = {
    "type": "send_interactive_msg",
    "text": json.dumps(
        {"content": {"text": "What do you need?"}, "options": [{"title": "A teacher"}, {"title": "Nothing"}]}
    ),
}


@pytest.fixture
async def hub() -> AsyncIterator[AsyncHub]:
    async with ready_hub() as hub:
        yield hub


class Chat:
    """A simulator with the hub behind it."""

    def __init__(self, hub: AsyncHub, *flows: Flow, by: Answering = DEMO, **more: Any) -> None:
        self.simulator = Simulator(flows, clock=lambda: NOW, **more)
        self._errands, self._by, self._hub = Errands(hub, url=""), by, hub

    async def start(self) -> "Chat":
        await self.simulator.start(self.simulator.flows[0].uuid, self._errands, self._by)
        return self

    async def act(self, do: str, what: str = "") -> None:
        await self.simulator.act(do, what, self._errands, self._by)

    @property
    def exchanges(self) -> list[Exchange]:
        return [one.what for one in self.simulator.happened if isinstance(one.what, Exchange)]

    @property
    def said(self) -> list[str]:
        return [event["text"] for event in self.simulator.transcript()["events"] if event["event"] == "said"]

    @property
    def lines(self) -> list[Any]:
        """What stands in the book."""
        assert self._hub.ring.book.flush_now()
        return self._hub.ring.store.lines(20)


def ngo(**settings: str) -> Account:
    fresh = new_account(room("glific"), id="acc", name="ngo")
    return msgspec.structs.replace(
        fresh, connection="demo", model="demo-1", context="Be kind.", settings={**fresh.settings, **settings}
    )


async def test_what_a_webhook_asks_is_asked_by_this_hub_and_counted(hub: AsyncHub) -> None:
    chat = await Chat(hub, flow(**TUTOR)).start()
    assert (chat.simulator.status, chat.said) == ("waiting", ["Ask me about grammar."])
    await chat.act("say", "What is a noun?")
    assert '"What is a noun?"' in chat.said[-1]
    assert [(ask.model, ask.usd, ask.demo) for ask in chat.simulator.asks] == [("demo-1", "0", True)]
    assert [(line.tool, line.account, line.status) for line in chat.lines] == [("glific", "flow", "ok")]
    await chat.act("say", "thanks")
    assert (chat.simulator.status, chat.said[-1]) == ("ended", "Goodbye, Asha")
    assert set(chat.simulator.results) == {"question", "answer", "next"}


async def test_an_account_answers_with_its_own_settings_and_in_its_own_name(hub: AsyncHub) -> None:
    body = {"contact": "@contact", "question_text": "@results.question"}
    asks = flow(a=wait("question", to="gpt"), gpt=call(success="b", body=body), b=say("@results.answer.parsed_msg"))
    chat = await Chat(hub, asks, by=Answering(account=ngo())).start()
    await chat.act("say", "Hello")
    assert "Be kind." in chat.said[-1]
    assert [line.account for line in chat.lines] == ["ngo"]


async def test_the_model_that_is_named_goes_before_the_flows_own(hub: AsyncHub) -> None:
    body = {"question_text": "@results.question", "gpt_model": "no-such-model"}
    asks = flow(a=wait("question", to="gpt"), gpt=call(success="b", failure="c", body=body), b=say("Yes"), c=say("No"))
    for model, said in ((None, "No"), ("demo-1", "Yes")):
        chat = await Chat(hub, asks, by=Answering(connection="demo", model=model)).start()
        await chat.act("say", "Hello")
        assert chat.said == [said]


async def test_an_account_that_is_bound_to_an_organization_takes_its_own_flows(hub: AsyncHub) -> None:
    by = Answering(account=ngo(organization="7"))
    for organization, outcome in ((7, "Success"), (1, "Failure")):
        chat = await Chat(hub, flow(**TUTOR), by=by, organization=organization).start()
        await chat.act("say", "Hello")
        told = [event for event in chat.simulator.transcript()["events"] if event["event"] == "answered"]
        assert [event["outcome"] for event in told] == [outcome]


async def test_an_account_that_is_off_takes_failure_and_the_reason_is_kept(hub: AsyncHub) -> None:
    by = Answering(account=msgspec.structs.replace(ngo(), on=False))
    chat = await Chat(hub, flow(**TUTOR), by=by).start()
    await chat.act("say", "Hello")
    assert chat.said[-1] == "Nobody could answer."
    assert "off" in chat.exchanges[0].answer.reason


async def test_what_the_hub_does_not_answer_is_not_called_anywhere(hub: AsyncHub) -> None:
    asks = flow(a=call("https://elsewhere.example/", success="b", failure="b", method="POST"), b=say("Done"))
    chat = await Chat(hub, asks).start()
    assert "Nothing here answers" in chat.exchanges[0].answer.reason
    assert chat.lines == []


async def test_options_are_tapped_by_their_number_and_what_is_typed_stays_what_it_is(hub: AsyncHub) -> None:
    asks = flow(a=act(MENU, to="b"), b=wait("choice", to="c"), c=say("Done"))
    chat = await Chat(hub, asks).start()
    with pytest.raises(AskError, match="no longer offered"):
        await chat.act("tap", "3")
    await chat.act("tap", "2")
    assert chat.simulator.results["choice"]["input"] == "Nothing"
    typed = await Chat(hub, asks).start()
    await typed.act("say", "1")
    assert typed.simulator.results["choice"]["input"] == "1"


async def test_a_message_that_begins_with_a_slash_is_a_message(hub: AsyncHub) -> None:
    chat = await Chat(hub, flow(a=wait("word", to="b"), b=say("Done"))).start()
    await chat.act("say", "/wait 5")
    assert chat.simulator.results["word"]["input"] == "/wait 5"


async def test_a_wait_runs_out_and_time_passes_by_the_flows_own_clock(hub: AsyncHub) -> None:
    chat = await Chat(hub, flow(a=wait(to="b", seconds=300, silent="c"), b=say("Heard"), c=say("Silent"))).start()
    await chat.act("wait", "120")
    assert chat.said == []
    await chat.act("expire")
    assert chat.said == ["Silent"]
    assert chat.simulator.happened[-1].at == NOW + 300


async def test_a_wait_without_end_does_not_run_out(hub: AsyncHub) -> None:
    chat = await Chat(hub, flow(a=wait(to="b"), b=say("Heard"))).start()
    with pytest.raises(AskError, match="waits without end"):
        await chat.act("expire")


@pytest.mark.parametrize(("do", "what"), [("image", "https://a.example/b.png"), ("location", "18.52 73.86")])
async def test_media_and_places_are_sent(hub: AsyncHub, do: str, what: str) -> None:
    chat = await Chat(hub, flow(a=wait("sent", to="b"), b=say("Heard"))).start()
    await chat.act(do, what)
    assert chat.said == ["Heard"]


async def test_a_result_comes_from_outside(hub: AsyncHub) -> None:
    waits = {"type": "wait_for_result", "delay": "60"}
    chat = await Chat(hub, flow(a=act(waits, to="b"), b=say("It is @results.late.parsed_msg"))).start()
    await chat.act("result", '{"late": {"parsed_msg": "here"}}')
    assert chat.said == ["It is here"]


@pytest.mark.parametrize(
    ("do", "what"),
    [
        ("say", "  "),
        ("say", "x" * 4097),
        ("location", "somewhere"),
        ("result", "no JSON"),
        ("wait", "long"),
        ("wait", "-1"),
        ("wait", "1e99"),
        ("fly", ""),
    ],
)
async def test_what_cannot_be_done_says_so_and_changes_nothing(hub: AsyncHub, do: str, what: str) -> None:
    chat = await Chat(hub, flow(a=wait("sent", to="b"), b=say("Heard"))).start()
    before = chat.simulator.transcript()
    with pytest.raises(AskError):
        await chat.act(do, what)
    assert chat.simulator.transcript() == before


async def test_nothing_can_be_said_before_the_beginning_and_after_the_end(hub: AsyncHub) -> None:
    chat = Chat(hub, flow(a=say("Hello")))
    with pytest.raises(AskError):
        await chat.act("say", "Hello")
    await chat.start()
    assert chat.simulator.status == "ended"
    with pytest.raises(AskError):
        await chat.act("say", "Hello")


async def test_another_conversation_knows_nothing_of_the_one_before(hub: AsyncHub) -> None:
    asks = flow(a=wait("question", to="gpt"), gpt=call(body={"question_text": "x"}))
    chat = await Chat(hub, asks, name="Ravi", language="Hindi").start()
    first = chat.simulator.contact
    await chat.act("say", "Hello")
    await chat.start()
    second = chat.simulator.contact
    assert (second.name, second.language) == ("Ravi", "hi")
    assert first.id != second.id
    assert min(first.id, second.id) >= STRANGERS
    assert (chat.simulator.asks, chat.simulator.results) == ([], {})


async def test_a_conversation_does_not_grow_without_end(hub: AsyncHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringmain.play.simulator.LONGEST", 2000)
    chat = await Chat(hub, flow(a=wait(to="b"), b=wait(to="a"))).start()
    while chat.simulator.size <= 2000:
        await chat.act("say", "And more")
    with pytest.raises(AskError, match="The conversation has come to") as error:
        await chat.act("say", "And more")
    assert error.value.fix == "Start over."
    await chat.start()
    await chat.act("say", "Hello")


async def test_an_action_that_nobody_knows_is_found_beforehand_and_stops_the_flow_with_a_sentence(
    hub: AsyncHub,
) -> None:
    chat = Chat(hub, flow(a=act({"type": "send_pigeon"})))
    assert [(one.level, one.code) for one in chat.simulator.findings] == [("error", "unsupported")]
    await chat.start()
    assert chat.simulator.status == "stopped"
    assert "send_pigeon" in chat.simulator.transcript()["events"][-1]["sentence"]


def test_the_file_that_is_opened_is_told_what_is_wrong_with_it() -> None:
    assert [one.name for one in opened(json.dumps(definition(**TUTOR)).encode(), name="f")] == ["Tutor"]
    for data, sentence in {
        b"": "There is no flow to play",
        b"{": "flow.json is not JSON",
        b"[]": "flow.json holds no flow",
        b'{"nodes": []}': "has no nodes",
        json.dumps(definition(a=say("x", to="nowhere"))).encode(): "names a node that is not there",
        b" " * (LARGEST + 1): "has more than 4 MiB",
    }.items():
        with pytest.raises(AskError, match=sentence) as error:
            opened(data, name="flow.json")
        assert error.value.fix
        assert error.value.param == "file"
