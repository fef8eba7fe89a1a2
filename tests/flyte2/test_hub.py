"""Tasks as clients of a hub: one budget and one book, which says which action of which run asked."""

import asyncio
from collections.abc import Iterator

import flyte
import flyte.errors
import pytest
from flyte._context import internal_ctx
from flyte.models import ActionID, RawDataPath, TaskContext
from flyte.report import Report

from ringmain.hosts.flyte.inside.v2.actions import Action
from ringmain.hosts.flyte.v2 import chat, chat_map, chat_sync
from tests.flyte.hub import Hub, run_hub, wait_until
from tests.flyte.provider import KEY, Provider
from tests.flyte2.stage import ENV, run


@pytest.fixture(scope="module")
def hub(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with run_hub(tmp_path_factory.mktemp("hub"), provider) as running:
        yield running


@pytest.fixture(autouse=True)
def client(hub: Hub, connected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task's environment that holds no provider's key."""
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.setenv("RINGMAIN_URL", hub.url)
    monkeypatch.setenv("RINGMAIN_KEY", hub.key)


WHO: list[str] = []


@ENV.task
async def asked(prompt: str) -> str:
    WHO.append(Action().origin.sentence)
    reply = await chat(prompt)
    assert reply.notices == ()
    table = await chat_map([f"{prompt} {at}" for at in range(3)])
    assert table.ok
    assert table.notices == {}
    return reply.text


def test_the_book_of_the_hub_says_which_action_of_which_run_asked(hub: Hub, provider: Provider) -> None:
    assert run(asked, "through the hub") == "You said: through the hub"
    (sent,) = provider.asked("through the hub")
    assert sent["headers"]["authorization"] == f"Bearer {KEY}"
    assert not [name for name in sent["headers"] if name.startswith("x-flyte")]
    assert WHO[-1].startswith("Asked by Flyte: task asks.asked, run ")
    assert ", action " in WHO[-1]
    wait_until(lambda: hub.notices().count(WHO[-1]) == 4)


async def test_project_and_domain_are_told_where_flyte_tells_them(hub: Hub) -> None:
    action = ActionID(name="a1", run_name="r1", project="flytesnacks", domain="development")
    places = {"raw_data_path": RawDataPath(path="raw"), "output_path": "out", "run_base_dir": "base"}
    context = TaskContext(action=action, version="v1", report=Report(name="a1"), **places)
    with internal_ctx().replace_task_context(context):
        assert Action().origin.place == "flytesnacks/development"
        assert (await chat_map(["with a project"])).texts == ["You said: with a project"]
    sentence = "Asked by Flyte: in flytesnacks/development, run r1, action a1, attempt 0."
    await asyncio.to_thread(wait_until, lambda: sentence in hub.notices())


DIED: list[str] = []


@ENV.task(retries=1)
async def dies_once(mark: str) -> list[str]:
    replies = await asyncio.gather(chat(f"{mark} same"), chat(f"{mark} same"), chat(f"{mark} other"))
    table = await chat_map([f"{mark} row", f"{mark} row"])
    if mark not in DIED:
        DIED.append(mark)
        raise RuntimeError("The machine has died.")
    return [*(reply.text for reply in replies), *(text or "" for text in table.texts)]


def test_another_attempt_of_the_action_is_not_paid_for_again_and_another_run_is(provider: Provider) -> None:
    words = ("same", "same", "other", "row", "row")
    assert run(dies_once, "again") == [f"You said: again {word}" for word in words]
    assert [len(provider.asked(f"again {word}")) for word in ("same", "other", "row")] == [2, 1, 2]
    run(dies_once, "again")
    assert [len(provider.asked(f"again {word}")) for word in ("same", "other", "row")] == [4, 2, 4]


LATE: list[float] = []


@ENV.task(retries=1)
async def late_once() -> str:
    LATE.append(10 if LATE else 0.5)
    return (await chat("slow 2 through the hub", timeout=LATE[-1])).text


def test_an_attempt_that_was_too_late_does_not_stand_in_the_way_of_the_next() -> None:
    assert run(late_once) == "You said: slow 2 through the hub"
    assert LATE == [0.5, 10]


def test_what_the_hub_refuses_is_told_in_its_words(hub: Hub) -> None:
    with pytest.raises(flyte.errors.NonRecoverableError, match="'main'") as failed:
        chat_sync("status 401 through the hub", model="refused-there")
    assert failed.value.code == "upstream_auth"
    with pytest.raises(flyte.errors.RuntimeUserError) as busy:
        chat_sync("status 503 through the hub", model="busy-there")
    assert not isinstance(busy.value, flyte.errors.NonRecoverableError)


def test_a_wrong_key_for_the_hub_is_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGMAIN_KEY", "rm-wrong")
    with pytest.raises(flyte.errors.NonRecoverableError) as failed:
        chat_sync("nobody")
    assert failed.value.code == "invalid_api_key"


def test_a_spent_budget_is_for_good(hub: Hub) -> None:
    hub.run("hosts", "set", "connector", "--budget", "0.000001", "--unpriced", "refuse")

    def refused() -> bool:
        """The hub may know of it a moment later."""
        try:
            chat_sync("too dear")
        except flyte.errors.NonRecoverableError as error:
            return error.code == "insufficient_quota"
        return False

    wait_until(refused)
