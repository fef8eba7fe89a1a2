"""The notebook «OpenAI - Create chat completion» of Naas's templates, sentence by sentence; what differs stands in the
deviations.

What the engine received is asserted, because random weights say nothing sensible.
"""

from typing import Any

import pytest

import ringmain
from ringmain import secret
from ringmain.errors import RingmainError
from ringmain.hosts.notebook.notebooks import Notebook, notebooks
from tests.relay import Relay

SYSTEM = "\nAct as a cook.\nIn your first message, say who you are and ask what is eaten, as bullet points.\n"


@pytest.fixture(autouse=True)
def connected(upstream: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's connection is the real engine."""
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)
    monkeypatch.setenv("RINGMAIN_MODEL", "tiny")


def ours() -> Notebook:
    """Our template that stands in this one's place."""
    return next(each for each in notebooks() if each.name == "create-chat-completion")


def test_the_notebooks_code_runs_with_its_imports_and_its_call_changed(
    upstream: Relay, capsys: pytest.CaptureFixture[str]
) -> None:
    """«naas.secret.get(name="OPENAI_API_KEY") or "ENTER_YOUR_OPENAI_API_KEY"», «model», «temperature = 0.9»,
    «max_tokens», «messages_role = "system"», «openai.ChatCompletion.create», «print(…)»"""
    secret.add("OPENAI_API_KEY", "sk-kept")
    api_key = secret.get(name="OPENAI_API_KEY") or "ENTER_YOUR_OPENAI_API_KEY"
    model, temperature, max_tokens, messages_role = "gpt-3.5-turbo", 0.9, 20, "system"
    messages_system = f"""{SYSTEM}"""
    messages = [{"role": messages_role, "content": messages_system}]
    completion = ringmain.ask(model=model, messages=messages, temperature=temperature, max_tokens=max_tokens)
    print(completion.choices[0].message.content)
    assert api_key == "sk-kept"
    assert upstream.last.path.endswith("/v1/chat/completions")
    assert upstream.last.json == {
        "model": "gpt-3.5-turbo",
        "messages": [{"role": "system", "content": SYSTEM}],
        "temperature": 0.9,
        "max_tokens": 20,
    }
    assert capsys.readouterr().out == f"{completion.text}\n"


def test_without_a_secret_the_placeholder_has_its_turn() -> None:
    """«or "ENTER_YOUR_OPENAI_API_KEY"»"""
    assert (secret.get(name="OPENAI_API_KEY") or "ENTER_YOUR_OPENAI_API_KEY") == "ENTER_YOUR_OPENAI_API_KEY"


def test_a_response_is_created_for_the_conversation(upstream: Relay) -> None:
    """«creates a model response for the given chat conversation», «based on the conversation context», «automated
    responses to customer inquiries», «A list of messages describing the conversation so far.»"""
    messages = [
        {"role": "system", "content": "You answer customers."},
        {"role": "user", "content": "Where is my order?"},
        {"role": "assistant", "content": "Which one?"},
        {"role": "user", "content": "Number 7."},
    ]
    ringmain.ask(messages=messages, max_tokens=4)
    assert upstream.last.json["messages"] == messages


@pytest.mark.parametrize("role", ["system", "user", "assistant"])
def test_the_author_of_a_message_has_one_of_three_roles(role: str, upstream: Relay) -> None:
    """«`messages_role`: The role of the author of this message. One of system, user, or assistant.»,
    «`messages_system`: The contents of the message.»"""
    ringmain.ask(messages=[{"role": role, "content": "Hello"}], max_tokens=4)
    assert upstream.last.json["messages"] == [{"role": role, "content": "Hello"}]
    with pytest.raises(RingmainError) as caught:
        ringmain.ask(messages=[{"role": f"{role}s", "content": "Hello"}])
    assert caught.value.code == "unknown_role"


def test_the_available_models_and_their_ids_can_be_listed() -> None:
    """«ID of the model to use. You can find a list of available models and their IDs»"""
    with ringmain.Hub() as hub:
        assert all(model.id for model in hub.models())
        assert hub.models()


def test_temperature_controls_the_randomness() -> None:
    """«A temperature of 0 will result in the most deterministic output, while higher values will result in more
    diverse and unpredictable output.»"""

    def said(temperature: float) -> set[str]:
        asked: dict[str, Any] = {"max_tokens": 24, "temperature": temperature}
        return {ringmain.ask("Once upon a time", **asked).text for _ in range(3)}

    assert len(said(0)) == 1
    assert len(said(1.5)) == 3


def test_max_tokens_is_the_most_that_comes_back() -> None:
    """«the maximum number of tokens (words or phrases) that the API should return in its response. The larger the value
    of max_tokens, the more text the API can generate»"""
    few, more = (ringmain.ask("Go on", max_tokens=most, temperature=0) for most in (3, 30))
    assert few.usage.output_tokens <= 3
    assert few.finish_reason == "length"
    assert more.text.startswith(few.text)
    assert more.usage.output_tokens > few.usage.output_tokens


def test_prompt_and_answer_cannot_exceed_the_models_context() -> None:
    """«The token count of your prompt plus max_tokens cannot exceed the model's context length.»"""
    with pytest.raises(RingmainError) as caught:
        ringmain.ask("word " * 9000, max_tokens=10)
    assert caught.value.code == "context_length_exceeded"


def test_our_template_has_the_parts_of_theirs() -> None:
    """«Tags», «Author», «Description», «References», «## Input», «### Import libraries», «### Setup Variables»,
    «## Model», «## Output», «### Display result»"""
    marks = ("**Tags:** #", "**Author:**", "**Description:**", "**References:**")
    heads = ("## Input", "### Import libraries", "### Setup variables", "## Model", "## Output", "### Display result")
    places = [ours().text.index(f"# {mark}") for mark in (*marks, *heads)]
    assert places == sorted(places)
    assert "https://platform.openai.com/docs/api-reference/chat/create" in ours().text


def test_our_template_has_the_variables_of_theirs() -> None:
    """«`model`», «`temperature`», «`max_tokens`», «`messages_role`», «`messages_system`», «`messages`»"""
    for name in ("model", "temperature", "max_tokens", "messages_role", "messages_system", "messages"):
        assert f"\n{name} = " in ours().text
    for line in ("temperature = 0.9", "max_tokens = 2084", 'messages_role = "system"'):
        assert f"\n{line}\n" in ours().text
