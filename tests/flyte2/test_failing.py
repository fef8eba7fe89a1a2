"""What is worth one of a task's retries, and what is not."""

from collections import Counter
from datetime import timedelta

import flyte
import flyte.errors
import pytest
from flyte._internal.runtime.convert import convert_from_native_to_error

import ringmain
from ringmain.errors import STATUS, RingmainError
from ringmain.hosts.flyte.inside.outcome import RETRYABLE
from ringmain.hosts.flyte.inside.v2.failing import failing
from ringmain.hosts.flyte.v2 import chat, chat_sync
from tests.flyte.provider import Provider
from tests.flyte2.stage import ENV, run

ATTEMPTS = Counter[str]()

SOON = flyte.RetryStrategy(count=2, backoff=flyte.Backoff(base=timedelta(0)))


@ENV.task(retries=SOON)
async def asked(prompt: str, model: str) -> str:
    ATTEMPTS[model] += 1
    return (await chat(prompt, model=model, timeout=5)).text


@ENV.task(retries=SOON)
def plainly_asked(prompt: str, model: str) -> str:
    ATTEMPTS[model] += 1
    return chat_sync(prompt, model=model, timeout=5).text


@ENV.task(retries=flyte.RetryStrategy(count=1, backoff=flyte.Backoff(base=timedelta(seconds=2.2))))
async def asked_again_later(prompt: str) -> str:
    return (await chat(prompt, model="later", timeout=1)).text


@ENV.task(retries=SOON)
async def asked_without_our_error(prompt: str, model: str) -> str:
    ATTEMPTS[model] += 1
    async with ringmain.AsyncHub() as hub:
        return (await hub.ask(prompt, model=model)).text


@pytest.mark.parametrize("task", [asked, plainly_asked], ids=["async", "plain"])
@pytest.mark.parametrize(
    ("status", "code"), [(401, "upstream_auth"), (403, "upstream_forbidden"), (400, "upstream_refused")]
)
def test_what_no_retry_would_mend_is_asked_once(
    provider: Provider, task: flyte.TaskTemplate, status: int, code: str
) -> None:
    prompt = model = f"status {status} {task.name}"
    with pytest.raises(flyte.errors.RuntimeUserError) as failed:
        run(task, prompt, model)
    assert (ATTEMPTS[model], len(provider.asked(prompt))) == (1, 1)
    assert failed.value.code == code
    assert failed.value.code not in RETRYABLE


def test_without_our_error_the_same_is_asked_three_times(provider: Provider) -> None:
    with pytest.raises(flyte.errors.RuntimeUserError):
        run(asked_without_our_error, "status 401 else", "else")
    assert (ATTEMPTS["else"], len(provider.asked("status 401 else"))) == (3, 3)


@pytest.mark.parametrize("task", [asked, plainly_asked], ids=["async", "plain"])
@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("status 429 7", "upstream_rate_limited"),
        ("status 500", "upstream_error"),
        ("status 503", "upstream_overloaded"),
        ("garbage", "upstream_malformed"),
        ("cut", "upstream_ambiguous"),
    ],
)
def test_what_may_be_better_later_uses_the_tasks_retries(task: flyte.TaskTemplate, prompt: str, code: str) -> None:
    model = f"{prompt} {task.name}"
    with pytest.raises(flyte.errors.RuntimeUserError) as failed:
        run(task, prompt if prompt in ("garbage", "cut") else f"{prompt} {task.name}", model)
    assert ATTEMPTS[model] == 3
    assert failed.value.code in (code, "upstream_cooling", "deadline_exceeded")
    assert failed.value.code in RETRYABLE


def test_a_retry_mends_what_a_retry_can_mend(provider: Provider) -> None:
    assert run(asked_again_later, "once 429 2 mended") == "You said: once 429 2 mended"
    assert len(provider.asked("once 429 2 mended")) == 2


def test_a_wrong_key_is_told_in_the_words_of_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-and-secret")
    with pytest.raises(flyte.errors.RuntimeUserError, match="Give the secret that its TaskEnvironment names") as failed:
        run(asked, "wrong key", "wrong-key")
    assert ATTEMPTS["wrong-key"] == 1
    assert "sk-wrong-and-secret" not in str(failed.value)


@pytest.mark.parametrize("code", sorted(STATUS))
def test_flyte_retries_what_the_table_says_and_shows_our_code_sentence_and_fix(code: str) -> None:
    with pytest.raises(flyte.errors.RuntimeUserError) as failed, failing():
        raise RingmainError(code, "It went wrong.", fix="Mend it.")
    told = convert_from_native_to_error(failed.value)
    assert told.recoverable == (code in RETRYABLE)
    assert (told.err.code, told.err.message) == (code, "It went wrong. Mend it.")


def test_a_limit_that_fires_says_which_and_is_worth_a_retry() -> None:
    with pytest.raises(flyte.errors.RuntimeUserError, match=r"the task's timeout of 0\.3 s\. Raise timeout=") as failed:
        chat_sync("slow 3 late", timeout=0.3, model="late")
    assert (failed.value.code, isinstance(failed.value, flyte.errors.NonRecoverableError)) == (
        "deadline_exceeded",
        False,
    )
