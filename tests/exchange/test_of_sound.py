"""Transcription and speech through the core: what is sent, what is read, what it is held to cost."""

from typing import Any

import msgspec
import pytest

from ringmain.errors import AskError, ProviderError, Refusal
from ringmain.exchange import choose, guard, provider, remember, reserve
from ringmain.exchange.allowance import Allowance
from ringmain.exchange.ask import Wire
from ringmain.exchange.audio import LARGEST, Audio
from ringmain.exchange.connection import HUB, Preset
from ringmain.exchange.form import read
from ringmain.exchange.model import Model, Price
from ringmain.exchange.prices import cost
from ringmain.exchange.reply import Reply, Usage
from tests.exchange.factories import OPENAI, a_connection, a_plan, an_account, an_ask
from tests.sounds import WAV, opus

BY_SECOND = Model(id="ears", price=Price(0, 0, second=100))
BY_TOKEN = Model(id="ears", price=Price(2, 10, audio=6), max_output=50)
BY_CHARACTER = Model(id="voice", price=Price(0, 0, character=15))
SPOKEN_TOKENS = Model(id="voice", price=Price(1, 12))

LOUD = an_account(
    parameters={"temperature": 1.5, "max_tokens": 7, "voice": "x"},
    context="Be a pirate.",
    prompt_prefix="<",
    prompt_suffix=">",
    model="a-chat-model",
)


def form(plan: Any) -> dict[str, Any]:
    parts = read(provider.headers(plan)["content-type"], provider.body(plan, 0))
    return {part.name: part.data if part.file is None else (part.file, part.type, part.data) for part in parts}


def test_a_transcription_leaves_as_a_form_of_the_hosts_own_fields_and_nothing_of_the_accounts() -> None:
    fields = {"language": "hi", "temperature": 0, "timestamp_granularities": ["word", "segment"], "prompt": None}
    ask = an_ask("transcription", fields={**fields, "chunking_strategy": {"type": "server_vad"}, "api_base": "x"})
    plan = a_plan(ask, account=LOUD, model=BY_SECOND, turns=[{"role": "user", "content": "before"}])
    assert provider.url(plan).endswith("/v1/audio/transcriptions")
    assert form(plan) == {
        "model": b"ears",
        "language": b"hi",
        "temperature": b"0",
        "timestamp_granularities[]": b"segment",
        "chunking_strategy[type]": b"server_vad",
        "response_format": b"json",
        "file": ("note.wav", "audio/wav", WAV),
    }
    assert provider.body(plan, 0).count(b'name="timestamp_granularities[]"') == 2


def test_the_same_ask_is_the_same_bytes_and_its_boundary_stands_in_no_sound() -> None:
    plan = a_plan(an_ask("transcription"), model=BY_SECOND)
    boundary = provider.headers(plan)["content-type"].partition("boundary=")[2]
    assert provider.body(plan, 0) == provider.body(plan, 0)
    evil = Audio(data=WAV + b"\r\n--" + boundary.encode() + b"--\r\n", name="a.wav")
    asked = a_plan(an_ask("transcription", audio=evil), model=BY_SECOND)
    assert form(asked)["file"][2] == evil.data


def test_a_sound_without_a_name_gets_one_that_says_what_it_is() -> None:
    plan = a_plan(an_ask("transcription", audio=Audio(data=opus(1), type="text/html")), model=BY_SECOND)
    assert form(plan)["file"][:2] == ("audio.ogg", "audio/ogg")


def test_speech_leaves_as_json_of_the_hosts_own_fields_and_nothing_of_the_accounts() -> None:
    ask = an_ask("speech", fields={"voice": "alloy", "response_format": "opus", "api_key": "x"}, conversation="c")
    plan = a_plan(ask, account=LOUD, connection=a_connection(id=HUB), model=BY_CHARACTER)
    assert provider.url(plan).endswith("/v1/audio/speech")
    assert msgspec.json.decode(provider.body(plan, 0)) == {
        "model": "voice",
        "voice": "alloy",
        "response_format": "opus",
        "input": "Guten Tag.",
    }
    assert provider.headers(plan) == {"content-type": "application/json", "accept": "*/*"}


@pytest.mark.parametrize(
    ("ask", "code", "param"),
    [
        (an_ask("transcription", audio=None), "nothing_to_ask", "file"),
        (an_ask("transcription", audio=Audio(data=b"")), "nothing_to_ask", "file"),
        (an_ask("transcription", audio=Audio(data=b"<html>", type="audio/wav")), "invalid_request", "file"),
        (an_ask("transcription", audio=Audio(data=bytes(LARGEST + 1))), "request_too_large", "file"),
        (an_ask("transcription", stream=True), "unsupported_field", "stream"),
        (an_ask("speech", stream=True), "unsupported_field", "stream"),
        (an_ask("speech", fields={"stream_format": "sse"}), "unsupported_field", "stream_format"),
        (an_ask("speech", prompts=()), "nothing_to_ask", "input"),
        (an_ask("speech", prompts=(" \n",)), "nothing_to_ask", "input"),
        (an_ask("speech", prompts=("a", "b")), "nothing_to_ask", "input"),
        (an_ask("speech", prompts=([1, 2],)), "nothing_to_ask", "input"),
    ],
)
def test_what_cannot_be_heard_or_spoken_is_refused_before_it_is_sent(ask: Any, code: str, param: str) -> None:
    with pytest.raises(AskError) as refused:
        a_plan(ask, model=BY_SECOND)
    assert (refused.value.code, refused.value.param) == (code, param)
    assert refused.value.fix


def test_half_a_character_is_refused_and_does_not_fail() -> None:
    for ask in (an_ask("speech", prompts=("\ud83d",)), an_ask("transcription", fields={"prompt": "\ud83d"})):
        with pytest.raises(AskError, match="cannot be written"):
            provider.body(a_plan(ask, model=BY_SECOND), 0)


# what it may cost


def test_a_sound_is_held_by_its_length_and_a_text_by_its_characters() -> None:
    assert reserve(a_plan(an_ask("transcription"), model=BY_SECOND)).picodollars == 200
    assert reserve(a_plan(an_ask("speech"), model=BY_CHARACTER)).picodollars == 150


def test_where_tokens_have_a_price_they_are_held_at_that_of_sound() -> None:
    heard = reserve(a_plan(an_ask("transcription"), model=BY_TOKEN))
    assert (heard.input_tokens, heard.picodollars) == (48, 48 * 6 + 50 * 10)
    spoken = reserve(a_plan(an_ask("speech"), model=SPOKEN_TOKENS))
    assert spoken.output_tokens >= 20
    assert spoken.picodollars == spoken.input_tokens + spoken.output_tokens * 12


def test_a_budget_that_is_too_small_for_the_sound_refuses_it() -> None:
    plan = a_plan(an_ask("transcription"), account=an_account(budget=1), model=BY_SECOND)
    with pytest.raises(Refusal) as refused:
        guard(plan, reserve(plan), Allowance(money=199))
    assert (refused.value.code, "shorter sound" in refused.value.fix) == ("insufficient_quota", True)
    assert guard(plan, reserve(plan), Allowance(money=200))


def test_an_unpriced_sound_names_the_unit_in_which_it_is_priced() -> None:
    plan = a_plan(an_ask("speech"), account=an_account(budget=1, unpriced="refuse"), model=Model(id="voice"))
    with pytest.raises(Refusal, match="voice=USD/Mchar"):
        guard(plan, reserve(plan), Allowance(money=1))


@pytest.mark.parametrize(
    ("price", "usage", "picodollars"),
    [
        (Price(0, 0, second=100), Usage(audio_milliseconds=1001), 101),
        (Price(0, 0, character=15), Usage(characters=3), 45),
        (Price(2, 10, audio=6), Usage(14, 45, audio_tokens=10), 4 * 2 + 10 * 6 + 450),
        (Price(2, 10), Usage(14, 45, audio_tokens=10), 14 * 2 + 450),
        (Price(0, 0, second=100), Usage(5, 5), None),
    ],
)
def test_sound_costs_what_its_unit_costs(price: Price, usage: Usage, picodollars: int | None) -> None:
    assert cost(price, usage) == picodollars


# what was said


def heard(data: Any, model: Model = BY_SECOND, kind: str = "application/json", **words: Any) -> Any:
    plan = a_plan(an_ask("transcription", **words), model=model)
    return provider.read(plan, data if isinstance(data, bytes) else msgspec.json.encode(data), kind)


COUNTED = {"type": "tokens", "input_tokens": 14, "input_token_details": {"audio_tokens": 10}, "output_tokens": 45}


@pytest.mark.parametrize(
    ("said", "model", "usage"),
    [
        ({"usage": {"type": "duration", "seconds": 3}}, BY_SECOND, Usage(audio_milliseconds=3000)),
        ({"duration": 8.47}, BY_SECOND, Usage(audio_milliseconds=8470)),
        ({"usage": COUNTED}, BY_TOKEN, Usage(14, 45, audio_milliseconds=2000, audio_tokens=10)),
        ({"usage": COUNTED}, BY_SECOND, Usage(14, 45, audio_milliseconds=2000, audio_tokens=10)),
        ({}, BY_SECOND, None),
        ({"usage": {"seconds": -1}}, BY_SECOND, None),
        ({"usage": {"type": "duration", "seconds": 3}}, BY_TOKEN, None),
        ({}, Model(id="ears"), None),
    ],
)
def test_a_transcript_is_read_with_what_was_counted_for_its_price(said: Any, model: Model, usage: Usage) -> None:
    told = heard({"text": 'He said "error" 🙂', **said}, model)
    assert (told.choices[0].text, told.usage) == ('He said "error" 🙂', usage)


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_a_transcript_that_is_plain_text_is_read_as_it_is(form: str) -> None:
    told = heard(b"\\ud83d and 1\n00:00 --> 00:01\n", kind="text/plain", fields={"response_format": form})
    assert told.choices[0].text == "\\ud83d and 1\n00:00 --> 00:01\n"
    assert heard({"text": "as JSON"}, fields={"response_format": form}).choices[0].text == "as JSON"


@pytest.mark.parametrize(
    ("data", "kind", "fields"),
    [
        (b"<html>", "text/html", {}),
        (b"<html>", "text/html", {"response_format": "text"}),
        (b"{}", "application/json", {"response_format": "text"}),
        (b"\xff\xfe", "text/plain", {"response_format": "text"}),
        (b"Hello", "text/plain", {}),
        (b'{"text": 1}', "application/json", {}),
        (b"[" * 100_000, "application/json", {}),
    ],
)
def test_what_is_no_transcript_is_malformed_and_may_have_been_charged(data: bytes, kind: str, fields: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        heard(data, kind=kind, fields=fields)
    assert (caught.value.code, caught.value.billed) == ("upstream_malformed", True)


def spoken(data: bytes, kind: str, model: Model = BY_CHARACTER) -> Any:
    return provider.read(a_plan(an_ask("speech"), model=model), data, kind)


def test_speech_is_the_sound_as_it_came_and_what_was_sent_is_counted() -> None:
    told = spoken(b"\\ud83d\xff\0", "audio/pcm")
    assert (told.audio, told.usage) == (Audio(data=b"\\ud83d\xff\0", type="audio/pcm"), Usage(characters=10))
    assert spoken(WAV, "application/octet-stream").audio.type == "audio/wav"
    assert spoken(WAV, "").audio.type == "audio/wav"
    assert spoken(WAV, "audio/wav", SPOKEN_TOKENS).usage is None
    assert spoken(b"", "audio/wav").audio is None


@pytest.mark.parametrize("kind", ["text/html", "application/json; charset=utf-8", ""])
def test_what_is_no_speech_is_malformed(kind: str) -> None:
    with pytest.raises(ProviderError, match="not an answer of audio/speech"):
        spoken(b'{"ok": true}', kind)


# who is asked


VOICED = Preset(name="p", title="P", transcribes=("ears-1",), speaks=("voice-1",), suggests=("chat-1",))


@pytest.mark.parametrize("wire", ["transcription", "speech"])
def test_no_chat_model_is_ever_asked_to_hear_or_speak(wire: Wire) -> None:
    connection = a_connection(VOICED, model="a-chat-model")
    pinned = an_account(model="a-chat-model", models=("a-chat-model",))
    assert choose(an_ask(wire), pinned, connection) is None
    chosen = choose(an_ask(wire), pinned, connection, fallback=connection.preset.suggestions(wire)[0])
    assert chosen
    assert chosen.id in ("ears-1", "voice-1")


def test_a_pin_keeps_out_what_is_neither_pinned_nor_suggested() -> None:
    connection = a_connection(VOICED, aliases={"old": "ears-1"})
    pinned = an_account(models=("chat", "my-ears"))
    for name in ("my-ears", "ears-1", "old"):
        assert choose(an_ask("transcription", model=name), pinned, connection)
    for name in ("voice-1", "chat-1", "other"):
        with pytest.raises(Refusal, match="may not use"):
            choose(an_ask("transcription", model=name), pinned, connection)
    with pytest.raises(Refusal):
        choose(an_ask("chat", model="ears-1"), pinned, connection)


def test_a_preset_suggests_for_each_wire_its_own() -> None:
    assert VOICED.suggestions("transcription") == ("ears-1",)
    assert VOICED.suggestions("speech") == ("voice-1",)
    assert VOICED.suggestions("chat") == ("chat-1",)
    assert OPENAI.suggestions("speech") == ()


@pytest.mark.parametrize("wire", ["transcription", "speech"])
def test_what_was_heard_or_spoken_is_no_turn_of_a_conversation(wire: Wire) -> None:
    reply = Reply(id="ask_1", wire=wire, mode=wire, model="m", choices=())
    assert remember(an_ask(wire, conversation="c"), reply, account=an_account(), at=1) == ()
