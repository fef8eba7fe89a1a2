"""The page «OpenAI ChatGPT Plugin» of Flyte's, sentence by sentence; what differs stands in the deviations.

It needs flytekit, so that `make test-flyte` runs it.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("flytekit", reason="skipped, because make test-flyte runs it, where flytekit is")

from flytekit import workflow
from flytekit.exceptions.user import FlyteUserException
from flytekit.extend.backend.base_connector import ConnectorRegistry

from ringmain.hosts.flyte import ChatGPTConnector, ChatGPTTask
from ringmain.hosts.flyte.inside import connector as module
from ringmain.hosts.flyte.inside.asking import close_asker
from tests.flyte.provider import KEY, Provider, run_provider

CONFIG = {"model": "gpt-3.5-turbo", "temperature": 0.7, "max_tokens": 150}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture(autouse=True)
def configured(provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RINGMAIN_DATA", str(tmp_path / "data"))
    yield
    close_asker()


def test_the_example_of_the_page_works_with_its_import_changed() -> None:
    """«integrates Large Language Model (LLM) capabilities … directly into your workflows», and the page's example"""
    chat_task = ChatGPTTask(
        name="my_chat_completion_task",
        chatgpt_config={"model": "gpt-3.5-turbo", "temperature": 0.7, "max_tokens": 150},
        # openai_organization="your-openai-organization-id", # Uncomment and set if needed
    )

    @workflow
    def chat_workflow(prompt: str) -> str:
        return chat_task(message=prompt)

    prompt = "Explain quantum entanglement in simple terms."
    assert chat_workflow(prompt=prompt) == f"You said: {prompt}"


def test_the_three_parameters_are_those_of_the_page() -> None:
    """«`name`: A unique name for the task», «`chatgpt_config`», «`openai_organization`: (Optional)»"""
    task = ChatGPTTask("positional", CONFIG, "org-flyte")
    assert task.name == "positional"
    assert task.get_custom(None)["chatgpt_config"] == CONFIG  # pyright: ignore[reportArgumentType]
    assert task.get_custom(None)["openai_organization"] == "org-flyte"  # pyright: ignore[reportArgumentType]


def test_one_string_goes_in_and_one_comes_out() -> None:
    """«accept a single string input named `message` and produces a single string output named `o0`»"""
    interface = ChatGPTTask(name="interface", chatgpt_config=CONFIG).python_interface
    assert (interface.inputs, interface.outputs) == ({"message": str}, {"o0": str})


def test_the_configuration_is_the_request(provider: Provider) -> None:
    """«directly maps to the parameters expected by OpenAI's `chat.completions.create`», temperature to `n`"""
    config = {**CONFIG, "top_p": 0.9, "n": 2, "presence_penalty": 0.5, "stop": ["END"]}
    ChatGPTTask(name="request", chatgpt_config=config)(message="as it is")
    (asked,) = provider.asked("as it is")
    assert asked["body"] == {**config, "messages": [{"role": "user", "content": "as it is"}]}


def test_a_model_is_mandatory() -> None:
    """«The `model` key is a mandatory field», «A `ValueError` is raised if this is not provided.»"""
    with pytest.raises(ValueError, match="model"):
        ChatGPTTask(name="none", chatgpt_config={"temperature": 0.7})


def test_the_connector_is_found_by_the_tasks_type() -> None:
    """«the underlying `ChatGPTConnector` handles the interaction with the OpenAI API»"""
    task = ChatGPTTask(name="typed", chatgpt_config=CONFIG)
    assert isinstance(ConnectorRegistry.get_connector(task.task_type), ChatGPTConnector)


def test_the_message_is_inserted_as_the_users(provider: Provider) -> None:
    """«dynamically inserted into the `messages` array … `{"role": "user", "content": message}`»"""
    ChatGPTTask(name="inserted", chatgpt_config=CONFIG)(message="inserted")
    assert provider.asked("inserted")[0]["body"]["messages"] == [{"role": "user", "content": "inserted"}]


def test_organization_and_key_go_along(provider: Provider) -> None:
    """«initialized using the provided `openai_organization` and an API key», «a secret named `OPENAI_API_KEY`»,
    «ensures that API calls are attributed correctly»"""
    ChatGPTTask(name="attributed", chatgpt_config=CONFIG, openai_organization="org-billing")(message="attributed")
    headers = provider.asked("attributed")[0]["headers"]
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["openai-organization"] == "org-billing"


def test_openais_own_asynchronous_client_makes_the_call(provider: Provider) -> None:
    """«An asynchronous OpenAI client (`openai.AsyncOpenAI`)», «`client.chat.completions.create` … is invoked»"""
    ChatGPTTask(name="client", chatgpt_config=CONFIG)(message="by whom")
    headers = provider.asked("by whom")[0]["headers"]
    assert (headers["x-stainless-lang"], headers["x-stainless-async"]) == ("python", "async:asyncio")


def test_a_call_ends_after_a_time_that_is_sixty_seconds_unless_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """«enforcing a default timeout of `TIMEOUT_SECONDS` (typically 60 seconds)», «if exposed or configurable»"""
    assert module.TIMEOUT_SECONDS == 60
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.5)
    with pytest.raises(FlyteUserException, match=r"timeout of 0\.5 s"):
        ChatGPTTask(name="default", chatgpt_config={"model": "default"})(message="slow 3 default")
    began = time.monotonic()
    patient = ChatGPTTask(name="patient", chatgpt_config={"model": "patient"}, timeout=20)
    assert patient(message="slow 1 patient") == "You said: slow 1 patient"
    assert time.monotonic() - began < 10


def test_the_first_choices_text_is_the_output() -> None:
    """«the content of the first message choice … is extracted», «returned as the `o0` output»"""
    task = ChatGPTTask(name="first", chatgpt_config={**CONFIG, "n": 3})
    assert task(message="first") == "You said: first"


def test_the_http_client_says_little() -> None:
    """«the `httpx` logger's level is set to `WARNING`»"""
    ChatGPTTask(name="quiet", chatgpt_config=CONFIG)
    assert logging.getLogger("httpx").level == logging.getLogger("httpx2").level == logging.WARNING


def test_errors_of_the_provider_can_be_told_apart() -> None:
    """«potential API errors (e.g., rate limits, invalid API keys, model errors)»"""
    for said, told in (("status 401", "key"), ("status 404 model", "404"), ("status 503", "overloaded")):
        with pytest.raises(FlyteUserException, match=told):
            ChatGPTTask(name="told", chatgpt_config={"model": said})(message=said)


def test_it_is_called_in_a_loop_that_runs() -> None:
    """«its `TIMEOUT_SECONDS` … to prevent indefinite waits» holds in a notebook's cell too"""

    async def cell() -> str:
        return ChatGPTTask(name="cell", chatgpt_config=CONFIG)(message="cell")

    assert asyncio.run(cell()) == "You said: cell"
