"""What the admin takes away: flows that play, at a real hub with a real engine behind, as they were filled in."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ringmain.exchange.account import Account
from ringmain.hosts import room
from ringmain.hosts.glific.flows.lint import lint
from ringmain.hosts.glific.flows.reading import read_flows
from tests.hosts.glific.rehearsing import played, texts
from tests.hubs import Served, run_hub
from tests.server.glific import add_glific

FLOWS = ("quick-answer.json", "late-answer.json", "voice.json")


def packed(url: str, key: str, **fields: Any) -> dict[str, str]:
    account = Account(id="acc", name="ngo", tool="glific", **fields)
    return {file.name: file.text for file in room("glific").pack(account, url=url, key=key)}


@pytest.fixture(scope="module")
def hub(engine: str) -> Iterator[Served]:
    with run_hub(base_url=engine, preset="llamacpp", model="tiny") as served:
        yield served


@pytest.mark.parametrize("name", ["quick-answer.json", "late-answer.json"])
async def test_a_flow_of_the_pack_is_answered_by_a_real_engine(hub: Served, name: str) -> None:
    key = add_glific(hub, name.partition(".")[0], parameters={"max_tokens": 8})
    told = texts(await played(packed(hub.url, key)[name], "Which crop?"))
    assert len(told) == 2
    assert not told[1].startswith(("Sorry", "@results"))
    assert hub.lines()[0].status == "ok"


@pytest.mark.parametrize("name", FLOWS)
async def test_without_the_right_key_it_says_sorry(hub: Served, name: str) -> None:
    said = "/audio https://files.example/note.ogg" if name == "voice.json" else "Which crop?"
    told = texts(await played(packed(hub.url, "rm-wrong")[name], said))
    assert told[-1].startswith("Sorry")


@pytest.mark.parametrize("name", FLOWS)
def test_address_key_and_model_stand_in_the_flow_whatever_is_in_them(name: str) -> None:
    flow = packed("https://hub.example", "rm-1", model='my "own" model')[name]
    (call,) = [a for n in json.loads(flow)["flows"][0]["definition"]["nodes"] for a in n["actions"] if "url" in a]
    assert call["url"].startswith("https://hub.example/hosts/glific/")
    assert call["headers"]["Authorization"] == "Bearer rm-1"
    assert json.loads(call["body"])["gpt_model"] == 'my "own" model'


@pytest.mark.parametrize("name", FLOWS)
def test_the_lint_has_no_error_to_name_in_our_own_flows(name: str) -> None:
    (flow,) = read_flows(packed("https://hub.example", "rm-1")[name].encode())
    assert [finding for finding in lint(flow) if finding.level == "error"] == []
