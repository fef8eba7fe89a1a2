"""Glific's own flows, where their folder is named: every one is read, and every branch that can be taken is walked.

They are not ours to keep, so that this reads them where somebody has them: `priv/data/flows` of Glific's source.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ringmain.errors import AskError
from ringmain.hosts.glific.flows.actions import ACTIONS
from ringmain.hosts.glific.flows.cases import OTHERS, TEXTS
from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hosts.glific.flows.lint import lint
from ringmain.hosts.glific.flows.reading import read_flows
from tests.hosts.glific.flows.playing import Talk
from tests.hosts.glific.flows.walker import branches, walk
from tests.hosts.glific.rehearsing import played, texts
from tests.hubs import run_hub
from tests.server.glific import add_glific

FOLDER = os.environ.get("RINGMAIN_GLIFIC_FLOWS", "")

pytestmark = pytest.mark.skipif(not FOLDER, reason="skipped, because RINGMAIN_GLIFIC_FLOWS names no folder")

NEVER = 3
"""Branches behind an operand that no result can bring there: a constant, and the rest of an odd number by six."""


def shipped() -> list[Flow]:
    found = list[Flow]()
    for file in sorted(Path(FOLDER).glob("*.json")):
        try:
            found += read_flows(file.read_bytes(), name=file.name)
        except AskError as error:
            if "holds no flow" not in error.sentence:
                raise
    return found


def test_all_of_them_are_read() -> None:
    flows = shipped()
    assert len(flows) >= 38
    assert sum(len(flow.nodes) for flow in flows) >= 293


def test_every_action_and_case_of_theirs_is_known() -> None:
    nodes = [node for flow in shipped() for node in flow.nodes.values()]
    assert {action.type for node in nodes for action in node.actions} <= set(ACTIONS)
    cases = {case.type for node in nodes if node.router for case in node.router.cases}
    assert cases <= {*TEXTS, *OTHERS}


def test_every_branch_is_walked_and_nothing_stops_for_want_of_support(
    record_property: Callable[[str, object], None],
) -> None:
    flows, wanted, reached, placed = shipped(), 0, 0, 0
    for flow in flows:
        walked = walk(flow, [other for other in flows if other is not flow])
        ways = branches(flow)
        wanted, reached = wanted + len(ways), reached + len(ways & walked.branches)
        placed += len(ways & walked.placed - walked.branches)
        assert walked.stops == {}, flow.name
    record_property("branches", f"{wanted}: {reached} from the start, {placed} from their node")
    assert reached + placed == wanted - NEVER


def test_those_that_ask_a_model_answer_by_it() -> None:
    asking = [flow for flow in shipped() if any(_asks(flow))]
    assert asking
    for flow in asking:
        talk = Talk(flow)
        while talk.state.waiting and not talk.state.waiting.webhook:
            talk.hear("What is a noun?")
        assert talk.called.body["question_text"] == "What is a noun?"
        assert talk.answer({"success": True, "parsed_msg": "It names a thing."}).said == ["It names a thing."]


async def test_with_another_method_and_url_they_are_answered_by_a_real_engine_through_the_hub(engine: str) -> None:
    asking = with_the_chat_function()
    assert len(asking) >= 2
    with run_hub(base_url=engine, preset="llamacpp") as hub:
        key = add_glific(hub, parameters={"max_tokens": 8})
        for flow in asking:
            before = len(hub.lines())
            told = texts(await played(moved(flow, hub.url, key), "What is a noun?", "It names a thing."))
            assert not any(text.startswith("@results") for text in told)
            new = hub.lines()[: len(hub.lines()) - before]
            assert new
            assert {(line.status, line.tool) for line in new} == {("ok", "glific")}


def with_the_chat_function() -> list[str]:
    """The files whose nodes call it; one that only lists functions has no nodes."""
    texts = [file.read_text() for file in sorted(Path(FOLDER).glob("*.json"))]
    return [text for text in texts if '"parse_via_chat_gpt"' in text and '"nodes"' in text]


def moved(flow: str, url: str, key: str) -> str:
    """The flow whose nodes call the hub: method and URL are changed, and the key stands in a header."""

    def change(read: dict[str, Any]) -> dict[str, Any]:
        if read.get("url") != "parse_via_chat_gpt":
            return read
        headers = {**read.get("headers", {}), "Authorization": f"Bearer {key}"}
        return {**read, "method": "POST", "url": f"{url}/hosts/glific/parse_via_chat_gpt", "headers": headers}

    return json.dumps(json.loads(flow, object_hook=change))


def test_what_is_found_in_them_are_warnings() -> None:
    found = [finding for flow in shipped() for finding in lint(flow)]
    assert {finding.code for finding in found if finding.level == "error"} == set()
    assert sum(finding.code == "gpt_model_ignored" for finding in found) == 4


def _asks(flow: Flow) -> list[str]:
    return [
        node.uuid for node in flow.nodes.values() if node.webhook and node.webhook.text("url") == "parse_via_chat_gpt"
    ]
