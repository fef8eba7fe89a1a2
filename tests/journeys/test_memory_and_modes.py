"""Memory and modes over `/v1`: the bytes that a real engine was sent."""

from typing import Any

import pytest

from tests.journeys.machine import Answered, Machine, Running, chat_body, until
from tests.relay import Relay

CHAT = "/v1/chat/completions"
CAP = 4


@pytest.fixture
def local(machine: Machine, upstream: Relay) -> Machine:
    """The machine with the real engine as its default connection."""
    machine.connect("local", upstream.base_url, "--model", "tiny", "--default")
    return machine


def said_in(hub: Running, key: str, talk: str, text: str, **fields: Any) -> Answered:
    headers = {"x-ringmain-conversation": talk}
    answered = hub.call(CHAT, chat_body(None, text, max_tokens=CAP, **fields), key=key, headers=headers)
    assert answered.status == 200, answered.body
    return answered


def test_earlier_turns_travel_along_within_their_account_and_can_be_erased(local: Machine, upstream: Relay) -> None:
    keys = [local.key(name) for name in ("one", "two")]
    with local.up() as hub:
        first = said_in(hub, keys[0], "talk", "first").json["choices"][0]["message"]["content"]
        said_in(hub, keys[0], "talk", "second", stream=True)
        assert upstream.last.json["messages"] == [
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": first},
            {"role": "user", "content": "second"},
        ]
        assert "x-ringmain-conversation" not in upstream.last.headers
        for key, talk in ((keys[1], "talk"), (keys[0], "other")):
            said_in(hub, key, talk, "alone")
            assert upstream.last.json["messages"] == [{"role": "user", "content": "alone"}]
        turns = local.do("memory", "show", "one", "talk")
        assert [turn["content"] for turn in turns if turn["role"] == "user"] == ["first", "second"]
        assert local.do("memory", "erase", "one", "talk", "--yes")["erased"] == 4
        said_in(hub, keys[0], "talk", "third")
        assert upstream.last.json["messages"] == [{"role": "user", "content": "third"}]
        assert {(row["conversation"], row["turns"]) for row in local.do("memory", "show", "one")} == {
            ("talk", 2),
            ("other", 2),
        }
    assert b"first" not in b"".join(path.read_bytes() for path in local.data.rglob("*") if path.is_file())


def test_the_window_of_an_account_limits_what_travels(local: Machine, upstream: Relay) -> None:
    key = local.key("short", "--memory-turns", "2", "--context", "Be brief.")
    with local.up() as hub:
        for text in ("one", "two", "three"):
            said_in(hub, key, "talk", text)
        sent = upstream.last.json["messages"]
        assert [(message["role"], message["content"]) for message in sent if message["role"] != "assistant"] == [
            ("system", "Be brief."),
            ("user", "two"),
            ("user", "three"),
        ]
        local.do("hosts", "set", "short", "--memory-turns", "0")
        assert until(lambda: len(said_in(hub, key, "talk", "four") and upstream.last.json["messages"]) == 2, 1.0)


def test_prefix_and_suffix_stand_around_every_prompt(local: Machine, upstream: Relay) -> None:
    words = ("--mode", "completion", "--prompt-prefix", "In Odoo: ", "--prompt-suffix", " Answer:")
    key = local.key("old", *words, "--temperature", "0.5")
    with local.up() as hub:
        upstream.clear()
        body = {"prompt": ["one", "two"], "max_tokens": CAP, "stop": ["\n"]}
        answered = hub.call("/v1/completions", body, key=key)
        assert answered.status == 200, answered.body
        assert upstream.last.path == "/v1/completions"
        assert upstream.last.json["prompt"] == ["In Odoo: one Answer:", "In Odoo: two Answer:"]
        assert (upstream.last.json["temperature"], upstream.last.json["stop"]) == (0.5, ["\n"])
        chat = hub.chat(key, said="How?", max_tokens=CAP)
        assert upstream.last.path == "/v1/completions"
        assert upstream.last.json["prompt"] == "In Odoo: How? Answer:"
        assert chat.json["object"] == "chat.completion"
        assert len(upstream.requests) == 2


def test_what_passes_through_chat_passes_as_it_came(local: Machine, upstream: Relay) -> None:
    key = local.key("plain")
    with local.up() as hub:
        body = chat_body("any-name", "Hi", max_tokens=CAP, seed=7, top_p=1.0, logit_bias={"7": 2}, unheard_of=[1.50])
        assert hub.call(CHAT, {**body, "api_base": "http://127.0.0.1:9", "api_key": "k"}, key=key).status == 200
        assert upstream.last.json == body
        assert b"1.0" in upstream.last.body


@pytest.mark.parametrize("mode", ["auto", "chat", "completion"])
def test_saving_learns_an_unknown_models_mode_with_one_call_of_one_token_and_remembers_it(
    local: Machine, upstream: Relay, mode: str
) -> None:
    def learning() -> list[dict[str, Any]]:
        return [request.json for request in upstream.requests if request.body]

    local.key("first", "--model", "never-seen", "--mode", mode)
    (call,) = learning()
    assert (call["model"], call["max_tokens"]) == ("never-seen", 1)
    assert ("prompt" in call) is (mode == "completion")
    local.key("second", "--model", "never-seen", "--mode", mode)
    local.run("hosts", "set", "first", "--model", "never-seen", "--mode", mode)
    assert len(learning()) == 1
    row = next(row for row in local.do("usage") if row["account"] == "saving")
    assert (row["asks"], row["failed"], row["model"], row["output_tokens"]) == (1, 0, "never-seen", 1)
