"""The shell: an ask from its beginning to its line in the book."""

import asyncio
import itertools
import threading
from contextlib import suppress

import msgspec
import pytest

from ringmain import registry
from ringmain.errors import HubError, ProviderError, RingmainError, SetupError
from ringmain.exchange import reserve
from ringmain.exchange.account import Account, Memory
from ringmain.exchange.ask import Ask, Wire
from ringmain.hosts.openai.wire import stream
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store import StoredConnection
from ringmain.testing import Clock, MemoryStore, Recorder, Scripted, ready_hub
from tests.relay import Relay

USAGE = {"prompt_tokens": 3, "completion_tokens": 1}
ANSWER = msgspec.json.encode(
    {
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
)
TEXT = msgspec.json.encode({"choices": [{"text": "Hello", "index": 0, "finish_reason": "stop"}], "usage": USAGE})
JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream"}


def account(**settings) -> Account:
    return Account(id="acc", name="shop", tool="openai", **settings)


def scripted(*answers) -> tuple[AsyncHub, Scripted]:
    transport = Scripted(*answers)
    return ready_hub(transport=transport), transport


def error(status: int, **told) -> tuple:
    return status, JSON, msgspec.json.encode({"error": told})


async def lines(hub: AsyncHub):
    await hub.ring.book.flush()
    return hub.ring.store.lines(100)


# an answer ---------------------------------------------------------------------------------------------------------


async def test_a_real_engine_answers_and_the_book_has_its_tokens(hub: AsyncHub, upstream: Relay) -> None:
    reply = await hub.ask("Hello", max_tokens=6, temperature=0)
    (line,) = await lines(hub)
    assert (line.status, line.id, line.output_tokens) == ("ok", reply.id, reply.usage.output_tokens)
    assert 0 < reply.usage.output_tokens <= 6
    assert upstream.last.json == {
        "model": "tiny",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 6,
        "temperature": 0,
    }


async def test_a_stream_says_what_the_whole_answer_says(hub: AsyncHub, upstream: Relay) -> None:
    whole = await hub.ask("Hello", max_tokens=8, temperature=0, seed=1)
    stream = await hub.ask("Hello", max_tokens=8, temperature=0, seed=1, stream=True)
    pieces = [piece async for piece in stream]
    assert "".join(pieces) == whole.text
    assert stream.reply is not None
    assert stream.reply.usage == whole.usage
    assert upstream.last.json["stream_options"] == {"include_usage": True}


async def test_a_system_message_alone_is_an_ask(hub: AsyncHub, upstream: Relay) -> None:
    await hub.ask(messages=[{"role": "system", "content": "Act as a chef."}], max_tokens=3)
    assert upstream.last.json["messages"] == [{"role": "system", "content": "Act as a chef."}]


async def test_a_reply_reads_as_openais_does(demo: tuple[AsyncHub, Recorder]) -> None:
    reply = await demo[0].ask("Hello")
    assert str(reply) == reply.text == reply.choices[0].message.content
    assert reply.finish_reason == "stop"
    assert reply.demo


# memory ------------------------------------------------------------------------------------------------------------


async def test_earlier_turns_of_a_conversation_travel_along(hub: AsyncHub, upstream: Relay) -> None:
    first = await hub.ask("One", conversation="c", max_tokens=3)
    await hub.ask("Two", conversation="c", max_tokens=3)
    assert upstream.last.json["messages"] == [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": first.text.replace("\x00", "�")},
        {"role": "user", "content": "Two"},
    ]


async def test_a_conversation_belongs_to_its_account(demo: tuple[AsyncHub, Recorder]) -> None:
    hub, sent = demo
    await hub.ask("Secret of A", conversation="same", account=Account(id="a", name="a", tool="openai"))
    await hub.ask("And B?", conversation="same", account=Account(id="b", name="b", tool="openai"))
    assert sent.bodies[1]["messages"] == [{"role": "user", "content": "And B?"}]


async def test_only_the_newest_turns_that_fit_travel_along(demo: tuple[AsyncHub, Recorder]) -> None:
    hub, sent = demo
    shop = account(memory=Memory(turns=2))
    for text in ("One", "Two", "Three"):
        await hub.ask(text, conversation="c", account=shop)
    assert [m["content"] for m in sent.bodies[2]["messages"] if m["role"] == "user"] == ["Two", "Three"]


async def test_an_account_that_remembers_nothing_keeps_no_words() -> None:
    async with ready_hub() as hub:
        forgetful = account(memory=Memory(turns=0))
        await hub.ask("Secret", conversation="c", account=forgetful)
        await hub.ring.book.flush()
        assert not hub.ring.store.turns(forgetful.id, "c", 10)


async def test_turns_whose_days_are_over_are_forgotten(tmp_path) -> None:
    clock = Clock()
    hub = ready_hub(clock=clock)
    async with hub:
        store, shop = hub.ring.store, account(memory=Memory(days=1))
        store.save_account(shop)
        await hub.ask("Hello", conversation="c", account=shop)
        assert store.turns(shop.id, "c", 10)
        clock.advance(2 * 86_400)
        hub.ring.start()
        assert not store.turns(shop.id, "c", 10)


# attempts ----------------------------------------------------------------------------------------------------------


async def test_a_passing_fault_is_tried_again_once() -> None:
    hub, sent = scripted(error(503, message="busy"), (200, JSON, ANSWER))
    async with hub:
        assert (await hub.ask("Hi")).text == "Hello"
        (line,) = await lines(hub)
    assert (len(sent.requests), line.attempts, line.status) == (2, 2, "ok")


async def test_a_third_attempt_is_never_made() -> None:
    hub, sent = scripted(*[error(503, message="busy")] * 3)
    async with hub:
        with pytest.raises(ProviderError) as caught:
            await hub.ask("Hi")
    assert len(sent.requests) == caught.value.tried == 2


async def test_spent_credit_is_not_tried_again() -> None:
    hub, sent = scripted(error(429, code="insufficient_quota", message="You exceeded your current quota"))
    async with hub:
        with pytest.raises(ProviderError, match="no credit"):
            await hub.ask("Hi")
        (line,) = await lines(hub)
    assert (len(sent.requests), line.status, line.unconfirmed_tokens) == (1, "failed", 0)


async def test_a_wrong_endpoint_is_switched_remembered_and_told_in_a_notice() -> None:
    mismatch = error(
        404,
        message="This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
        "Did you mean to use v1/completions?",
        param="model",
    )
    hub, sent = scripted(mismatch, (200, JSON, TEXT), (200, JSON, TEXT))
    async with hub:
        first = await hub.ask("Hi", model="demo-unknown")
        second = await hub.ask("Hi", model="demo-unknown")
    assert [r.url.rpartition("/")[2] for r in sent.requests] == ["completions", "completions", "completions"]
    assert sent.requests[0].url.endswith("chat/completions")
    assert first.mode == second.mode == "completion"
    assert "Did you mean" not in " ".join(first.notices)
    assert first.notices


LIST = (200, JSON, b'{"data": [{"id": "gpt-6-luna"}]}')


async def paths_of_three_asks(*answers) -> list[str]:
    """What was called for two asks in a row that name no model, and one eleven minutes later."""
    clock, transport = Clock(), Scripted(*answers)
    ring = Ring(read_settings({"OPENAI_API_KEY": "sk-x"}), store=MemoryStore(), transport=transport, clock=clock)
    async with AsyncHub(ring=ring) as hub:
        for seconds in (0, 0, 660):
            clock.advance(seconds)
            with suppress(SetupError):
                await hub.ask("Hi")
    return [request.url.rpartition("/")[2] for request in transport.requests]


async def test_the_list_that_a_model_is_suggested_from_is_not_read_for_every_ask() -> None:
    answer = (200, JSON, ANSWER)
    paths = await paths_of_three_asks(LIST, answer, answer, LIST, answer)
    assert paths == ["models", "completions", "completions", "models", "completions"]


async def test_a_list_that_is_not_there_is_not_looked_for_with_every_ask() -> None:
    missing = error(404, message="not found")
    assert await paths_of_three_asks(missing, missing) == ["models", "models"]


MISMATCH = error(404, message="This is not a chat model. Did you mean to use v1/completions?", param="model")


async def test_a_store_that_cannot_remember_what_a_call_showed_does_not_stop_the_ask(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Away(MemoryStore):
        def learn(self, connection_id, model, change):
            raise HubError("store_unavailable", f"Not from {threading.current_thread().name}.")

    hub = ready_hub(transport=Scripted(MISMATCH, (200, JSON, TEXT)), store=Away())
    async with hub:
        assert (await hub.ask("Hi", model="demo-unknown")).mode == "completion"
    assert "could not be remembered: Not from ringmain-learnt" in caplog.text


async def test_what_another_process_learnt_reaches_a_hub_that_runs() -> None:
    store, clock = MemoryStore(), Clock()
    first = ready_hub(transport=Scripted((200, JSON, ANSWER), (200, JSON, TEXT)), store=store, clock=clock)
    async with first:
        assert (await first.ask("Hi", model="demo-unknown")).mode == "chat"
        async with ready_hub(transport=Scripted(MISMATCH, (200, JSON, TEXT)), store=store) as second:
            await second.ask("Hi", model="demo-unknown")
        clock.advance(1)
        assert (await first.ask("Hi", model="demo-unknown")).mode == "completion"


async def test_an_accounts_parameter_that_the_model_refuses_is_left_out_and_remembered() -> None:
    refusal = error(400, message="Unsupported value", code="unsupported_value", param="temperature")
    hub, sent = scripted(refusal, (200, JSON, ANSWER), (200, JSON, ANSWER))
    async with hub:
        shop = account(parameters={"temperature": 0.5})
        reply = await hub.ask("Hi", account=shop)
        await hub.ask("Hi", account=shop)
    assert "temperature" in reply.notices[-1]
    assert [b"temperature" in r.body for r in sent.requests] == [True, False, False]


async def test_a_parameter_that_the_asker_sent_is_never_left_out() -> None:
    refusal = error(400, message="Unsupported value", code="unsupported_value", param="temperature")
    hub, sent = scripted(refusal)
    async with hub:
        with pytest.raises(ProviderError) as caught:
            await hub.ask("Hi", temperature=0.5)
    assert (len(sent.requests), caught.value.param) == (1, "temperature")


async def test_a_refused_name_of_the_token_cap_is_changed_and_the_cap_kept() -> None:
    refusal = error(400, message="Use max_completion_tokens", code="unsupported_parameter", param="max_tokens")
    hub, sent = scripted(refusal, (200, JSON, ANSWER), (200, JSON, ANSWER))
    async with hub:
        await hub.ask("Hi", max_tokens=7)
        await hub.ask("Hi", max_tokens=8)
    bodies = [msgspec.json.decode(r.body) for r in sent.requests]
    assert [(b.get("max_tokens"), b.get("max_completion_tokens")) for b in bodies] == [(7, None), (None, 7), (None, 8)]


async def test_an_endpoint_that_is_not_served_is_emulated_on_chat() -> None:
    hub, sent = scripted((404, JSON, b'{"error":"Not Found"}'), (200, JSON, ANSWER))
    async with hub:
        reply = await hub.ask("Hi", mode="completion")
    assert [r.url.rpartition("/v1/")[2] for r in sent.requests] == ["completions", "chat/completions"]
    assert (reply.text, reply.mode) == ("Hello", "chat")


async def test_a_list_of_prompts_that_is_switched_to_chat_is_answered_to_the_last() -> None:
    mismatch = error(
        404, message="This is a chat model and not supported in the v1/completions endpoint.", param="model"
    )
    hub, sent = scripted(mismatch, (200, JSON, ANSWER), (200, JSON, ANSWER), (200, JSON, ANSWER))
    async with hub:
        ask = Ask(id=new_id(), wire="completion", prompts=("a", "b", "c"), listed=True, model="demo-unknown")
        reply = await (await hub.answer(ask, account())).whole()
    assert [choice.index for choice in reply.choices] == [0, 1, 2]
    assert reply.usage.output_tokens == 3
    assert len(sent.requests) == 4


async def test_prompts_that_are_a_call_each_are_one_stream_of_our_own() -> None:
    chunk = b'data: {"id":"theirs","choices":[{"index":0,"text":"Hi","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    hub, sent = scripted((200, JSON, TEXT), (200, EVENTS, chunk), (200, EVENTS, chunk))
    async with hub:
        first = Ask(id=new_id(), wire="completion", prompts=("a",), model="m", conversation="c")
        await (await hub.answer(first, account(mode="completion"))).whole()
        ask = Ask(id=new_id(), wire="completion", prompts=("a", "b"), model="m", conversation="c", stream=True)
        pieces = [piece async for piece in await hub.answer(ask, account(mode="completion"))]
    assert len(sent.requests) == 3
    assert [(piece.index, piece.text) for piece in pieces if piece.text] == [(0, "Hi"), (1, "Hi")]
    assert not [piece for piece in pieces if piece.raw is not None]


TWO = [{"index": at, "delta": {"content": text}, "finish_reason": "stop"} for at, text in ((0, "Hi"), (1, "Ho"))]
CHUNK_OF_TWO = msgspec.json.encode({"choices": TWO})


@pytest.mark.parametrize("wire", ["chat", "completion"])
async def test_two_choices_in_one_chunk_are_both_heard(wire: Wire) -> None:
    hub, _ = scripted((200, EVENTS, b"data: " + CHUNK_OF_TWO + b"\n\n"))
    async with hub:
        words = {"messages": ({"role": "user", "content": "Hi"},)} if wire == "chat" else {"prompts": ("Hi",)}
        ask = Ask(id=new_id(), wire=wire, stream=True, fields={"n": 2}, **words)
        answer, writer = await hub.answer(ask, account(mode="chat")), stream(ask)
        written = b"".join([writer.piece(piece) async for piece in answer])
    assert answer.reply
    assert [choice.text for choice in answer.reply.choices] == ["Hi", "Ho"]
    assert (written.count(b"Hi"), written.count(b"Ho")) == (1, 1)
    assert (CHUNK_OF_TWO in written) is (wire == "chat")


async def test_a_broken_event_in_the_middle_is_an_interruption() -> None:
    events = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\ndata: {"choi\n\n'
    hub, _ = scripted((200, EVENTS, events))
    async with hub:
        stream = await hub.ask("Hi", stream=True)
        with pytest.raises(ProviderError) as caught:
            [piece async for piece in stream]
    assert caught.value.code == "stream_interrupted"


HALVES = [b'{"choices":[{"index":0,"delta":{"content":"\\u%s"}}]}' % half for half in (b"d83d", b"de00")]
CUT = [*(b"data: " + half + b"\n\n" for half in HALVES), b"data: [DONE]\n\n"]


async def test_a_character_cut_in_two_passes_as_it_came_and_is_whole_in_the_reply() -> None:
    hub, _ = scripted((200, EVENTS, CUT))
    async with hub:
        ask = Ask(id=new_id(), messages=({"role": "user", "content": "Hi"},), stream=True)
        answer = await hub.answer(ask, account())
        assert [piece.raw async for piece in answer if not piece.done] == HALVES
    assert answer.reply
    assert answer.reply.text == "😀"


async def test_a_character_cut_in_two_is_whole_where_the_answer_is_emulated() -> None:
    hub, _ = scripted((200, EVENTS, CUT))
    async with hub:
        ask = Ask(id=new_id(), wire="completion", prompts=("Hi",), stream=True)
        writer = stream(ask)
        written = [writer.piece(piece) async for piece in await hub.answer(ask, account(mode="chat"))]
    assert "😀" in b"".join(written).decode()


# how an ask ends ---------------------------------------------------------------------------------------------------


async def test_an_ask_that_may_have_been_charged_stays_unconfirmed() -> None:
    hub, _ = scripted(ProviderError("upstream_ambiguous", "Broken off.", billed=True))
    async with hub:
        with pytest.raises(ProviderError):
            await hub.ask("Hi", max_tokens=10)
        (line,) = await lines(hub)
    assert line.status == "unconfirmed"
    assert line.unconfirmed_tokens >= 10


@pytest.mark.parametrize(("second", "lost"), [((200, JSON, ANSWER), 1), (error(504), 2), ((200, JSON, b"{"), 2)])
async def test_every_attempt_that_may_have_been_charged_stays_unconfirmed(second: tuple, lost: int) -> None:
    hub, _ = scripted(error(504), second)
    asked = Ask(id=new_id(), wire="chat", messages=({"role": "user", "content": "Hi"},), fields={"max_tokens": 10})
    async with hub:
        held = reserve(await hub.plan(asked, account())).tokens
        with suppress(ProviderError):
            await (await hub.answer(asked, account())).whole()
        (line,) = await lines(hub)
    assert (line.attempts, line.unconfirmed_tokens) == (2, lost * held)


async def test_a_second_attempt_beside_one_that_may_have_been_charged_needs_room_in_the_budget_too() -> None:
    asked = Ask(id=new_id(), wire="chat", messages=({"role": "user", "content": "Hi"},), fields={"max_tokens": 10})
    for holds, attempts in ((1.5, 1), (2.5, 2)):
        store, sent = MemoryStore(), Scripted(error(504), (200, JSON, ANSWER))
        store.save_connection(
            StoredConnection(id="c", name="c", base_url="https://x.example/v1", model="m", prices={"m": ("1", "1")})
        )
        async with ready_hub(transport=sent, store=store) as hub:
            bound = reserve(await hub.plan(asked, account(connection="c"))).picodollars or 0
            rich = account(connection="c", budget=round(bound * holds), per="day")
            with suppress(ProviderError):
                await (await hub.answer(msgspec.structs.replace(asked, id=new_id()), rich)).whole()
            (line,) = await lines(hub)
        assert (len(sent.requests), line.attempts) == (attempts, attempts)
        assert line.unconfirmed_picodollars == bound


async def test_the_second_attempts_of_several_prompts_need_room_for_one_more_hold_and_not_for_one_each() -> None:
    asked = Ask(id=new_id(), wire="completion", prompts=("a", "b"), listed=True, fields={"max_tokens": 10})
    store, sent = MemoryStore(), Scripted(error(504), (200, JSON, ANSWER), error(504), (200, JSON, ANSWER))
    store.save_connection(
        StoredConnection(id="c", name="c", base_url="https://x.example/v1", model="m", prices={"m": ("1", "1")})
    )
    async with ready_hub(transport=sent, store=store) as hub:
        bound = reserve(await hub.plan(asked, account(connection="c", mode="chat"))).picodollars or 0
        rich = account(connection="c", mode="chat", budget=round(bound * 2.5), per="day")
        await (await hub.answer(asked, rich)).whole()
        (line,) = await lines(hub)
    assert (line.status, line.attempts, line.unconfirmed_picodollars) == ("ok", 4, bound)


async def test_an_ask_that_cannot_be_written_as_json_was_never_sent() -> None:
    hub, sent = scripted()
    async with hub:
        with pytest.raises(RingmainError, match="cannot be written"):
            await hub.ask("Hi", user=object())
        (line,) = await lines(hub)
    assert (line.status, line.attempts, sent.requests) == ("refused", 0, [])


async def test_a_stream_that_breaks_off_is_never_passed_on_as_whole() -> None:
    begun = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
    hub, _ = scripted((200, EVENTS, begun))
    async with hub:
        stream = await hub.ask("Hi", stream=True)
        with pytest.raises(ProviderError) as caught:
            [piece async for piece in stream]
        (line,) = await lines(hub)
    assert caught.value.code == line.code == "stream_interrupted"
    assert (line.status, line.output_tokens) == ("interrupted", 1)


async def test_a_connection_that_is_lost_in_the_middle_is_an_interruption() -> None:
    class Torn:
        status, headers = 200, EVENTS

        async def chunks(self):
            yield b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
            raise ProviderError("upstream_ambiguous", "Reset.", billed=True)

        async def send(self, request, *, timeout):
            return self

        async def close(self) -> None:
            pass

    async with ready_hub(transport=Torn()) as hub:
        with pytest.raises(ProviderError) as caught:
            [piece async for piece in await hub.ask("Hi", stream=True)]
        (line,) = await lines(hub)
    assert caught.value.code == line.code == "stream_interrupted"
    assert (line.status, line.unconfirmed_tokens) == ("interrupted", 0)


async def test_a_stream_without_done_is_whole_when_it_said_why_it_finished() -> None:
    events = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    hub, _ = scripted((200, EVENTS, events))
    async with hub:
        stream = await hub.ask("Hi", stream=True)
        assert [piece async for piece in stream] == ["Hi"]


async def test_an_error_as_the_first_event_is_an_error_and_not_a_stream() -> None:
    told = b'data: {"error":{"message":"The server is overloaded","code":503}}\n\n'
    hub, sent = scripted((200, EVENTS, told), (200, EVENTS, told))
    async with hub:
        with pytest.raises(ProviderError) as caught:
            await hub.ask("Hi", stream=True)
    assert caught.value.code == "upstream_overloaded"
    assert len(sent.requests) == 2


async def test_a_stream_that_was_asked_for_comes_even_where_the_provider_answers_whole() -> None:
    hub, _ = scripted((200, JSON, ANSWER))
    async with hub:
        stream = await hub.ask("Hi", stream=True)
        assert "".join([piece async for piece in stream]) == "Hello"


async def test_only_the_chunk_that_counts_and_says_nothing_is_kept_from_a_host_that_did_not_ask_for_it() -> None:
    counted = b'"usage":{"prompt_tokens":3,"completion_tokens":1}'
    calls = b'{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c"}]}}],' + counted + b"}"
    thinks = b'{"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}],' + counted + b"}"
    ends = b'{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}'
    events = [b"data: " + data + b"\n\n" for data in (thinks, calls, ends, b'{"choices":[],' + counted + b"}")]
    hub, _ = scripted((200, EVENTS, [*events, b"data: [DONE]\n\n"]))
    async with hub:
        ask = Ask(id=new_id(), messages=({"role": "user", "content": "Hi"},), stream=True)
        passed = [piece.raw async for piece in await hub.answer(ask, account())]
    assert passed == [thinks, calls, ends]


async def test_the_last_event_of_a_response_passes_even_where_it_does_not_say_how_it_ended() -> None:
    said = b'{"type":"response.output_text.delta","delta":"Hi"}'
    last = b'{"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":1}}}'
    hub, _ = scripted((200, EVENTS, [b"data: " + said + b"\n\n", b"data: " + last + b"\n\n"]))
    async with hub:
        ask = Ask(id=new_id(), wire="responses", messages=({"role": "user", "content": "Hi"},), stream=True)
        passed = [piece.raw async for piece in await hub.answer(ask, account(mode="responses"))]
    assert passed == [said, last]


async def test_a_whole_answer_comes_even_where_the_provider_streams() -> None:
    events = (
        b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\n'
        b"data: [DONE]\n\n"
    )
    hub, _ = scripted((200, EVENTS, events))
    async with hub:
        assert (await hub.ask("Hi")).text == "Hello"


async def test_a_host_that_hangs_up_leaves_its_line() -> None:
    hub = ready_hub()
    async with hub:
        ask = Ask(id=new_id(), messages=({"role": "user", "content": "Hello there"},), stream=True)
        answer = await hub.answer(ask, account())
        async for piece in answer:
            if piece.text:
                break
        await answer.close()
        (line,) = await lines(hub)
    assert (line.status, line.code, line.id) == ("interrupted", "host_hung_up", ask.id)
    assert line.output_tokens > 0


class Silent:
    """A transport whose answer says one thing and then nothing more."""

    status = 200
    headers = EVENTS

    def __init__(self) -> None:
        self.closed = False

    async def send(self, request, *, timeout):
        return self

    async def chunks(self):
        yield b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True


class Pinging(Silent):
    """A transport whose answer says one thing, and then only that it is still there."""

    def __init__(self, said: bytes) -> None:
        super().__init__()
        self._said = said
        self.pinged = asyncio.Event()

    async def chunks(self):
        yield b"data: " + self._said + b"\n\n"
        for pings in itertools.count():
            yield b": ping\n\n"
            await asyncio.sleep(0.01)
            if pings == 10:
                self.pinged.set()


async def test_a_stream_that_goes_on_with_comments_only_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringmain.patience.IDLE", 0.1)
    transport = Pinging(b'{"choices":[{"index":0,"delta":{"content":"Hel"}}]}')
    async with ready_hub(transport=transport) as hub:
        with pytest.raises(ProviderError) as caught:
            [piece async for piece in await hub.ask("Hi", stream=True)]
        (line,) = await lines(hub)
    assert caught.value.code == line.code == "stream_interrupted"
    assert transport.closed


async def test_a_stream_that_has_said_why_it_finished_is_whole_when_it_falls_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ringmain.patience.IDLE", 0.1)
    transport = Pinging(b'{"choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":"stop"}]}')
    async with ready_hub(transport=transport) as hub:
        assert [piece async for piece in await hub.ask("Hi", stream=True)] == ["Hello"]


async def test_a_model_may_think_longer_than_it_may_fall_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringmain.patience.IDLE", 0.0)
    transport = Pinging(b'{"choices":[{"index":0,"delta":{"role":"assistant"}}]}')
    async with ready_hub(transport=transport) as hub:
        answer = await hub.ask("Hi", stream=True)
        reading = asyncio.create_task(anext(aiter(answer), None))
        await transport.pinged.wait()
        assert not reading.done()
        await answer.close()
        assert await reading is None


async def test_an_answer_can_be_given_up_while_another_task_waits_for_its_next_piece() -> None:
    silent, begun = Silent(), asyncio.Event()

    async def listen(stream) -> str:
        async for _ in stream:
            begun.set()
        return "at its end"

    async with ready_hub(transport=silent) as hub:
        answer = await hub.ask("Hi", stream=True)
        listening = asyncio.create_task(listen(answer))
        await begun.wait()
        await asyncio.sleep(0)
        await answer.close()
        await answer.close()
        assert silent.closed
        assert await listening == "at its end"
        assert listening.cancelling() == 0
        (line,) = await lines(hub)
    assert answer.reply is None
    assert (line.status, line.code) == ("interrupted", "host_hung_up")


async def test_an_ask_that_is_cancelled_while_it_waits_leaves_its_line() -> None:
    class Silent(Scripted):
        async def send(self, request, *, timeout):
            await asyncio.sleep(60)

    hub = ready_hub(transport=Silent())
    async with hub:
        task = asyncio.create_task(hub.ask("Hi"))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (line,) = await lines(hub)
    assert (line.status, line.code) == ("unconfirmed", "host_hung_up")


async def test_a_call_that_may_have_been_charged_stays_visible_when_the_second_answers() -> None:
    hub, _ = scripted(error(500, message="boom"), (200, JSON, ANSWER), error(429, message="slow"), (200, JSON, ANSWER))
    async with hub:
        await hub.ask("Hi", max_tokens=10)
        await hub.ask("Hi", max_tokens=10)
        by_charge = sorted(await lines(hub), key=lambda line: line.unconfirmed_tokens)
    assert [(line.status, line.attempts, line.output_tokens) for line in by_charge] == [("ok", 2, 1)] * 2
    assert by_charge[0].unconfirmed_tokens == 0
    assert by_charge[1].unconfirmed_tokens >= 10


@pytest.mark.parametrize(("status", "ended"), [(429, "failed"), (500, "unconfirmed")])
async def test_hanging_up_between_two_attempts_is_unconfirmed_only_where_the_first_may_have_been_charged(
    status: int, ended: str
) -> None:
    waits = asyncio.Event()

    async def wait(_: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    hub, _ = scripted(error(status, message="Not now"))
    async with hub:
        hub.ring.sleep = wait
        asking = asyncio.create_task(hub.ask("Hi", max_tokens=10))
        await waits.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        (line,) = await lines(hub)
    assert (line.status, line.code) == (ended, "host_hung_up")
    assert bool(line.unconfirmed_tokens) is (ended == "unconfirmed")


async def test_an_error_that_cost_nothing_releases_the_hold_though_the_stream_had_begun() -> None:
    begun, told = b'{"choices":[{"index":0,"delta":{"role":"assistant"}}]}', b'{"error":{"message":"busy","code":503}}'
    hub, _ = scripted((200, EVENTS, [b"data: " + data + b"\n\n" for data in (begun, told)]))
    async with hub:
        with pytest.raises(ProviderError):
            await hub.ask("Hi")
        (line,) = await lines(hub)
    assert (line.status, line.unconfirmed_tokens) == ("failed", 0)


async def test_a_second_prompt_of_which_nothing_was_heard_is_unconfirmed_beside_the_first() -> None:
    broken_off = ProviderError("upstream_ambiguous", "Broken off.", billed=True)
    hub, _ = scripted((200, JSON, ANSWER), broken_off)
    async with hub:
        ask = Ask(id=new_id(), wire="completion", prompts=("a", "b"), listed=True, fields={"max_tokens": 10})
        with pytest.raises(ProviderError):
            await (await hub.answer(ask, account(mode="chat"))).whole()
        (line,) = await lines(hub)
    assert (line.status, line.output_tokens) == ("interrupted", 1)
    assert line.unconfirmed_tokens >= 20


async def test_a_fault_of_our_own_is_told_without_a_trace_and_leaves_its_line() -> None:
    hub, _ = scripted(ZeroDivisionError("secret detail"))
    async with hub:
        with pytest.raises(RingmainError) as caught:
            await hub.ask("Hi")
        (line,) = await lines(hub)
    assert caught.value.code == line.code == "internal_error"
    assert "secret detail" not in str(caught.value)


async def test_every_refusal_before_the_call_is_a_line(demo: tuple[AsyncHub, Recorder]) -> None:
    hub, sent = demo
    refusals = {
        "account_off": {"account": account(on=False)},
        "model_not_allowed": {"account": account(models=("demo-1",)), "model": "demo-chat"},
        "unknown_connection": {"connection": "nowhere"},
        "context_length_exceeded": {"max_tokens": 1_000_000},
    }
    for code, words in refusals.items():
        with pytest.raises(RingmainError) as caught:
            await hub.ask("Hi", **words)
        assert caught.value.code == code
    assert {line.code for line in await lines(hub)} == set(refusals)
    assert all(line.status == "refused" for line in await lines(hub))
    assert not sent.requests


async def test_a_rate_of_two_a_minute_admits_two() -> None:
    hub = ready_hub(clock=Clock())
    async with hub:
        shop = account(rpm=2)
        await hub.ask("One", account=shop)
        await hub.ask("Two", account=shop)
        with pytest.raises(RingmainError) as caught:
            await hub.ask("Three", account=shop)
    assert caught.value.code == "rate_limit_exceeded"


async def test_both_numbers_are_named_where_a_prompt_passes_the_window(demo: tuple[AsyncHub, Recorder]) -> None:
    with pytest.raises(RingmainError, match=r"about \d+ tokens.*9000.*8192"):
        await demo[0].ask("word " * 100, max_tokens=9000)


# what a call shows of a model ----------------------------------------------------------------------------------------


NOWHERE = error(404, message="Not Found")


async def test_an_endpoint_that_is_missing_takes_no_mode_from_the_model_but_its_own() -> None:
    hub, transport = scripted((200, JSON, TEXT), NOWHERE, (200, JSON, ANSWER), (200, JSON, TEXT))
    async with hub:
        assert (await hub.ask("Hi", mode="completion")).mode == "completion"
        assert (await hub.ask("Hi", mode="responses")).mode == "chat"
        again = await hub.ask("Hi", mode="completion")
        assert (again.mode, again.notices) == ("completion", ())
    assert [request.url.rpartition("/v1")[2] for request in transport.requests] == [
        "/completions",
        "/responses",
        "/chat/completions",
        "/completions",
    ]


async def test_what_a_provider_names_for_a_model_leaves_what_was_shown_of_it() -> None:
    hint = error(404, message="This is not a chat model. Did you mean to use v1/completions?")
    hub, _ = scripted(hint, (200, JSON, TEXT), (200, JSON, TEXT))
    async with hub:
        connection = hub.ring.registry.connection("demo")
        hub.ring.catalogue.learn(connection, "demo-1", can="responses")
        assert (await hub.ask("Hi", mode="auto")).mode == "completion"
        assert set(hub.ring.catalogue.model(connection, "demo-1").modes or ()) == {"completion", "responses"}


async def test_a_window_that_only_the_live_list_knows_is_asked_for_before_a_long_ask(
    hub: AsyncHub, upstream: Relay
) -> None:
    model = (await hub.models())[0]
    hub.ring.catalogue._connections.clear()
    upstream.clear()
    await hub.ask("Hi", model=model.id, max_tokens=4)
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions"]
    upstream.clear()
    with pytest.raises(RingmainError, match=f"max_tokens asks for 100000, but .* holds {model.context_window}") as told:
        await hub.ask("Hi", model=model.id, max_tokens=100_000)
    assert told.value.code == "context_length_exceeded"
    assert [request.path for request in upstream.requests] == ["/v1/models"]


async def test_a_model_that_cannot_be_asked_for_embeddings_is_told_without_another_endpoint() -> None:
    async with ready_hub() as hub:
        ask = Ask(id=new_id(), wire="embeddings", fields={"input": "Hi"}, model="demo-chat")
        with pytest.raises(RingmainError) as told:
            await (await hub.answer(ask, account(connection="demo"))).whole()
    assert told.value.code == "model_mode_mismatch"
    assert "Did you mean" not in str(told.value)


# settings, read anew -------------------------------------------------------------------------------------------------


class SlowStore(MemoryStore):
    """A store whose settings are read only once `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.go.set()
        self.reads = 0

    def version(self) -> int:
        self.reads += 1
        assert self.go.wait(30)
        return super().version()


async def test_many_asks_at_once_read_the_settings_once() -> None:
    store, clock = SlowStore(), Clock()
    async with ready_hub(store=store, clock=clock) as hub:
        before = store.reads
        clock.advance(60)
        await asyncio.gather(*(hub.ask("Hello") for _ in range(20)))
        assert store.reads == before + 1


async def test_nobody_waits_for_settings_that_are_hardly_old_and_everybody_for_those_that_are() -> None:
    store, clock = SlowStore(), Clock()
    async with ready_hub(store=store, clock=clock) as hub:
        await hub.ask("Hello")
        store.go.clear()
        clock.advance(1.5 * registry.FRESH)
        await hub.ask("While one reads them")
        clock.advance(registry.FRESH)
        waiting = asyncio.create_task(hub.ask("Once they are read"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        store.go.set()
        assert (await waiting).text


def test_a_loop_that_ends_while_it_reads_the_settings_leaves_the_next_one_to_read_them_itself() -> None:
    store, clock = SlowStore(), Clock()
    hub, first = ready_hub(store=store, clock=clock), asyncio.new_event_loop()
    first.run_until_complete(hub.ask("Hello"))
    store.go.clear()
    clock.advance(1.5 * registry.FRESH)
    first.run_until_complete(hub.ask("While one reads them"))
    first.close()
    store.go.set()
    clock.advance(60)

    async def asked() -> str:
        async with hub:
            return (await hub.ask("Once more")).text

    assert asyncio.run(asked())
