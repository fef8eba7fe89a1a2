"""From nothing to an answer, with the commands and the client that people have."""

import time
from typing import Any

from openai import AuthenticationError, OpenAI, PermissionDeniedError

from tests.journeys.machine import Machine, Running, until
from tests.relay import Relay

PASSED = "Test success! Everything properly set up! You're good to go!"
HALF_A_SECOND = 0.5
CAP = 8


def set_up(machine: Machine, engine: str, embedding_engine: str) -> dict[str, str]:
    """The keys of two accounts, on two connections."""
    machine.connect("local", engine, "--model", "tiny", "--default")
    machine.connect("vectors", embedding_engine, "--model", "tiny-embedding")
    checked = machine.run("check")
    assert (checked.code, checked.out.splitlines()[-1]) == (0, PASSED), checked.out + checked.err
    return {"talk": machine.key("talk"), "vectors": machine.key("vectors", "--connection", "vectors")}


def every_way(client: OpenAI) -> tuple[int, int]:
    """The tokens in and out of one ask each way, whole and streamed."""
    said: Any = [{"role": "user", "content": "Hello"}]
    counted: Any = {"include_usage": True}
    chat = client.chat.completions.create(model="tiny", messages=said, max_tokens=CAP)
    chunks = list(
        client.chat.completions.create(model="tiny", messages=said, max_tokens=CAP, stream=True, stream_options=counted)
    )
    prompt = client.completions.create(model="tiny", prompt="Hello", max_tokens=CAP)
    texts = list(
        client.completions.create(model="tiny", prompt="Hello", max_tokens=CAP, stream=True, stream_options=counted)
    )
    response = client.responses.create(model="tiny", input="Hello", max_output_tokens=CAP)
    with client.responses.create(model="tiny", input="Hello", max_output_tokens=CAP, stream=True) as stream:
        events = list(stream)
    last: Any = events[-1]
    assert last.type in ("response.completed", "response.incomplete")
    old: Any = [chat.usage, chunks[-1].usage, prompt.usage, texts[-1].usage]
    new: Any = [response.usage, last.response.usage]
    tokens_in = sum(usage.prompt_tokens for usage in old) + sum(usage.input_tokens for usage in new)
    tokens_out = sum(usage.completion_tokens for usage in old) + sum(usage.output_tokens for usage in new)
    return tokens_in, tokens_out


def soon_in_the_book(machine: Machine, account: str, asks: int) -> dict[str, Any]:
    """The account's row, which a running hub has written half a second after the answer."""
    time.sleep(HALF_A_SECOND)
    (row,) = [row for (name, _), row in machine.usage().items() if name == account]
    assert row["asks"] == asks
    return row


def test_every_endpoint_answers_through_the_hub_and_usage_tells_it_half_a_second_later(
    machine: Machine, engine: str, embedding_engine: str
) -> None:
    keys = set_up(machine, engine, embedding_engine)
    with machine.up() as hub:
        with hub.client(keys["talk"]) as talk:
            told = every_way(talk)
        row = soon_in_the_book(machine, "talk", 6)
        assert (row["input_tokens"], row["output_tokens"], row["failed"]) == (*told, 0)
        assert min(told) >= 6
        with hub.client(keys["vectors"]) as vectors:
            vector = vectors.embeddings.create(model="tiny-embedding", input=["one", "two"])
        assert [len(one.embedding) for one in vector.data] == [64, 64]
        row = soon_in_the_book(machine, "vectors", 1)
        assert (row["input_tokens"], row["model"]) == (vector.usage.prompt_tokens, "tiny-embedding")
        assert row["input_tokens"] > 0
        assert row["cost"] is None
        print(f"\nready after {hub.seconds:.2f} s")


def asked(client: OpenAI) -> str | None:
    return client.chat.completions.create(model="demo-1", messages=[{"role": "user", "content": "Hello"}]).model


def test_accounts_change_while_the_hub_runs(machine: Machine) -> None:
    with machine.up("--demo") as hub:
        key = machine.key("late")
        with hub.client(key) as client:
            assert asked(client) == "demo-1"
            machine.run("hosts", "set", "late", "--off")
            assert until(lambda: is_off(client), 1.0), "an account was still served a second after it was switched off"
            machine.run("hosts", "set", "late", "--on")
            assert until(lambda: not is_off(client), 1.0)
        machine.do("hosts", "rotate", "late")
        fresh = machine.do("hosts", "rotate", "late", "--now")["key"]
        check_rotation(hub, old=key, fresh=fresh)
        machine.do("hosts", "remove", "late")
        with hub.client(fresh) as gone:
            assert until(lambda: is_unknown(gone), 1.0)


def check_rotation(hub: Running, *, old: str, fresh: str) -> None:
    with hub.client(fresh) as client:
        assert asked(client) == "demo-1"
    with hub.client(old) as client:
        assert until(lambda: is_unknown(client), 1.0), "an old key still opened a second after its end"


def is_off(client: OpenAI) -> bool:
    try:
        asked(client)
    except PermissionDeniedError as error:
        return "switched off" in str(error)
    return False


def is_unknown(client: OpenAI) -> bool:
    try:
        asked(client)
    except AuthenticationError:
        return True
    return False


def test_without_a_connection_only_up_falls_back_to_the_demo_which_a_connection_replaces_at_once(
    machine: Machine, upstream: Relay
) -> None:
    alone = machine.run("ask", "Hello")
    assert alone.code == 1
    assert "--demo" in alone.err
    with machine.up() as hub:
        assert "it is no model" in hub.printed()
        key = machine.key("app")
        assert "[demo]" in hub.chat(key).json["choices"][0]["message"]["content"]
        machine.connect("local", upstream.base_url, "--model", "tiny", "--default")
        assert until(lambda: b"[dem" not in hub.chat(key, max_tokens=1).body, 1.0)
        assert upstream.last.json["model"] == "tiny"


def test_a_wrong_key_opens_nothing_and_has_no_line(machine: Machine) -> None:
    with machine.up("--demo") as hub:
        told = [hub.chat(wrong, "demo-1").status for wrong in ("", "rm-nothing", "sk-nothing")]
    assert told == [401, 401, 401]
    assert machine.lines() == []
