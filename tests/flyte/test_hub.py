"""A served connector as a client of a hub: one budget and one book, which says which task asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flyte.hub import Hub, run_hub, wait_until
from tests.flyte.propeller import PREFIX, Propeller, Template
from tests.flyte.provider import KEY, Provider
from tests.flyte.stage import served


@pytest.fixture(scope="module")
def hub(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with run_hub(tmp_path_factory.mktemp("hub"), provider) as running:
        yield running


@pytest.fixture(scope="module")
def client(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Propeller]:
    """A connector that holds no provider's key."""
    with served(tmp_path_factory.mktemp("client"), RINGMAIN_URL=hub.url, RINGMAIN_KEY=hub.key) as channel:
        yield channel


def test_the_hub_asks_for_the_connector_and_its_book_says_which_task_it_was(
    hub: Hub, client: Propeller, templates: dict[str, Template], provider: Provider
) -> None:
    told = client.execute(templates["chat"], "through the hub")
    assert (told.phase, told.outputs) == ("SUCCEEDED", {"o0": "You said: through the hub"})
    (asked,) = provider.asked("through the hub")
    assert asked["headers"]["authorization"] == f"Bearer {KEY}"
    assert "x-flyte-project" not in asked["headers"]
    assert asked["body"]["n"] == 2
    sentence = "Asked by Flyte: task chat, in flytesnacks/development, execution f3a91b7c2d, node n0, attempt 0."
    wait_until(lambda: sentence in hub.notices())
    (row,) = (row for row in hub.run("usage", "--json") if row["account"] == "connector")
    assert (row["tool"], row["model"], row["asks"]) == ("flyte", "gpt-4o-mini", 1)


def test_the_same_attempt_that_comes_again_is_not_asked_again_and_another_one_is(
    client: Propeller, templates: dict[str, Template], provider: Provider
) -> None:
    first = client.execute(templates["plain"], "again")
    again = client.execute(templates["plain"], "again")
    assert first.outputs == again.outputs
    assert len(provider.asked("again")) == 1
    client.execute(templates["plain"], "again", prefix=PREFIX[:-1] + "1")
    assert len(provider.asked("again")) == 2


def test_what_the_hub_refuses_is_told_in_its_words_with_the_right_phase(
    client: Propeller, templates: dict[str, Template]
) -> None:
    refused = client.execute(templates["case_o"], "status 401")
    assert refused.phase == "FAILED"
    assert "'main'" in refused.message
    assert client.execute(templates["case_p"], "status 503").phase == "RETRYABLE_FAILED"


def test_a_wrong_key_for_the_hub_is_permanent(hub: Hub, templates: dict[str, Template], tmp_path: Path) -> None:
    with served(tmp_path, RINGMAIN_URL=hub.url, RINGMAIN_KEY="rm-wrong") as channel:
        told = channel.execute(templates["plain"], "nobody")
    assert (told.phase, told.info["code"]) == ("FAILED", "invalid_api_key")


def test_a_spent_budget_is_permanent(hub: Hub, client: Propeller, templates: dict[str, Template]) -> None:
    hub.run("hosts", "set", "connector", "--budget", "0.000001", "--unpriced", "refuse")
    # The hub may know of it a moment later.
    asked = (client.execute(templates["plain"], f"too dear {at}") for at in range(20))
    told = next(one for one in asked if one.phase != "SUCCEEDED")
    assert (told.phase, told.info["code"]) == ("FAILED", "insufficient_quota")
