"""The plugin with a provider of OpenAI's form, without a hub: the bytes that it sends, and what an app is given."""

from typing import Any

import pytest

from tests.tooljet.place import nodes
from tests.tooljet.provider import KEY, ORGANIZATION, USAGE, Provider
from tests.tooljet.server import Failed, Server, run_server


def source(provider: Provider, **more: Any) -> dict[str, Any]:
    return {"base_url": provider.base_url, "apiKey": KEY, **more}


def test_the_default_export_makes_what_the_server_calls(server: Server) -> None:
    assert set(server.methods) == {"constructor", "run", "testConnection", "invokeMethod"}


def test_a_chat_is_the_users_message_and_its_answer_a_text(server: Server, provider: Provider) -> None:
    said = server.run(source(provider), operation="chat", model="talks", prompt="Hello")
    assert said == "You said: Hello"
    assert provider.asked() == [
        ("chat/completions", {"model": "talks", "messages": [{"role": "user", "content": "Hello"}]})
    ]


def test_a_completion_is_asked_at_the_completions_endpoint_with_its_suffix(server: Server, provider: Provider) -> None:
    asked = {"prompt": "Once upon a time", "suffix": "The end.", "max_tokens": "50", "temperature": "0.8"}
    said = server.run(source(provider), operation="completion", model="completes", stop_sequence="\n", **asked)
    assert said == " there was one."
    sent = {**asked, "max_tokens": 50, "temperature": 0.8, "stop": "\n", "model": "completes"}
    assert provider.asked() == [("completions", sent)]


def test_a_chat_has_system_prompt_messages_and_every_parameter(server: Server, provider: Provider) -> None:
    earlier = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]
    server.run(
        source(provider),
        operation="chat",
        model="talks",
        system_prompt="Be brief.",
        message_history=earlier,
        prompt="Go on",
        max_tokens=20,
        temperature=2,
        stop_sequence="END",
    )
    assert provider.last == {
        "model": "talks",
        "messages": [{"role": "system", "content": "Be brief."}, *earlier, {"role": "user", "content": "Go on"}],
        "max_tokens": 20,
        "temperature": 2,
        "stop": "END",
    }


def test_a_chat_is_told_of_the_text_that_follows(server: Server, provider: Provider) -> None:
    server.run(source(provider), operation="chat", model="talks", prompt="Hi", suffix="Bye!")
    (asked,) = provider.last["messages"]
    assert asked["content"].startswith("Hi\n\nThe text below will stand right after your answer.")
    assert asked["content"].endswith("\n\nBye!")
    assert "suffix" not in provider.last


BLANKS = ("", "  ", None)
FIELDS = ("max_tokens", "temperature", "suffix", "system_prompt", "message_history", "advanced_parameters")


@pytest.mark.parametrize("blank", BLANKS, ids=repr)
def test_what_is_blank_is_not_sent(server: Server, provider: Provider, blank: str | None) -> None:
    query = {**dict.fromkeys(FIELDS, blank), "stop_sequence": blank and None}
    server.run(
        source(provider, model="talks", organizationId=blank), operation="chat", model=blank, prompt="Hi", **query
    )
    assert provider.last == {"model": "talks", "messages": [{"role": "user", "content": "Hi"}]}
    assert "openai-organization" not in provider.requests[-1].headers


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("END", "END"),
        (" ", " "),
        ('["a", "\\n"]', ["a", "\n"]),
        (["a", "b"], ["a", "b"]),
        ("[INST]", "[INST]"),
        ("[1]", "[1]"),
        (["", "b"], ["b"]),
        ("", None),
        ([], None),
    ],
)
def test_a_stop_is_a_text_or_a_list_of_them(server: Server, provider: Provider, typed: Any, sent: Any) -> None:
    server.run(source(provider), operation="chat", model="talks", prompt="Hi", stop_sequence=typed)
    assert provider.last.get("stop") == sent


def test_advanced_parameters_win_over_the_fields(server: Server, provider: Provider) -> None:
    more = '{"temperature": 0.1, "top_p": 0.9, "response_format": {"type": "text"}}'
    server.run(source(provider), operation="chat", model="talks", prompt="Hi", temperature=1, advanced_parameters=more)
    assert (provider.last["temperature"], provider.last["top_p"]) == (0.1, 0.9)
    assert provider.last["response_format"] == {"type": "text"}


STEERING = ("api_key", "apiKey", "api_base", "base_url", "extra_headers", "headers", "organization", "stream")


@pytest.mark.parametrize("name", STEERING)
def test_advanced_parameters_set_no_key_no_address_and_no_stream(server: Server, provider: Provider, name: str) -> None:
    with pytest.raises(Failed, match=f"may not set {name}: "):
        server.run(source(provider), operation="chat", model="talks", prompt="Hi", advanced_parameters={name: "x"})
    assert not provider.requests


WRONG = [
    ({"message_history": "[{"}, "The messages are not valid JSON"),
    ({"message_history": '{"role": "user"}'}, "The messages are no list of messages"),
    ({"message_history": ["Hi"]}, "The messages are no list of messages"),
    ({"advanced_parameters": "{top_p: 1}"}, "The advanced parameters are not valid JSON"),
    ({"advanced_parameters": "[1]"}, "The advanced parameters are no JSON object"),
    ({"max_tokens": "many"}, "Max tokens must be a whole number, 1 or more"),
    ({"max_tokens": "1.5"}, "Max tokens must be a whole number, 1 or more"),
    ({"max_tokens": 0}, "Max tokens must be a whole number, 1 or more"),
    ({"temperature": "2.1"}, "Temperature must be a number from 0 to 2"),
    ({"temperature": -1}, "Temperature must be a number from 0 to 2"),
    ({"operation": "completion", "temperature": "1.1"}, "Temperature must be a number from 0 to 1"),
    ({"prompt": " "}, "There is no prompt"),
    ({"operation": ""}, "The query names no operation"),
    ({"operation": "image_generation"}, "There is no operation image_generation"),
    ({"operation": "generate_embedding"}, "There is no operation generate_embedding"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=lambda value: str(value)[:50])
def test_what_cannot_be_asked_is_refused_before_it_is_sent(
    server: Server, provider: Provider, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(Failed) as failed:
        server.run(source(provider), **{"operation": "chat", "model": "talks", "prompt": "Hi", **wrong})
    assert failed.value.message == message
    assert failed.value.description.endswith(".")
    assert failed.value.data["code"] == "invalid_query"
    assert not provider.requests


def test_the_full_response_has_usage_model_and_reason(server: Server, provider: Provider) -> None:
    asked = {"operation": "chat", "model": "talks", "prompt": "Hi"}
    for on in (True, "true", "{{true}}"):
        told = server.run(source(provider), **asked, full_response=on)
        assert told.pop("choices")[0]["message"]["content"] == "You said: Hi"
        assert told == {
            "text": "You said: Hi",
            "model": "talks",
            "finish_reason": "stop",
            "id": "chatcmpl-1",
            "usage": USAGE,
            "cost": None,
            "notices": [],
        }
    for off in (False, "false", "", None):
        assert server.run(source(provider), **asked, full_response=off) == "You said: Hi"


def test_an_answer_in_parts_is_one_text(server: Server, provider: Provider) -> None:
    assert server.run(source(provider), operation="chat", model="parts", prompt="Hi") == "In parts"


def test_what_a_reasoning_model_refuses_is_left_out_and_told(server: Server, provider: Provider) -> None:
    asked = {"max_tokens": 20, "temperature": 0.5, "stop_sequence": "H"}
    told = server.run(
        source(provider), operation="chat", model="thinks", prompt="Hi there", full_response=True, **asked
    )
    assert provider.last == {
        "model": "thinks",
        "messages": [{"role": "user", "content": "Hi there"}],
        "max_completion_tokens": 20,
    }
    assert told["text"] == "You said: "
    assert told["notices"] == [
        "The model refuses temperature; it was left out.",
        "The model refuses stop; the text was cut there.",
    ]


def test_a_completion_of_a_model_that_only_chats_is_asked_by_chat(server: Server, provider: Provider) -> None:
    query = {"operation": "completion", "model": "talks", "prompt": "Once", "suffix": "The end."}
    told = server.run(source(provider), **query, full_response=True)
    assert [path for path, _ in provider.asked()] == ["completions", "chat/completions"]
    assert told["notices"] == ["The model was asked by chat."]
    (asked,) = provider.last["messages"]
    assert asked["content"].startswith("Write only the text that belongs where [...] stands")
    assert asked["content"].endswith("Once[...]The end.")
    assert "suffix" not in provider.last
    del query["suffix"]
    assert server.run(source(provider), **query) == "You said: Once"


def test_key_and_organization_are_sent_as_openai_wants_them(server: Server, provider: Provider) -> None:
    server.run(source(provider, organizationId=f" {ORGANIZATION} "), operation="chat", model="talks", prompt="Hi")
    sent = provider.requests[-1].headers
    assert sent["authorization"] == f"Bearer {KEY}"
    assert sent["openai-organization"] == ORGANIZATION


ADDRESSES = (
    "",
    "/",
    "/v1",
    "/v1/",
    "/v1/models",
    "/v1/chat/completions",
    "/hosts/tooljet",
    "/hosts/tooljet/openapi.json",
)


@pytest.mark.parametrize("path", ADDRESSES)
def test_the_base_url_is_the_one_that_was_meant(server: Server, provider: Provider, path: str) -> None:
    server.test(source(provider, base_url=f" {provider.address}{path} "))


NO_ADDRESS = [
    ("hub:8484", "The base URL is no address"),
    ("ftp://hub/v1", "The base URL is no address"),
    ("hub", "The base URL is no address"),
    ("http://me:secret@hub/v1", "The base URL holds more than an address"),
    ("http://hub/v1?key=secret", "The base URL holds more than an address"),
    ("http://169.254.169.254/latest", "The base URL leads to the machine's own metadata"),
    ("http://0xa9fea9fe/latest", "The base URL leads to the machine's own metadata"),
    ("http://[::ffff:169.254.169.254]/latest", "The base URL leads to the machine's own metadata"),
    ("http://Metadata.Google.Internal./v1", "The base URL leads to the machine's own metadata"),
    ("http://100.100.100.200/latest", "The base URL leads to the machine's own metadata"),
    ("http://[fe80::1]/v1", "The base URL leads to the machine's own metadata"),
    ("http://[fd20:ce::254]/v1", "The base URL leads to the machine's own metadata"),
    ("http://[64:ff9b::169.254.169.254]/v1", "The base URL leads to the machine's own metadata"),
    ("http://[::168.63.129.16]/v1", "The base URL leads to the machine's own metadata"),
    ("http://metadata.goog/v1", "The base URL leads to the machine's own metadata"),
]


@pytest.mark.parametrize(("url", "message"), NO_ADDRESS)
def test_what_is_no_base_url_is_told_so_without_repeating_it(server: Server, url: str, message: str) -> None:
    with pytest.raises(Failed) as failed:
        server.test({"base_url": url, "apiKey": KEY})
    assert failed.value.message == message
    assert "secret" not in str(failed.value)


def test_a_blank_base_url_is_openai_itself(provider: Provider) -> None:
    with run_server(nodes()["own"], OPENAI_IS=provider.address) as server:
        server.test({"apiKey": KEY, "base_url": ""})
        assert server.run({"apiKey": KEY}, operation="chat", model="talks", prompt="Hi") == "You said: Hi"
        with pytest.raises(Failed, match="No model is named"):
            server.run({"apiKey": KEY}, operation="chat", prompt="Hi")
        with pytest.raises(Failed, match="There is no API key"):
            server.test({"apiKey": " "})


def test_the_list_of_models_has_what_talks_and_the_default(server: Server, provider: Provider) -> None:
    assert server.models(source(provider, model="talks")) == [
        {"label": "The default model: talks", "value": ""},
        {"label": "completes", "value": "completes"},
        {"label": "talks", "value": "talks"},
        {"label": "thinks", "value": "thinks"},
    ]
