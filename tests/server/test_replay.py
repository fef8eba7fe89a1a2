"""A call that a host makes again, over HTTP: one call of the provider, one line in the book, the same bytes."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from openai import OpenAI

from ringmain.server.tapes import HOURS, MINUTES, Tape, Tapes
from ringmain.testing import Clock
from tests.faults.upstream import (
    DONE,
    END,
    EVENTS,
    FIRST,
    LAST,
    Attempt,
    Line,
    Upstream,
    chat,
    choice,
    chunked,
    error,
    events,
    hang_up,
    heard,
    run_upstream,
    said,
    stream,
)
from tests.hubs import ADMIN, Answered, Served, run_hub
from tests.relay import Relay

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
KEY, TRIES = "idempotency-key", "x-stainless-retry-count"
OK = said(chat())
STREAMED = stream(FIRST, LAST, DONE)
WAYS = {"with a key": ({KEY: "one"}, {KEY: "one"}), "without": ({TRIES: "0"}, {TRIES: "1"})}
REPLAYED = "x-ringmain-replayed"

by_any_way = pytest.mark.parametrize(("first", "again"), WAYS.values(), ids=WAYS)
streamed_or_not = pytest.mark.parametrize(
    ("script", "streams"), [(OK, False), (STREAMED, True)], ids=["whole", "stream"]
)


class Scene:
    """A hub, its provider, and a host that asks it for one model."""

    def __init__(self, hub: Served, upstream: Upstream) -> None:
        self.hub = hub
        self.upstream = upstream
        self.model = ""
        self.come, self.free = threading.Event(), threading.Event()

    def play(self, model: str, *script: Attempt) -> None:
        """Let the provider do this for a model of a test's own."""
        self.model = model
        self.upstream.play(model, script)

    def held(self, line: Line) -> None:
        """The provider's part of a script in which it waits until the test frees it, or the hub has hung up."""
        self.come.set()
        while not self.free.is_set() and not line.over(0.02):
            pass

    def body(self, **fields: Any) -> dict[str, Any]:
        return {"model": self.model, "messages": [{"role": "user", "content": "Hello"}], **fields}

    def ask(self, headers: Mapping[str, str], *, key: str | None = None, path: str = CHAT, **fields: Any) -> Answered:
        begun = self.upstream.heard
        return self.hub.call("POST", path, self.body(**fields), key=key, headers=headers, begun=begun)

    @property
    def asked(self) -> int:
        """How often the provider was called."""
        return self.upstream.asked(self.model)

    def lines(self) -> list[tuple[str, str | None]]:
        """Status and code of the asks for this model, the newest first."""
        return [(line.status, line.code) for line in self.hub.lines() if line.model == self.model]

    @property
    def tapes(self) -> Tapes:
        return self.hub.app.gate._tapes

    @property
    def tape(self) -> Tape:
        """The answer that is kept last."""
        return list({**self.tapes._named, **self.tapes._keyed}.values())[-1]


@pytest.fixture(scope="module")
def scene_of_all() -> Iterator[Scene]:
    with run_upstream() as upstream, run_hub(base_url=upstream.base_url, preset="custom") as hub:
        hub.ring.sleep = _no_sleep
        yield Scene(hub, upstream)


async def _no_sleep(seconds: float) -> None:
    """Waiting that takes no time."""


@pytest.fixture
def scene(scene_of_all: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The hub with nothing kept."""
    monkeypatch.setattr(scene_of_all.hub.app.gate, "_tapes", Tapes())
    return Scene(scene_of_all.hub, scene_of_all.upstream)


def until(true: Callable[[], Any], seconds: float = 20.0) -> bool:
    ends = time.monotonic() + seconds
    while not (told := true()) and time.monotonic() < ends:
        time.sleep(0.01)
    return bool(told)


def same(first: Answered, again: Answered) -> bool:
    """Whether the second is the first told again."""
    own = {"x-request-id", "date", REPLAYED}
    heads = [{name: value for name, value in each.headers.items() if name not in own} for each in (first, again)]
    assert REPLAYED not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert heads[0] == heads[1]
    return (first.status, first.body, "true") == (again.status, again.body, again.headers.get(REPLAYED))


@by_any_way
@streamed_or_not
def test_an_answer_that_is_there_is_told_again(
    scene: Scene, first: dict[str, str], again: dict[str, str], script: bytes, streams: bool
) -> None:
    scene.play(f"again-{first}-{streams}", script)
    answers = [scene.ask(headers, stream=streams) for headers in (first, again)]
    assert same(*answers)
    assert answers[0].status == 200
    assert scene.asked == 1
    assert scene.lines() == [("ok", None)]


@by_any_way
def test_a_call_that_runs_is_joined(scene: Scene, first: dict[str, str], again: dict[str, str]) -> None:
    scene.play(f"joined-{first}", (scene.held, OK))
    with ThreadPoolExecutor(2) as hosts:
        answers = [hosts.submit(scene.ask, first)]
        assert scene.come.wait(20)
        answers.append(hosts.submit(scene.ask, again))
        assert until(lambda: scene.tape._followers)
        scene.free.set()
        assert same(*(answer.result() for answer in answers))
    assert scene.asked == 1
    assert scene.lines() == [("ok", None)]


@contextmanager
def asking(scene: Scene, headers: Mapping[str, str], **fields: Any) -> Iterator[http.client.HTTPConnection]:
    """A connection on which a chat was asked for, which is hung up on at the end of the block."""
    sent = {"authorization": f"Bearer {scene.hub.key}", **headers}
    with closing(http.client.HTTPConnection(urlsplit(scene.hub.url).netloc, timeout=30)) as connection:
        connection.request("POST", CHAT, msgspec.json.encode(scene.body(**fields)), sent)
        yield connection


@by_any_way
def test_who_joins_a_stream_hears_its_beginning_at_once_and_the_rest_as_it_comes(
    scene: Scene, first: dict[str, str], again: dict[str, str]
) -> None:
    rest = chunked(events(LAST, DONE)) + END
    scene.play(f"live-{first}", (EVENTS + chunked(events(FIRST)), scene.held, rest))
    with asking(scene, first, stream=True) as one, asking_after(scene, one, again) as two:
        answers = [one.getresponse(), two.getresponse()]
        assert [answer.readline() for answer in answers] == [b"data: " + FIRST + b"\n"] * 2
        scene.free.set()
        assert [answer.read() for answer in answers] == [b"\n" + events(LAST, DONE)] * 2
        assert [answer.getheader(REPLAYED) for answer in answers] == [None, "true"]
    assert scene.asked == 1
    assert until(lambda: scene.lines() == [("ok", None)])


@contextmanager
def asking_after(
    scene: Scene, one: http.client.HTTPConnection, headers: Mapping[str, str]
) -> Iterator[http.client.HTTPConnection]:
    """The same call again, once the provider has the first one."""
    assert scene.come.wait(20)
    with asking(scene, headers, stream=True) as two:
        yield two


@streamed_or_not
def test_a_host_with_a_key_that_hangs_up_finds_the_whole_answer_later(
    scene: Scene, script: bytes, streams: bool
) -> None:
    head, rest = (EVENTS + chunked(events(FIRST)), chunked(events(LAST, DONE)) + END) if streams else (b"", OK)
    scene.play(f"left-{streams}", (head, scene.held, rest))
    with asking(scene, {KEY: "left"}, stream=streams) as connection:
        assert scene.come.wait(20)
        if streams:
            connection.getresponse().readline()
    assert until(lambda: scene.tape.left)
    scene.free.set()
    again = scene.ask({KEY: "left"}, stream=streams)
    assert again.body == (events(FIRST, LAST, DONE) if streams else chat())
    assert scene.asked == 1
    assert until(lambda: scene.lines() == [("ok", None)])


def test_with_a_key_the_answer_may_take_longer_than_one_try_waits(scene: Scene) -> None:
    def slow(line: Line) -> None:
        line.over(1.5)

    scene.play("slow", (slow, OK))
    assert scene.ask({"x-stainless-read-timeout": "1.0", KEY: "slow"}).status == 200
    assert scene.lines() == [("ok", None)]


def test_a_host_without_a_key_that_hangs_up_is_cut_off_and_asks_anew(scene: Scene) -> None:
    scene.play("left-for-good", (scene.held, OK), OK)
    with asking(scene, {TRIES: "0"}):
        assert scene.come.wait(20)
    assert until(lambda: scene.lines() == [("unconfirmed", "host_hung_up")])
    assert REPLAYED not in scene.ask({TRIES: "1"}).headers
    assert scene.asked == 2


def test_a_call_without_a_key_goes_on_as_long_as_one_of_its_tries_listens(scene: Scene) -> None:
    scene.play("two-leave", (EVENTS + chunked(events(FIRST)), scene.held))
    with asking(scene, {TRIES: "0"}, stream=True) as one, asking_after(scene, one, {TRIES: "1"}) as two:
        answer = two.getresponse()
        one.close()
        assert until(lambda: scene.tape.left)
        assert scene.lines() == []
        assert answer.readline() == b"data: " + FIRST + b"\n"
        answer.close()
    assert until(lambda: scene.lines() == [("interrupted", "host_hung_up")])
    assert scene.tapes.size == 0


def test_a_key_with_another_request_is_refused_and_has_its_line(scene: Scene) -> None:
    scene.play("mismatch", OK)
    scene.ask({KEY: "one"})
    for told in (scene.ask({KEY: "one"}, temperature=1), scene.ask({KEY: "one", "x-ringmain-conversation": "talk"})):
        assert (told.status, told.error["code"]) == (422, "idempotency_mismatch")
        line = scene.hub.line(told.headers["x-ringmain-ask"])
        assert (line.status, line.code) == ("refused", "idempotency_mismatch")
    assert scene.asked == 1


@pytest.mark.parametrize("key", ["x" * 256, "é", "a\tb"])
def test_what_cannot_be_a_key_is_refused(scene: Scene, key: str) -> None:
    scene.play("wrong-key", OK)
    told = scene.ask({KEY: key.encode().decode("latin-1")})
    assert (told.status, told.error["code"], told.error["param"]) == (400, "invalid_request", KEY)
    assert scene.asked == 0


@by_any_way
def test_nobody_finds_the_answer_of_another_account_or_of_another_path(
    scene: Scene, first: dict[str, str], again: dict[str, str]
) -> None:
    scene.play(f"apart-{first}", OK)
    scene.ask(first, prompt="Hello")
    assert REPLAYED not in scene.ask(again, key=scene.hub.account(f"other-{first}"), prompt="Hello").headers
    assert REPLAYED not in scene.ask(again, path=COMPLETIONS, prompt="Hello").headers
    assert scene.asked == 3


def test_without_a_key_another_conversation_is_another_call(scene: Scene) -> None:
    scene.play("talk", OK)
    scene.ask({TRIES: "0"})
    assert REPLAYED not in scene.ask({TRIES: "1", "x-ringmain-conversation": "talk"}).headers
    assert scene.asked == 2


def test_an_account_that_is_switched_off_gets_no_old_answer_and_loses_none(scene: Scene) -> None:
    scene.play("off", OK)
    key = scene.hub.account("sleeper")
    registry, store = scene.hub.ring.registry, scene.hub.ring.store
    answers = [scene.ask({KEY: "one"}, key=key)]
    [account] = [account for account in store.accounts() if account.name == "sleeper"]
    for on in (False, True):
        store.save_account(msgspec.structs.replace(account, on=on))
        registry.refresh()
        answers.append(scene.ask({KEY: "one"}, key=key))
    assert [answer.status for answer in answers] == [200, 403, 200]
    assert same(answers[0], answers[2])


@pytest.mark.parametrize(("way", "seconds"), [("with a key", HOURS), ("without", MINUTES)])
def test_an_answer_that_is_too_old_is_asked_for_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, way: str, seconds: float
) -> None:
    clock, (first, again) = Clock(), WAYS[way]
    monkeypatch.setattr(scene.hub.app.gate, "_tapes", Tapes(clock=clock))
    scene.play(f"old-{way}", OK)
    scene.ask(first)
    clock.advance(seconds - 1)
    assert scene.ask(again).headers[REPLAYED] == "true"
    clock.advance(1)
    assert REPLAYED not in scene.ask({TRIES: "2", **again}).headers
    assert scene.asked == 2


def test_the_same_number_of_tries_twice_is_another_call_that_asks_the_same(scene: Scene) -> None:
    scene.play("counted", OK)
    told = [scene.ask({TRIES: tries}) for tries in ("0", "1", "1", "2", "0", "nonsense")]
    assert [REPLAYED in answer.headers for answer in told] == [False, True, False, True, False, False]
    assert scene.asked == 4


@by_any_way
def test_what_was_not_charged_is_asked_for_anew(scene: Scene, first: dict[str, str], again: dict[str, str]) -> None:
    refusal = error(429, "No.", type="requests", code="rate_limit_exceeded")
    scene.play(f"refused-{first}", refusal, refusal, OK)
    assert scene.ask(first).status == 429
    told = scene.ask(again)
    assert (told.status, REPLAYED in told.headers) == (200, False)
    assert scene.lines() == [("ok", None), ("failed", "upstream_rate_limited")]


def test_what_may_have_been_charged_is_told_again_to_who_has_a_key(scene: Scene) -> None:
    scene.play("ambiguous", hang_up, OK)
    answers = [scene.ask({KEY: "one"}) for _ in range(2)]
    assert same(*answers)
    assert (answers[1].error["code"], answers[1].headers["x-should-retry"]) == ("upstream_ambiguous", "false")
    assert scene.lines() == [("unconfirmed", "upstream_ambiguous")]
    assert scene.ask({KEY: "another"}).status == 200


def test_a_stream_that_broke_off_is_told_again_with_its_error_to_who_has_a_key(scene: Scene) -> None:
    scene.play("broken", (EVENTS + chunked(events(FIRST)), heard, hang_up))
    answers = [scene.ask({KEY: "one"}, stream=True) for _ in range(2)]
    assert same(*answers)
    assert b"stream_interrupted" in answers[1].body
    assert scene.asked == 1


@pytest.mark.parametrize("streams", [False, True])
def test_what_may_have_been_charged_is_asked_for_anew_without_a_key(scene: Scene, streams: bool) -> None:
    broken = (EVENTS + chunked(events(FIRST)), heard, hang_up) if streams else hang_up
    scene.play(f"ambiguous-{streams}", broken, STREAMED if streams else OK)
    scene.ask({TRIES: "0"}, stream=streams)
    told = scene.ask({TRIES: "1"}, stream=streams)
    assert (told.status, REPLAYED in told.headers, scene.asked) == (200, False, 2)
    assert b"stream_interrupted" not in told.body


def test_who_joins_a_call_that_fails_hears_the_same(scene: Scene) -> None:
    scene.play("fails", (scene.held, error(404, "No such model.", code="model_not_found")))
    with ThreadPoolExecutor(2) as hosts:
        answers = [hosts.submit(scene.ask, {KEY: "one"})]
        assert scene.come.wait(20)
        answers.append(hosts.submit(scene.ask, {KEY: "one"}))
        assert until(lambda: scene.tape._followers)
        scene.free.set()
        assert same(*(answer.result() for answer in answers))
    assert scene.tapes.size == 0


def test_nothing_is_kept_of_a_host_that_does_not_say_that_it_may_come_again(scene: Scene) -> None:
    scene.play("once", OK)
    scene.ask({})
    scene.ask({KEY: ""})
    assert (scene.tapes.size, scene.asked) == (0, 2)


def test_a_replay_is_one_more_request_and_no_more_tokens(scene: Scene) -> None:
    def counted(name: str) -> float:
        text = scene.hub.call("GET", "/metrics", key=ADMIN).body.decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    scene.play("metered", OK)
    scene.ask({KEY: "one"})
    before = counted("ringmain_asks_total"), counted("ringmain_tokens_total")
    scene.ask({KEY: "one"})
    assert until(lambda: counted("ringmain_asks_total") == before[0] + 1)
    assert counted("ringmain_tokens_total") == before[1]


def test_a_hub_that_stops_tells_those_who_have_joined() -> None:
    with run_upstream() as upstream, run_hub(base_url=upstream.base_url, preset="custom") as hub:
        scene = Scene(hub, upstream)
        scene.play("stopped", (EVENTS + chunked(events(FIRST)), scene.held))
        with asking(scene, {KEY: "one"}, stream=True) as one, asking_after(scene, one, {KEY: "one"}) as two:
            answers = [one.getresponse(), two.getresponse()]
            assert [answer.readline() for answer in answers] == [b"data: " + FIRST + b"\n"] * 2
            hub.process.patience = 0.1
            hub.process.should_exit = True
            assert [b"hub_stopping" in answer.read() for answer in answers] == [True, True]


def test_openais_client_whose_answer_is_cut_off_gets_it_with_its_second_try(scene: Scene) -> None:
    text = "Hello " * 1000
    scene.play("cut", said(chat(choice(text))))
    with Relay(scene.hub.base_url, cut=2000) as relay, client_of(relay, scene) as client:
        told = client.chat.completions.with_raw_response.create(**scene.body())
    assert told.parse().choices[0].message.content == text
    assert told.headers[REPLAYED] == "true"
    assert [request.headers[TRIES] for request in relay.requests] == ["0", "1"]
    assert scene.asked == 1
    assert scene.lines() == [("ok", None)]


def test_openais_client_whose_connection_breaks_joins_its_call_with_the_second_try(scene: Scene) -> None:
    scene.play("cut-early", (scene.held, OK))
    with Relay(scene.hub.base_url) as relay, client_of(relay, scene) as client, ThreadPoolExecutor(1) as hosts:
        telling = hosts.submit(client.chat.completions.with_raw_response.create, **scene.body())
        assert scene.come.wait(20)
        relay.hang_up()
        assert until(lambda: scene.tape._followers)
        scene.free.set()
        told = telling.result()
    assert (told.http_response.content, told.headers[REPLAYED]) == (chat(), "true")
    assert scene.asked == 1
    assert scene.lines() == [("ok", None)]


def client_of(relay: Relay, scene: Scene) -> OpenAI:
    """OpenAI's own client, which tries twice more."""
    return OpenAI(base_url=relay.base_url, api_key=scene.hub.key, max_retries=2)
