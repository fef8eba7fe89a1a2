"""An exported file: its three shapes, where a flow begins, and what is said of a file that is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import AskError
from ringmain.hosts.glific.flows.reading import read_flows
from tests.hosts.glific.flows.made import TUTOR, definition, say, wait


def read(value: Any) -> Any:
    return read_flows(json.dumps(value).encode(), name="flow.json")


MADE = definition("Tutor", **TUTOR)


@pytest.mark.parametrize(
    "whole",
    [MADE, {"definition": MADE}, {"flows": [{"definition": MADE, "keywords": []}], "contact_field": []}],
    ids=["bare", "definition", "export"],
)
def test_each_shape_of_a_file_gives_the_same_flow(whole: Any) -> None:
    (flow,) = read(whole)
    assert (flow.name, flow.start, len(flow.nodes)) == ("Tutor", "hello", 7)


def test_an_export_may_hold_several_flows_with_their_keywords() -> None:
    pairs = [{"definition": definition(name, a=say("Hi")), "keywords": [name.lower()]} for name in ("One", "Two")]
    assert [(flow.name, flow.keywords) for flow in read({"flows": pairs})] == [("One", ("one",)), ("Two", ("two",))]


def test_a_flow_begins_at_the_highest_node_and_of_two_at_the_left_one() -> None:
    made = definition("Tutor", a=say("A"), b=say("B"), c=say("C"))
    made["_ui"]["nodes"] = {
        "a": {"position": {"top": 300, "left": 0}},
        "b": {"position": {"top": 20, "left": 90}},
        "c": {"position": {"top": 20, "left": 40}},
    }
    assert read(made)[0].start == "c"


def test_without_positions_a_flow_begins_at_its_first_node() -> None:
    assert read({**definition("Tutor", a=say("A"), b=say("B")), "_ui": None})[0].start == "a"


def test_fields_that_nobody_here_knows_do_no_harm() -> None:
    made = definition("Tutor", a=wait("name"))
    made["nodes"][0] |= {"new": 1}
    made["nodes"][0]["router"] |= {"new": {"deep": []}}
    assert read(made)[0].nodes["a"].router.result_name == "name"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"hello", "flow.json is not JSON"),
        (b"[]", "flow.json holds no flow"),
        (b'{"flows": []}', "flow.json holds no flow"),
        (b'{"nodes": [], "name": "Empty"}', "'Empty' has no nodes"),
        (b'{"nodes": [{"uuid": "a"}], "name": "Half"}', "Node 1 of 'Half' cannot be read: it has no 'actions'"),
        (b'{"nodes": [7]}', "Node 1 of 'flow.json' cannot be read"),
        (b"\xff\xfe", "flow.json is not JSON"),
        (b"[" * 100_000, "flow.json is not JSON"),
    ],
)
def test_a_file_that_is_no_flow_is_told_in_one_sentence(data: bytes, told: str) -> None:
    with pytest.raises(AskError) as error:
        read_flows(data, name="flow.json")
    assert told in error.value.sentence
    assert error.value.fix


@pytest.mark.parametrize(
    ("part", "field", "told"),
    [
        ("exits", "destination_uuid", "An exit of node hello in 'Tutor' names a node"),
        ("categories", "exit_uuid", "The category 'Other' of node more in 'Tutor' names an exit"),
        ("cases", "category_uuid", "The case has_any_word of node more in 'Tutor' names a category"),
    ],
)
def test_what_names_a_part_that_is_not_there_is_told_with_its_node(part: str, field: str, told: str) -> None:
    made = definition("Tutor", **TUTOR)
    node = made["nodes"][0 if part == "exits" else 4]
    (node if part == "exits" else node["router"])[part][-1][field] = "nowhere"
    with pytest.raises(AskError) as error:
        read(made)
    assert told.replace("hello", "ello") in error.value.sentence
    assert "nowhere" in error.value.sentence


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "nodes",
                        "uuid",
                        "actions",
                        "exits",
                        "router",
                        "type",
                        "flows",
                        "definition",
                        "_ui",
                        "localization",
                    ]
                ),
                inner,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_read_or_refused_in_a_sentence(value: Any) -> None:
    sentence = ""
    try:
        read(value)
    except AskError as error:
        sentence = error.sentence
    assert not sentence or sentence.endswith(".")


def test_a_file_of_any_size_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ringmain.hosts.glific.flows.reading.LARGEST", 100)
    with pytest.raises(AskError, match="more than"):
        read(MADE)
