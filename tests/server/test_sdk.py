"""OpenAI's own client against a hub that runs, with the demo provider behind: plain, streamed and emulated."""

from collections.abc import Iterator

import pytest
from openai import AuthenticationError, NotFoundError, OpenAI, RateLimitError

from tests.hubs import Served

HELLO = [{"role": "user", "content": "Hello"}]
WAYS = {"chat": "demo-chat", "completion": "demo-completion", "responses": "demo-responses"}
"""Mode → a demo model that can do nothing else."""

every_model = pytest.mark.parametrize("model", ["demo-1", *WAYS.values()])


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[OpenAI]:
    with OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
        yield client


@every_model
def test_chat(client: OpenAI, model: str) -> None:
    whole = client.chat.completions.create(model=model, messages=HELLO)  # pyright: ignore[reportArgumentType]
    chunks = list(
        client.chat.completions.create(
            model=model,
            messages=HELLO,  # pyright: ignore[reportArgumentType]
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "Hello" in text
    assert text == whole.choices[0].message.content
    assert whole.usage == chunks[-1].usage
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert whole.model == model


@every_model
def test_completion(client: OpenAI, model: str) -> None:
    whole = client.completions.create(model=model, prompt="Hello")
    chunks = list(client.completions.create(model=model, prompt="Hello", stream=True))
    assert "Hello" in whole.choices[0].text
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text
    assert all(chunk.usage is None for chunk in chunks)
    assert whole.usage


@every_model
def test_responses(client: OpenAI, model: str) -> None:
    whole = client.responses.create(model=model, input="Hello", instructions="Be brief.")
    with client.responses.create(model=model, input="Hello", instructions="Be brief.", stream=True) as stream:
        events = list(stream)
    assert whole.status == "completed"
    assert "Hello" in whole.output_text
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole.output_text
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == whole.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_a_list_of_prompts_and_n_keep_their_places_where_they_are_emulated(client: OpenAI) -> None:
    answer = client.completions.create(model="demo-chat", prompt=["one", "two"], n=2)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert ["one" in choice.text for choice in answer.choices] == [True, True, False, False]
    chunks = client.completions.create(model="demo-chat", prompt=["one", "two"], n=2, stream=True)
    texts = dict.fromkeys(range(4), "")
    for chunk in chunks:
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == {choice.index: choice.text for choice in answer.choices}


def test_embeddings(client: OpenAI) -> None:
    answer = client.embeddings.create(model="demo-embedding", input=["one", "two"])
    assert [row.index for row in answer.data] == [0, 1]
    assert all(isinstance(number, float) for number in answer.data[0].embedding)


def test_models(client: OpenAI) -> None:
    assert "old-name" in [model.id for model in client.models.list()]
    assert client.models.retrieve("old-name").id == "demo-1"


def test_emulation_is_told_in_the_header(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="demo-completion",
        messages=HELLO,  # pyright: ignore[reportArgumentType]
        max_tokens=1,
    )
    assert "completion" in raw.headers["x-ringmain-notice"]
    assert raw.parse().choices[0].finish_reason == "length"


def test_errors_are_the_clients_own(served: Served, client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as missing:
        client.chat.completions.create(model="nobody", messages=HELLO)  # pyright: ignore[reportArgumentType]
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    with pytest.raises(RateLimitError) as spent:
        client.completions.create(model="demo-error-quota", prompt="Hello")
    assert (spent.value.code, spent.value.type) == ("insufficient_quota", "insufficient_quota")
    with OpenAI(base_url=served.base_url, api_key="wrong") as other, pytest.raises(AuthenticationError):
        other.models.list()


def test_a_spent_budget_is_not_tried_again(served: Served) -> None:
    """Against OpenAI its client would ask three times."""
    client = OpenAI(base_url=served.base_url, api_key=served.account("poor"), max_retries=2)
    with client, pytest.raises(RateLimitError):
        client.completions.create(model="demo-error-quota", prompt="Hello")
    assert len([line for line in served.lines() if line.account == "poor"]) == 1
