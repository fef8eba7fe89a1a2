"""The address for kernels without ringmain, and an account's own conversations, over HTTP."""

import json
from collections.abc import Iterator

import pytest

from ringmain.errors import AskError
from ringmain.hosts import HostRequest, room
from tests.hubs import Served, run_hub

WIRE = room("notebook").wire
ASK = "/hosts/notebook/ask"


def read(**body: object):
    return WIRE.read(HostRequest(method="POST", path=ASK, body=json.dumps(body).encode()), ask_id="ask_1")


def test_prompt_system_and_messages_become_one_conversation() -> None:
    earlier = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]
    ask = read(
        prompt="Three", system="Be brief.", messages=earlier, model="m", mode="chat", conversation="c", top_p=0.5
    )
    assert [message["content"] for message in ask.messages] == ["Be brief.", "One", "Two", "Three"]
    assert (ask.model, ask.mode, ask.conversation, ask.fields) == ("m", "chat", "c", {"top_p": 0.5})
    assert [message["role"] for message in read(system="Act as a chef.").messages] == ["system"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "nothing_to_ask"),
        ({"prompt": " "}, "nothing_to_ask"),
        ({"prompt": 1}, "invalid_request"),
        ({"prompt": "x", "mode": "loud"}, "invalid_request"),
        ({"messages": "x"}, "invalid_request"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "unknown_role"),
        ({"prompt": "x", "stream": True}, "unsupported_field"),
        ({"prompt": "x", "max_tokens": "many"}, "invalid_request"),
    ],
)
def test_what_is_no_question_is_refused(body: dict[str, object], code: str) -> None:
    with pytest.raises(AskError) as caught:
        read(**body)
    assert caught.value.code == code


@pytest.fixture
def hub() -> Iterator[Served]:
    with run_hub(model="demo-1") as hub:
        yield hub


def test_one_post_is_answered_with_what_the_command_line_prints(hub: Served) -> None:
    key = hub.account("r-kernel", tool="notebook")
    told = hub.call("POST", ASK, {"prompt": "Hello", "max_tokens": 20}, key=key).json
    assert told["text"].startswith("[demo] You asked")
    assert (told["mode"], told["model"], told["cost"], told["currency"]) == ("chat", "demo-1", "0", "USD")
    assert told["usage"]["output_tokens"] == 20
    (line,) = hub.lines()
    assert (line.tool, line.account, line.id) == ("notebook", "r-kernel", told["id"])


def test_an_account_sees_and_erases_its_own_conversations_and_no_others(hub: Served) -> None:
    mine, other = hub.account("mine", tool="notebook"), hub.account("other", tool="notebook")
    for key, said in ((mine, "One"), (other, "Secret")):
        hub.call("POST", ASK, {"prompt": said, "conversation": "a/b c"}, key=key)
    listed = hub.call("GET", "/hosts/notebook/chats", key=mine).json
    assert [(each["conversation"], each["turns"]) for each in listed] == [("a/b c", 2)]
    turns = hub.call("GET", "/hosts/notebook/chats/a%2Fb%20c", key=mine).json
    assert [(turn["role"], turn["content"][:6]) for turn in turns] == [("user", "One"), ("assistant", "[demo]")]
    assert hub.call("DELETE", "/hosts/notebook/chats/a%2Fb%20c", key=mine).json["erased"] == 2
    assert hub.call("GET", "/hosts/notebook/chats", key=mine).json == []
    assert hub.call("GET", "/hosts/notebook/chats/a%2Fb%20c", key=other).json[0]["content"] == "Secret"


def test_memory_is_for_keys_only_and_for_accounts_that_are_on(hub: Served) -> None:
    off = hub.account("off", tool="notebook", on=False)
    for method, path in (("GET", "/hosts/notebook/chats"), ("DELETE", "/hosts/notebook/chats/a")):
        assert hub.call(method, path, key="").status == 401
        assert hub.call(method, path, key="rm-wrong").status == 401
        assert hub.call(method, path, key=off).error["code"] == "account_off"
    assert hub.call("POST", "/hosts/notebook/chats").status == 405
