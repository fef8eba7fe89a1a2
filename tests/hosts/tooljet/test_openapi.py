"""The document that is pasted into ToolJet: its shape, and what ToolJet makes of it."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from ringmain.hosts import room
from ringmain.hosts.tooljet.openapi import document
from ringmain.hosts.tooljet.wire.asks import BOTH, CHATS
from tests.hosts.tooljet.resolver import Spinning, pasted

HUB = "https://hub.example.org"
DOCUMENT = document(HUB)
MADE = pasted(json.dumps(DOCUMENT))


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in it."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def schemas() -> list[dict[str, Any]]:
    bodies = [path["post"]["requestBody"] for path in DOCUMENT["paths"].values()]
    return [body["content"]["application/json"]["schema"] for body in bodies]


# its shape


def test_it_is_of_3_0_3_with_one_absolute_server_which_is_the_hubs_address() -> None:
    assert DOCUMENT["openapi"] == "3.0.3"
    assert DOCUMENT["servers"] == [{"url": "https://hub.example.org/hosts/tooljet"}]
    assert document("https://example.org/ai/")["servers"] == [{"url": "https://example.org/ai/hosts/tooljet"}]


def test_it_asks_for_a_bearer_at_the_top() -> None:
    (wanted,) = DOCUMENT["security"]
    (name,) = wanted
    assert DOCUMENT["components"] == {"securitySchemes": {name: {"type": "http", "scheme": "bearer"}}}
    assert not [node for node in nodes(DOCUMENT["paths"]) if "security" in node]


def test_it_has_exactly_two_paths_with_one_post_each() -> None:
    assert {path: list(item) for path, item in DOCUMENT["paths"].items()} == {
        "/completions": ["post"],
        "/chat": ["post"],
    }


def test_nothing_in_it_is_null_a_reference_a_combination_or_a_parameter() -> None:
    assert not re.search(r"\bnull\b", json.dumps(DOCUMENT))
    named = {name for node in nodes(DOCUMENT) for name in node}
    assert named.isdisjoint({"$ref", "allOf", "anyOf", "oneOf", "parameters", "example", "examples"})
    assert not [field for schema in schemas() for field in schema["properties"].values() if "default" in field]


def test_every_body_is_flat_json_and_stands_where_it_is_used() -> None:
    for schema in schemas():
        assert schema["type"] == "object"
        assert {field["type"] for field in schema["properties"].values()} <= {"string", "integer", "number"}
        assert schema["required"] == ["prompt"]
    for path in DOCUMENT["paths"].values():
        assert list(path["post"]["requestBody"]["content"]) == ["application/json"]


def test_everything_that_a_builder_fills_in_says_what_it_is() -> None:
    for path in DOCUMENT["paths"].values():
        assert path["post"]["description"].endswith(".")
        assert path["post"]["summary"]
    for schema in schemas():
        assert all(field["description"].endswith(".") for field in schema["properties"].values())


def test_its_ranges_are_those_of_the_queries() -> None:
    most = [schema["properties"]["temperature"]["maximum"] for schema in schemas()]
    assert most == [1, 2]
    assert [schema["properties"]["max_tokens"]["minimum"] for schema in schemas()] == [1, 1]


def test_the_room_reads_every_field_that_it_offers() -> None:
    completion, chat = (set(schema["properties"]) for schema in schemas())
    assert completion == set(BOTH)
    assert chat == set(CHATS) - {"message_history"}


# what ToolJet makes of it


def test_tooljet_shows_two_queries_with_their_fields_and_help() -> None:
    assert [query.title for query in MADE.queries.values()] == ["POST /completions", "POST /chat"]
    completion, chat = MADE.queries["/completions"], MADE.queries["/chat"]
    assert list(completion.fields) == ["prompt", "model", "max_tokens", "temperature", "stop_sequence", "suffix"]
    assert list(chat.fields)[:3] == ["prompt", "system_prompt", "messages"]
    assert all(query.help for query in MADE.queries.values())
    assert MADE.auth == (("http", "bearer"),)


@pytest.mark.parametrize(
    ("place", "value"),
    [(("info", "license"), None), (("paths", "/chat", "post", "requestBody", "example"), None)],
)
def test_the_model_of_tooljet_spins_for_ever_at_a_null(place: tuple[str, ...], value: Any) -> None:
    broken = copy.deepcopy(DOCUMENT)
    node: Any = broken
    for name in place[:-1]:
        node = node[name]
    node[place[-1]] = value
    with pytest.raises(Spinning):
        pasted(json.dumps(broken))


def test_the_model_of_tooljet_loses_what_is_combined_or_referred_to_twice() -> None:
    broken = copy.deepcopy(DOCUMENT)
    flat = broken["paths"]["/chat"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    broken["components"]["schemas"] = {"Chat": flat, "a.Chat": flat}
    content = broken["paths"]["/chat"]["post"]["requestBody"]["content"]
    for schema, kept in (
        ({"$ref": "#/components/schemas/Chat"}, True),
        ({"$ref": "#/components/schemas/a.Chat"}, False),
        ({"allOf": [flat]}, False),
    ):
        content["application/json"]["schema"] = schema
        assert bool(pasted(json.dumps(broken)).queries["/chat"].fields) is kept
    broken["paths"]["/chat"]["post"]["requestBody"] = {"$ref": "#/components/requestBodies/Chat"}
    assert not pasted(json.dumps(broken)).queries["/chat"].fields


def test_the_model_of_tooljet_needs_a_server_and_security_at_the_top() -> None:
    with pytest.raises(ValueError, match="Invalid URL"):
        pasted(json.dumps({**DOCUMENT, "servers": [{"url": "/hosts/tooljet"}]}))
    assert pasted(json.dumps({**DOCUMENT, "security": []})).auth == ()


def test_the_same_document_is_served_and_taken_away() -> None:
    served = room("tooljet").served("/hosts/tooljet/openapi.json", url=HUB)
    assert json.loads(served.body) == DOCUMENT
    assert served.headers["content-type"] == "application/json"
