"""Hubs that are killed, and hubs that are told to go: what then stands in the book."""

import signal
from collections import Counter
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path

import pytest

from tests.journeys.machine import Answered, Machine, Running, chat_body, until
from tests.journeys.provider import OUT, WORDS, Provider

CHAT = "/v1/chat/completions"
BUDGET, TOKENS = "0.01", 100
"""USD, and what they buy at 100 USD for a million tokens out."""

CAP = 10
FINISHED, HELD = 4, 3


@pytest.fixture
def key(machine: Machine, provider: Provider) -> str:
    """The key of an account with a budget, on a connection of which all prices are known."""
    prices = [f"--price={model}=0,100" for model in ("quick", "held", "drip", "flood")]
    machine.connect("paid", provider.base_url, "--model", "quick", *prices)
    return machine.key("app", "--budget", BUDGET)


def open_asks(hub: Running, key: str, provider: Provider) -> list[HTTPConnection]:
    """Asks that are at the provider, one of them in the middle of its stream."""
    held = [hub.open(CHAT, chat_body("held", max_tokens=CAP), key=key) for _ in range(HELD - 1)]
    streamed = hub.open(CHAT, chat_body("flood", stream=True, max_tokens=CAP), key=key)
    assert b"on and" in streamed.getresponse().read1()
    assert until(lambda: provider.asked("held") == HELD - 1)
    return [*held, streamed]


def test_after_kill_9_every_ask_stands_in_the_book_once_and_the_budget_is_right(
    machine: Machine, key: str, provider: Provider
) -> None:
    with machine.up() as hub:
        lost = open_asks(hub, key, provider)
        finished = [hub.chat(key, "quick", max_tokens=CAP).headers["x-ringmain-ask"] for _ in range(FINISHED)]
        hub.process.kill()
        hub.process.wait(10)
    for connection in lost:
        connection.close()
    with machine.up() as hub:
        lines = machine.lines()
        assert sorted(line.id for line in lines if line.status == "ok") == sorted(finished)
        assert Counter(line.status for line in lines) == {"ok": FINISHED, "unconfirmed": HELD}
        assert {line.code for line in lines if line.status == "unconfirmed"} == {"hub_died"}
        check_budget(hub, key, left=TOKENS - FINISHED * OUT - HELD * CAP)
    assert len({line.id for line in machine.lines()}) == len(machine.lines()) == FINISHED + HELD + 2
    assert list((machine.data / "journal").iterdir()) == []


def check_budget(hub: Running, key: str, *, left: int) -> None:
    """All that is left of it may be spent, and not one token more."""
    assert hub.chat(key, "quick", max_tokens=left + 1).code == "insufficient_quota"
    assert hub.chat(key, "quick", max_tokens=left).status == 200


def test_a_hub_that_is_killed_while_it_answers_many_loses_and_doubles_none(
    machine: Machine, key: str, provider: Provider
) -> None:
    """Three deaths in a row, each at another moment of the carrying."""
    machine.run("hosts", "set", "app", "--unset", "budget")
    finished = list[str]()
    for asks in (1, 20, 60):
        with machine.up() as hub:
            finished += [hub.chat(key, "quick").headers["x-ringmain-ask"] for _ in range(asks)]
            hub.process.kill()
            hub.process.wait(10)
    assert machine.usage()["app", "quick"]["asks"] == len(finished)
    assert sorted(line.id for line in machine.lines()) == sorted(finished)


def test_a_stream_that_runs_at_sigterm_ends_as_it_should(machine: Machine, key: str, provider: Provider) -> None:
    with machine.up() as hub:
        connection = hub.open(CHAT, chat_body("drip", stream=True, max_tokens=CAP), key=key)
        answer = connection.getresponse()
        told = answer.read1()
        hub.process.send_signal(signal.SIGTERM)
        told += answer.read()
        connection.close()
        assert hub.process.wait(10) == 0
    assert all(word.encode() in told for word in WORDS)
    assert told.endswith(b"data: [DONE]\n\n")
    (line,) = machine.lines()
    assert (line.status, line.output_tokens, line.id) == ("ok", OUT, answer.headers["x-ringmain-ask"])
    assert "Traceback" not in machine.said[-1]


def test_a_hub_that_goes_takes_no_new_asks(machine: Machine, key: str, provider: Provider) -> None:
    with machine.up() as hub:
        connection = hub.open(CHAT, chat_body("drip", stream=True, max_tokens=CAP), key=key)
        answer = connection.getresponse()
        answer.read1()
        hub.process.send_signal(signal.SIGTERM)
        assert until(lambda: not takes_asks(hub, key), 1.0)
        answer.read()
        connection.close()
        assert hub.process.wait(10) == 0
    assert provider.asked("drip") == 1


def takes_asks(hub: Running, key: str) -> bool:
    try:
        return hub.chat(key, "quick").status == 200
    except OSError:
        return False


def test_a_second_ctrl_c_ends_the_hub_at_once_with_its_line_written(
    machine: Machine, key: str, provider: Provider
) -> None:
    with machine.up() as hub:
        connection = hub.open(CHAT, chat_body("flood", stream=True, max_tokens=CAP), key=key)
        answer = connection.getresponse()
        answer.read1()
        hub.process.send_signal(signal.SIGINT)
        assert until(lambda: not takes_asks(hub, key), 2.0)
        hub.process.send_signal(signal.SIGINT)
        hub.process.wait(5)
        try:
            told = answer.read()
        except (IncompleteRead, ConnectionError) as error:
            told = error.partial if isinstance(error, IncompleteRead) else b""
        connection.close()
    assert b"[DONE]" not in told
    assert machine.usage()["app", "flood"]["asks"] == 1
    (line,) = [line for line in machine.lines() if line.model == "flood"]
    assert line.status in ("interrupted", "unconfirmed")
    assert line.unconfirmed_tokens + line.output_tokens > 0
    assert "Traceback" not in machine.said[-1], machine.said[-1]


@pytest.fixture
def full_disk(machine: Machine, provider: Provider, small_disk: Path) -> tuple[str, Path]:
    """A host's key, and where its hub's data lie: a disk that is still to be filled."""
    machine.data = small_disk / "data"
    machine.environ["RINGMAIN_DATA"] = str(machine.data)
    machine.connect("paid", provider.base_url, "--model", "quick")
    return machine.key("app"), small_disk / "filler"


def test_a_full_disk_refuses_before_the_provider_is_called_and_heals_by_itself(
    machine: Machine, provider: Provider, full_disk: tuple[str, Path]
) -> None:
    key, filler = full_disk
    with machine.up() as hub:
        assert hub.chat(key, "quick").status == 200
        assert refusals(hub, key, filler)[0].status == 503
        before = len(provider.bodies)
        refused = hub.chat(key, "quick")
        assert (refused.status, refused.code, len(provider.bodies)) == (503, "store_unavailable", before)
        assert b"No space left" in refused.body
        assert hub.call("/ready").status == 503
        filler.unlink()
        assert until(lambda: hub.call("/ready").status == 200), "nobody asks a hub that is not ready"
        assert hub.chat(key, "quick").status == 200
    # One call was the saving of the account.
    assert Counter(line.status for line in machine.lines())["ok"] == len(provider.bodies) - 1


def test_an_ask_that_a_full_disk_refused_has_its_line_once_there_is_room(
    machine: Machine, full_disk: tuple[str, Path]
) -> None:
    key, filler = full_disk
    with machine.up() as hub:
        refused = refusals(hub, key, filler)
        filler.unlink()
        assert until(lambda: hub.call("/ready").status == 200)
        assert hub.chat(key, "quick").status == 200
    codes = {line.id: line.code for line in machine.lines()}
    assert [codes.get(answer.headers["x-ringmain-ask"]) for answer in refused] == ["store_unavailable"]


def refusals(hub: Running, key: str, filler: Path) -> list[Answered]:
    """The first refusal after the disk was filled; what is left of the journal's last block takes a few more asks."""
    fill(filler)
    answered = list[Answered]()
    assert until(lambda: answered.append(hub.chat(key, "quick")) or answered[-1].status != 200)
    return answered[-1:]


def fill(file: Path) -> None:
    """Write until the disk is full, to the last byte."""
    with file.open("wb", buffering=0) as out:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                continue
