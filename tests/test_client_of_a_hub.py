"""With RINGMAIN_URL set, Python and the command line are clients of that hub."""

import msgspec
import pytest

import ringmain
from ringmain.exchange.ask import Ask
from ringmain.exchange.audio import Audio
from ringmain.hosts import rooms
from ringmain.registry import LOCAL
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store import StoredConnection
from ringmain.testing import MemoryStore, Scripted
from ringmain.tour import tour
from tests.hubs import DEMO_URL, Served, run_hub
from tests.sounds import WAV


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch):
    with run_hub() as hub:
        monkeypatch.setenv("RINGMAIN_URL", hub.url)
        monkeypatch.setenv("RINGMAIN_KEY", hub.key)
        yield hub


def test_the_ask_is_in_the_hubs_book_with_its_cost_and_notices(served: Served) -> None:
    reply = ringmain.ask("Hello", model="demo-completion")
    (line,) = served.lines()
    assert line.status == "ok"
    assert reply.cost == 0
    assert "asked by completion" in " ".join(reply.notices)


def test_a_stream_goes_through_the_hub_too(served: Served) -> None:
    assert "".join(ringmain.ask("Hello", model="demo-1", stream=True)).startswith("[demo]")
    assert [line.stream for line in served.lines()] == [True]


def test_a_stream_that_went_through_the_hub_knows_what_it_cost(served: Served) -> None:
    stream = ringmain.ask("Hello", model="demo-1", stream=True)
    assert "".join(stream).startswith("[demo]")
    assert stream.reply
    assert stream.reply.cost == 0
    body = {"model": "demo-1", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    told = served.call("POST", "/v1/chat/completions", body, headers={"x-ringmain-tell": "cost"}).body
    assert told.endswith(b": ringmain-cost 0\n\ndata: [DONE]\n\n")
    assert b"ringmain-cost" not in served.call("POST", "/v1/chat/completions", body).body


def test_the_hub_keeps_the_cap_of_one_ask_as_it_knows_the_price(served: Served) -> None:
    prices = {"demo-1": ("1000", "1000")}
    served.ring.store.save_connection(
        StoredConnection(id="p", name="priced", base_url=DEMO_URL, preset="demo", prices=prices)
    )
    served.ring.registry.refresh()
    refused = r"This ask may cost \$\d+\.\d+, and no more than \$0\.01 was"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RINGMAIN_KEY", served.account("priced", connection="priced"))
        for stream in (False, True):
            with pytest.raises(ringmain.RingmainError, match=refused):
                ringmain.ask("Hello", model="demo-1", max_tokens=100, max_cost=0.01, stream=stream)
        assert ringmain.ask("Hello", model="demo-1", max_tokens=100, max_cost=1).text
        with pytest.raises(ringmain.RingmainError, match="The cap cannot be 'much'"):
            ringmain.ask("Hello", model="demo-1", max_cost="much")
    assert [line.status for line in served.lines()] == ["refused", "ok", "refused", "refused"]


@pytest.mark.parametrize("cap", ["1e999900", "-1", "NaN", "Infinity"])
def test_a_cap_that_is_no_sum_of_money_is_refused_at_once(served: Served, cap: str) -> None:
    body = {"model": "demo-1", "messages": [{"role": "user", "content": "Hello"}]}
    told = served.call("POST", "/v1/chat/completions", body, headers={"x-ringmain-cap": cap})
    assert (told.status, told.json["error"]["message"]) == (400, f"The cap cannot be '{cap}'. Give USD, such as 5.00.")
    assert [line.status for line in served.lines()] == ["refused"]


def test_the_hub_remembers_the_conversation(served: Served) -> None:
    ringmain.ask("One", model="demo-1", conversation="c")
    second = ringmain.ask("Two", model="demo-1", conversation="c")
    newest, first = served.lines()
    assert newest.conversation == first.conversation == "c"
    assert newest.input_tokens > first.input_tokens
    assert second.usage.input_tokens == newest.input_tokens


def test_a_wrong_host_key_is_told(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGMAIN_KEY", "rm-wrong")
    with pytest.raises(ringmain.RingmainError) as caught:
        ringmain.ask("Hello", model="demo-1")
    assert caught.value.code == "invalid_api_key"
    assert not served.lines()


def test_the_hubs_own_refusal_is_told_in_its_own_words(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGMAIN_KEY", served.account("pinned", models=("demo-1",)))
    with pytest.raises(ringmain.RingmainError) as caught:
        ringmain.ask("Hello", model="demo-chat")
    assert caught.value.code == "model_not_allowed"
    assert str(caught.value) == "The account 'pinned' may not use the model 'demo-chat'. Ask for one of: demo-1."


def test_the_hubs_account_may_choose_the_model(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGMAIN_KEY", served.account("chooses", model="demo-chat"))
    assert ringmain.ask("Hello").model == "demo-chat"


async def test_a_clients_own_line_names_the_model_that_the_hub_has_chosen(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGMAIN_KEY", served.account("chooses", model="demo-chat"))
    async with ringmain.AsyncHub() as hub:
        await hub.ask("Hello")
        await hub.ring.book.flush()
        assert [line.model for line in hub.ring.store.lines(10)] == ["demo-chat"]


async def test_what_one_model_refuses_says_nothing_of_the_next_that_the_hub_chooses() -> None:
    refused = {"message": "Unsupported parameter: 'top_p'", "code": "unsupported_parameter", "param": "top_p"}
    said = b'{"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}'
    transport = Scripted((400, {}, msgspec.json.encode({"error": refused})), (200, {}, said), (200, {}, said))
    settings = read_settings({"RINGMAIN_URL": "http://hub.example"})
    async with ringmain.AsyncHub(ring=Ring(settings, store=MemoryStore(), transport=transport)) as hub:
        for number in range(2):
            messages = ({"role": "user", "content": "Hello"},)
            ask = Ask(id=f"ask_{number}", messages=messages, fields={"top_p": 0.5}, lenient=True)
            await hub.answer(ask, LOCAL)
    sent = [msgspec.json.decode(request.body) for request in transport.requests]
    assert ["top_p" in body for body in sent] == [True, False, True]


async def test_the_tour_says_that_the_hubs_demo_answered(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGMAIN_KEY", served.account("touring", model="demo-1"))
    async with ringmain.AsyncHub() as hub:
        assert [row.demo async for row in tour(hub, real=True)] == [True] * len(rooms())


async def test_sound_goes_through_the_hub_which_chooses_the_model_and_has_the_line(served: Served) -> None:
    async with ringmain.AsyncHub() as hub:
        heard = Ask(id="ask_1", wire="transcription", audio=Audio(data=WAV), conversation="c")
        spoken = Ask(id="ask_2", wire="speech", prompts=("Guten Tag.",), fields={"voice": "alloy"})
        words, sound = [await (await hub.answer(ask, LOCAL)).whole() for ask in (heard, spoken)]
    assert ("2 seconds" in words.text, words.cost, sound.cost) == (True, 0, 0)
    assert sound.audio
    assert sound.audio.type == "audio/wav"
    newest, first = served.lines()
    assert (first.model, first.audio_milliseconds, newest.model) == ("demo-transcribe", 2000, "demo-speech")
    assert newest.characters == 10
