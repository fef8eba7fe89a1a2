"""Transcription and speech through a hub: the demo as it stands, and providers that misbehave."""

from typing import Any

import msgspec
import pytest

from ringmain.errors import ProviderError, RingmainError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.exchange.audio import Audio
from ringmain.exchange.form import read
from ringmain.exchange.line import Line, Turn
from ringmain.exchange.reply import Reply
from ringmain.hub import AsyncHub
from ringmain.store import StoredConnection
from ringmain.store.memory import MemoryStore
from ringmain.testing import Recorder, Scripted, ready_hub
from tests.sounds import WAV, opus

CHATTY = Account(
    id="acc",
    name="shop",
    tool="openai",
    connection="own",
    model="a-chat-model",
    context="Be a pirate.",
    parameters={"temperature": 1.5, "max_tokens": 7},
)
JSON = {"content-type": "application/json"}
HEARD = (200, JSON, b'{"text": "Namaste.", "usage": {"type": "duration", "seconds": 2}}')
SPOKEN = (200, {"content-type": "audio/ogg"}, opus(1))
FAILED = (500, JSON, b'{"error": {"message": "No."}}')
LIMITED = (429, {**JSON, "retry-after": "1"}, b'{"error": {"message": "Slow down."}}')


def transcription(id: str = "ask_1", **words: Any) -> Ask:
    said = {"model": "ears", "audio": Audio(data=WAV, type="audio/wav", name="note.wav")}
    return Ask(**{"id": id, "wire": "transcription", **said, **words})


def speech(id: str = "ask_1", **words: Any) -> Ask:
    said = {"model": "voice", "prompts": ("Guten Tag.",), "fields": {"voice": "alloy"}}
    return Ask(**{"id": id, "wire": "speech", **said, **words})


def own(*answers: Any, **changes: Any) -> tuple[AsyncHub, Recorder, MemoryStore]:
    """A hub whose connection `own` is answered with these, and what was sent to it."""
    store, sent = MemoryStore(), Recorder(Scripted(*answers))
    prices = {"ears": ("0.006/min",), "voice": ("15/Mchar",)}
    row = StoredConnection(id="c", name="own", base_url="http://127.0.0.1:9/v1", prices=prices)
    store.save_connection(msgspec.structs.replace(row, **changes))
    return ready_hub(transport=sent, store=store), sent, store


async def told(hub: AsyncHub, ask: Ask, account: Account = CHATTY) -> Reply:
    return await (await hub.answer(ask, account)).whole()


async def line_of(hub: AsyncHub) -> Line:
    await hub.ring.book.flush()
    (line,) = hub.ring.store.lines(9)
    return line


async def test_the_demo_hears_and_speaks_without_a_model_being_named() -> None:
    demo = msgspec.structs.replace(CHATTY, connection="demo", models=("a-chat-model",))
    async with ready_hub() as hub:
        heard = await told(hub, transcription("a", model=None), demo)
        spoken = await told(hub, speech("b", model=None), demo)
        await hub.ring.book.flush()
        lines = {line.wire: line for line in hub.ring.store.lines(9)}
    assert (heard.model, heard.demo, heard.cost) == ("demo-transcribe", True, 0)
    assert "2 seconds" in heard.text
    assert spoken.audio
    assert (spoken.model, spoken.audio.type, spoken.notices) == ("demo-speech", "audio/wav", ())
    assert spoken.audio.data == spoken.raw
    assert lines["transcription"].audio_milliseconds == 2000
    assert lines["speech"].characters == 10
    assert all(line.status == "ok" and line.mode == line.wire for line in lines.values())


async def test_a_transcription_is_sent_as_it_was_asked_and_priced_by_the_second() -> None:
    hub, sent, store = own(HEARD)
    async with hub:
        store.save_account(CHATTY)
        reply = await told(hub, transcription(conversation="talk", fields={"language": "hi"}))
        line = await line_of(hub)
        assert list[Turn](store.turns("acc", "talk", 9)) == []
    (request,) = sent.requests
    parts = {part.name: part.data for part in read(request.headers["content-type"], request.body)}
    assert parts == {"model": b"ears", "language": b"hi", "response_format": b"json", "file": WAV}
    assert (reply.text, reply.notices, reply.picodollars) == ("Namaste.", (), 200_000_000)
    assert (line.audio_milliseconds, line.picodollars, line.unconfirmed_picodollars) == (2000, 200_000_000, 0)


async def test_speech_is_sent_as_it_was_asked_and_priced_by_the_character() -> None:
    hub, sent, _ = own(SPOKEN)
    async with hub:
        reply = await told(hub, speech())
        line = await line_of(hub)
    (request,) = sent.requests
    assert msgspec.json.decode(request.body) == {"model": "voice", "voice": "alloy", "input": "Guten Tag."}
    assert reply.audio == Audio(data=opus(1), type="audio/ogg")
    assert (line.characters, line.picodollars, line.input_tokens) == (10, 150_000_000, 0)


async def test_what_the_provider_did_not_count_is_estimated_and_told() -> None:
    hub, _, _ = own((200, JSON, b'{"text": "Namaste."}'))
    async with hub:
        reply = await told(hub, transcription())
        line = await line_of(hub)
    assert reply.notices == ("The provider did not count the seconds; these are estimated.",)
    assert (line.audio_milliseconds, line.picodollars) == (2000, 200_000_000)


async def test_speech_that_is_priced_by_the_token_is_estimated_and_told() -> None:
    hub, _, _ = own(SPOKEN, prices={"voice": ("0.60", "12")})
    async with hub:
        reply = await told(hub, speech())
        line = await line_of(hub)
    assert reply.notices == ("The provider did not count the tokens; these are estimated.",)
    assert line.picodollars == line.input_tokens * 600_000 + line.output_tokens * 12_000_000 > 0


ASKS = pytest.mark.parametrize("ask", [transcription(), speech()], ids=["transcription", "speech"])


@ASKS
async def test_a_limit_is_waited_for_and_the_same_bytes_are_sent_again(ask: Ask) -> None:
    hub, sent, _ = own(LIMITED, HEARD if ask.wire == "transcription" else SPOKEN)
    async with hub:
        await told(hub, ask)
        line = await line_of(hub)
    first, second = sent.requests
    assert (first.body, first.headers) == (second.body, second.headers)
    assert (line.status, line.attempts, line.unconfirmed_picodollars) == ("ok", 2, 0)


FAULTS = [
    ((FAILED, FAILED), "upstream_error", "unconfirmed"),
    ((LIMITED, LIMITED), "upstream_rate_limited", "failed"),
    (
        ((404, JSON, b'{"error": {"message": "This model is not supported in the v1/x endpoint."}}'),),
        "model_mode_mismatch",
        "failed",
    ),
    (((404, JSON, b""),), "upstream_unsupported", "failed"),
    (((200, {"content-type": "text/html"}, b"<html>"),), "upstream_malformed", "unconfirmed"),
    (((200, JSON, b'{"odd": 1}'),), "upstream_malformed", "unconfirmed"),
    (((200, {"content-type": "text/event-stream"}, b"data: {}\n\n"),), "upstream_malformed", "unconfirmed"),
    ((ProviderError("deadline_exceeded", "Late.", billed=True),), "deadline_exceeded", "unconfirmed"),
    ((ProviderError("upstream_ambiguous", "Cut.", billed=True),), "upstream_ambiguous", "unconfirmed"),
]


@ASKS
@pytest.mark.parametrize(
    ("answers", "code", "status"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_a_fault_leaves_one_line_and_holds_only_what_may_have_been_charged(
    ask: Ask, answers: Any, code: str, status: str
) -> None:
    hub, sent, _ = own(*answers)
    async with hub:
        with pytest.raises(RingmainError) as caught:
            await told(hub, ask)
        line = await line_of(hub)
        assert hub.ring.book.open_holds == 0
    assert (caught.value.code, line.code, line.status, line.attempts) == (code, code, status, len(sent.requests))
    held = 200_000_000 if ask.wire == "transcription" else 150_000_000
    assert line.unconfirmed_picodollars == (held * len(answers) if status == "unconfirmed" else 0)
    assert line.audio_milliseconds == line.characters == 0


async def test_speech_without_a_sound_is_empty_and_may_have_been_charged() -> None:
    hub, _, _ = own((200, {"content-type": "audio/mpeg"}, b""))
    async with hub:
        with pytest.raises(ProviderError) as caught:
            await told(hub, speech())
        line = await line_of(hub)
    assert (caught.value.code, line.status, line.unconfirmed_picodollars) == (
        "upstream_empty",
        "unconfirmed",
        150_000_000,
    )


async def test_where_nothing_is_suggested_the_error_says_how_to_name_a_model() -> None:
    hub, _, _ = own((404, JSON, b""))
    async with hub:
        with pytest.raises(RingmainError) as caught:
            await told(hub, speech(model=None))
        line = await line_of(hub)
    assert (caught.value.code, line.status, "ask's model" in caught.value.fix) == ("no_model", "refused", True)


@pytest.mark.parametrize(
    ("listing", "asked"),
    [
        ((200, JSON, b'{"data": [{"id": "gpt-4o-mini-transcribe"}, {"id": "whisper-1"}]}'), "gpt-4o-mini-transcribe"),
        ((404, JSON, b""), "gpt-transcribe"),
    ],
)
async def test_the_first_suggestion_that_the_list_has_is_asked_and_the_first_where_there_is_no_list(
    listing: Any, asked: str
) -> None:
    hub, sent, _ = own(listing, HEARD, preset="openai")
    async with hub:
        await told(hub, transcription(model=None))
    parts = read(sent.requests[1].headers["content-type"], sent.requests[1].body)
    assert next(part.data for part in parts if part.name == "model") == asked.encode()


async def test_a_field_of_the_hubs_own_that_a_model_refuses_is_left_out_from_then_on() -> None:
    error = {"message": "No.", "code": "unsupported_parameter", "param": "response_format"}
    hub, sent, _ = own((400, JSON, msgspec.json.encode({"error": error})), HEARD, HEARD)
    async with hub:
        first = await told(hub, transcription("a"))
        await told(hub, transcription("b"))
    assert ["response_format" in request.body.decode("latin-1") for request in sent.requests] == [True, False, False]
    assert "refuses response_format" in first.notices[0]
