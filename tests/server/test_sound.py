"""OpenAI's own client hears and speaks through a hub that runs: what is sent, what comes back, what it costs."""

import io
import json
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from openai import APIStatusError, BadRequestError, InternalServerError, NotFoundError, OpenAI, RateLimitError

from ringmain.exchange.form import Part, read, written
from ringmain.exchange.line import Line
from ringmain.store import StoredConnection
from ringmain.testing import Clock, no_sleep
from tests.faults.upstream import Attempt, Upstream, error, hang_up, run_upstream, said
from tests.hubs import Answered, Served, run_hub
from tests.sounds import WAV, opus

NOTE = ("note.ogg", opus(2.5), "audio/ogg")
HEARD = said({"text": "Namaste.", "usage": {"type": "duration", "seconds": 3}})
LOUD = {"parameters": {"temperature": 1.5, "max_tokens": 7, "voice": "x"}, "context": "Be a pirate.", "model": "chat"}


class World(msgspec.Struct, frozen=True):
    """A hub, the provider on raw sockets behind it, and OpenAI's client."""

    hub: Served
    upstream: Upstream
    client: OpenAI
    clock: Clock

    def play(self, model: str, *script: Attempt) -> None:
        """Do this when the model is asked, in an hour of its own, and forget what was sent before."""
        self.clock.advance(3600)
        self.upstream.play(model, script)
        self.upstream.sent.clear()

    def line(self) -> Line:
        """The newest line."""
        return self.hub.lines()[0]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    clock = Clock()
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        upstream = stack.enter_context(run_upstream())
        hub = stack.enter_context(run_hub(base_url=upstream.base_url, preset="custom", clock=clock))
        patch.setattr(hub.ring, "sleep", no_sleep)
        (row,) = hub.ring.store.connections()
        prices = {"ears": ("0.006/min",), "voice": ("15/Mchar",)}
        hub.ring.store.save_connection(msgspec.structs.replace(row, prices=prices))
        brief = StoredConnection(id="brief", name="brief", base_url=upstream.base_url, timeout=2.0, prices=prices)
        hub.ring.store.save_connection(brief)
        key = hub.account("loud", **LOUD)
        hub.ring.registry.refresh()
        with OpenAI(base_url=hub.base_url, api_key=key, max_retries=0) as client:
            yield World(hub, upstream, client, clock)


def test_the_provider_gets_the_file_and_the_hosts_fields_and_nothing_else(world: World) -> None:
    world.play("ears", HEARD)
    told = world.client.audio.transcriptions.with_raw_response.create(
        model="ears", file=NOTE, language="hi", extra_headers={"x-ringmain-conversation": "talk"}
    )
    ((head, body),) = world.upstream.sent
    parts = {part.name: (part.file, part.type, part.data) for part in read(head["content-type"], body)}
    assert parts == {
        "model": (None, "", b"ears"),
        "language": (None, "", b"hi"),
        "response_format": (None, "", b"json"),
        "file": (NOTE[0], NOTE[2], NOTE[1]),
    }
    assert head.keys() <= {"host", "content-type", "accept", "content-length", "user-agent", "accept-encoding"}
    assert told.parse().text == "Namaste."
    assert told.headers["x-ringmain-cost"] == "0.0003"
    line = world.line()
    assert (line.status, line.wire, line.mode) == ("ok", "transcription", "transcription")
    assert (line.audio_milliseconds, line.picodollars, line.unconfirmed_picodollars) == (3000, 300_000_000, 0)


def test_the_provider_gets_the_text_and_the_host_gets_its_sound_as_it_was_spoken(world: World) -> None:
    world.play("voice", said(NOTE[1], kind="audio/ogg"))
    told = world.client.audio.speech.with_raw_response.create(
        model="voice", input="Guten Tag.", voice="alloy", response_format="opus", speed=1.5
    )
    ((_, body),) = world.upstream.sent
    assert json.loads(body) == {
        "model": "voice",
        "input": "Guten Tag.",
        "voice": "alloy",
        "response_format": "opus",
        "speed": 1.5,
    }
    assert (told.headers["content-type"], told.content) == ("audio/ogg", NOTE[1])
    assert told.headers["x-content-type-options"] == "nosniff"
    assert (world.line().characters, world.line().picodollars) == (10, 150_000_000)


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_a_transcript_in_plain_text_is_estimated_and_told(world: World, form: Any) -> None:
    world.play("ears", said(b"Namaste.", kind="text/plain; charset=utf-8"))
    told = world.client.audio.transcriptions.with_raw_response.create(model="ears", file=NOTE, response_format=form)
    assert told.text == "Namaste."
    assert "did not count the seconds" in told.headers["x-ringmain-notice"]
    assert (world.line().audio_milliseconds, world.line().picodollars) == (2500, 250_000_000)


def test_what_the_hub_has_no_stream_of_is_a_400_and_never_sent(world: World) -> None:
    world.play("ears", HEARD)
    asks: list[Any] = [
        lambda: world.client.audio.transcriptions.create(model="ears", file=NOTE, stream=True),
        lambda: world.client.audio.speech.create(model="voice", input="x", voice="alloy", stream_format="sse"),
        lambda: world.client.audio.transcriptions.create(model="ears", file=("a.wav", b"no sound")),
        lambda: world.client.audio.speech.create(model="voice", input="", voice="alloy"),
    ]
    params = []
    for ask in asks:
        with pytest.raises(BadRequestError) as refused:
            ask()
        params.append(refused.value.param)
        assert world.line().status == "refused"
    assert params == ["stream", "stream_format", "file", "input"]
    assert world.upstream.sent == []


def hear(world: World) -> Any:
    world.client.audio.transcriptions.create(model="ears", file=NOTE)


def speak(world: World) -> Any:
    world.client.audio.speech.create(model="voice", input="Guten Tag.", voice="alloy")


FAULTS = [
    ((error(429),) * 2, RateLimitError, "failed", 2),
    ((error(500),) * 2, InternalServerError, "unconfirmed", 2),
    ((error(404, "The model does not exist.", code="model_not_found"),), NotFoundError, "failed", 1),
    ((said(b"<html>", kind="text/html"),), InternalServerError, "unconfirmed", 1),
    ((hang_up,), InternalServerError, "unconfirmed", 1),
]


@pytest.mark.parametrize(("model", "ask", "held"), [("ears", hear, 250_000_000), ("voice", speak, 150_000_000)])
@pytest.mark.parametrize(("script", "raised", "status", "calls"), FAULTS)
def test_a_fault_is_the_clients_own_and_leaves_one_line(
    world: World, model: str, ask: Any, held: int, script: Any, raised: type[APIStatusError], status: str, calls: int
) -> None:
    before = len(world.hub.lines())
    world.play(model, *script)
    with pytest.raises(raised):
        ask(world)
    assert len(world.hub.lines()) == before + 1
    assert (world.line().status, world.upstream.asked(model)) == (status, calls)
    assert world.line().unconfirmed_picodollars == (held * calls if status == "unconfirmed" else 0)
    bodies = {body for _, body in world.upstream.sent}
    assert len(bodies) == 1


def test_a_provider_that_takes_too_long_is_given_up_and_its_hold_stays(world: World) -> None:
    world.play("voice", lambda line: line.over(60) and None)
    key = world.hub.account("waits", connection="brief")
    told = world.hub.call(
        "POST", "/v1/audio/speech", {"model": "voice", "input": "Guten Tag.", "voice": "alloy"}, key=key
    )
    assert (told.status, world.line().status, world.line().unconfirmed_picodollars) == (504, "unconfirmed", 150_000_000)


def test_a_budget_is_held_before_the_sound_is_sent(world: World) -> None:
    key = world.hub.account("poor", budget=249_999_999)
    world.play("ears", HEARD)
    with OpenAI(base_url=world.hub.base_url, api_key=key, max_retries=0) as client, pytest.raises(RateLimitError) as no:
        client.audio.transcriptions.create(model="ears", file=NOTE)
    assert (no.value.code, world.upstream.sent) == ("insufficient_quota", [])


def form_of(size: int) -> bytes:
    sound = WAV + bytes(size - len(WAV))
    return written([Part(name="model", data=b"ears"), Part(name="file", data=sound, file="a.wav")], "b")


@pytest.mark.parametrize(
    ("size", "status"), [(25 << 20, 200), ((25 << 20) + 1, 413), (26 << 20, 413)], ids=["most", "one more", "far more"]
)
def test_a_sound_may_have_25_mib_and_no_byte_more(world: World, size: int, status: int) -> None:
    world.play("ears", HEARD)
    headers = {"content-type": "multipart/form-data; boundary=b"}
    told = world.hub.call("POST", "/v1/audio/transcriptions", form_of(size), headers=headers)
    assert told.status == status
    assert len(world.upstream.sent) == (status == 200)


@pytest.mark.parametrize("body", [b"", b"{}", b"--b\r\n" * 1000, form_of(len(WAV))[:-9]])
def test_a_body_that_is_no_form_is_a_400_with_its_line(world: World, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    told = world.hub.call("POST", "/v1/audio/transcriptions", body, headers=headers)
    assert (told.status, told.error["code"], world.line().status) == (400, "invalid_request", "refused")


def test_a_retry_of_a_sound_is_answered_with_the_first_answer(world: World) -> None:
    world.play("voice", said(NOTE[1], kind="audio/ogg"))
    body = {"model": "voice", "input": "Once.", "voice": "alloy"}
    first, again = (
        world.hub.call("POST", "/v1/audio/speech", body, headers={"idempotency-key": "speak-once"}) for _ in range(2)
    )
    assert (first.body, first.headers["content-type"]) == (again.body, again.headers["content-type"])
    assert (again.headers["x-ringmain-replayed"], world.upstream.asked("voice")) == ("true", 1)


def form(boundary: str, words: bytes = b"hi") -> tuple[bytes, dict[str, str]]:
    parts = [Part(name="model", data=b"ears"), Part(name="language", data=words), Part(name="file", data=WAV, file="a")]
    return written(parts, boundary), {"content-type": f"multipart/form-data; boundary={boundary}"}


@pytest.mark.parametrize(
    "tries",
    [({"x-stainless-retry-count": "0"}, {"x-stainless-retry-count": "1"}), ({"idempotency-key": "hear-once"},) * 2],
    ids=["counted", "named"],
)
def test_a_form_that_is_written_anew_for_a_retry_is_the_same_call(
    world: World, tries: tuple[dict[str, str], dict[str, str]]
) -> None:
    world.play("ears", HEARD)
    told = list[Answered]()
    for boundary, headers in zip(("first", "second"), tries, strict=True):
        body, kind = form(boundary, repr(tries).encode())
        told.append(world.hub.call("POST", "/v1/audio/transcriptions", body, headers={**kind, **headers}))
    assert [answered.status for answered in told] == [200, 200]
    assert (told[1].headers["x-ringmain-replayed"], told[0].body) == ("true", told[1].body)
    assert world.upstream.asked("ears") == 1


def test_another_sound_under_the_same_key_is_another_call(world: World) -> None:
    world.play("ears", HEARD)
    statuses = []
    for words in (b"hi", b"de"):
        body, kind = form("b", words)
        headers = {**kind, "idempotency-key": "two-sounds"}
        statuses.append(world.hub.call("POST", "/v1/audio/transcriptions", body, headers=headers).status)
    assert statuses == [200, 422]


def test_the_demo_answers_openais_client_without_a_model_being_known(served: Served) -> None:
    with OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
        heard = client.audio.transcriptions.with_raw_response.create(model="", file=NOTE)
        spoken = client.audio.speech.with_raw_response.create(model="", input="Guten Tag.", voice="alloy")
    assert "2.5 seconds" in heard.parse().text
    assert "demo" in heard.headers["x-ringmain-notice"]
    assert "demo" in spoken.headers["x-ringmain-notice"]
    with wave.open(io.BytesIO(spoken.content)) as file:
        assert file.getnframes() > 0
