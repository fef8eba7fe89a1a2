"""An exported file as flows.

Three shapes are known: an export with `flows`, one flow's `definition`, and a bare definition.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from ringmain.errors import AskError
from ringmain.hosts.glific.flows.definition import Action, Flow, Node

LARGEST = 32 << 20
"""Bytes that a file may have; the largest of an export that is known has less than a tenth."""

FAR = float("inf")

EXPORT = "Export the flow in Glific's list of flows, and give that file."


def read_flows(data: bytes, *, name: str = "the file") -> tuple[Flow, ...]:
    """Every flow of an exported file, in its order.

    Raises `AskError` which says what is wrong where.
    """
    if len(data) > LARGEST:
        raise _wrong(f"{name} has more than {LARGEST >> 20} MiB.", EXPORT)
    try:
        whole = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _wrong(f"{name} is not JSON: {error}.", EXPORT) from error
    found = _definitions(whole)
    if not found:
        raise _wrong(f"{name} holds no flow.", EXPORT)
    return tuple(_flow(definition, keywords, name) for definition, keywords in found)


def _definitions(whole: Any) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """Every definition with the keywords that start it."""
    if not isinstance(whole, dict):
        return []
    if isinstance(whole.get("flows"), list):
        return [pair for one in whole["flows"] for pair in _definitions(one)]
    inner = whole.get("definition", whole)
    if not isinstance(inner, dict) or not isinstance(inner.get("nodes"), list):
        return []
    keywords = whole.get("keywords")
    named = [str(word) for word in keywords] if isinstance(keywords, list) else []
    return [(inner, tuple(named))]


def _flow(raw: dict[str, Any], keywords: tuple[str, ...], file: str) -> Flow:
    name = str(raw.get("name") or file)
    nodes = [_node(node, at, name) for at, node in enumerate(raw["nodes"], 1)]
    if not nodes:
        raise _wrong(f"The flow '{name}' has no nodes.", "Add one in the editor; an empty flow cannot start.")
    told = raw.get("localization")
    flow = Flow(
        uuid=str(raw.get("uuid") or name),
        name=name,
        start=_start(raw, nodes),
        nodes={node.uuid: node for node in nodes},
        localization=_localization(told) if isinstance(told, dict) else {},
        keywords=keywords,
    )
    _whole(flow)
    return flow


def _localization(told: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        language: {uuid: fields for uuid, fields in parts.items() if isinstance(fields, dict)}
        for language, parts in told.items()
        if isinstance(parts, dict)
    }


def _node(raw: Any, at: int, flow: str) -> Node:
    try:
        actions = [_action(one) for one in raw["actions"]]
        return msgspec.convert({**raw, "actions": actions}, Node, strict=False)
    except (msgspec.ValidationError, KeyError, TypeError) as error:
        missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise _wrong(f"Node {at} of '{flow}' cannot be read: {missing}.", EXPORT) from error


def _action(raw: dict[str, Any]) -> Action:
    return Action(uuid=str(raw["uuid"]), type=str(raw["type"]), more=raw)


def _start(raw: dict[str, Any], nodes: list[Node]) -> str:
    """The node that stands highest and then leftmost; without positions, the first."""
    drawn = raw.get("_ui")
    places = drawn.get("nodes") if isinstance(drawn, dict) else None
    if not isinstance(places, dict):
        return nodes[0].uuid
    return min(nodes, key=lambda node: _place(places.get(node.uuid))).uuid


def _place(box: Any) -> tuple[float, float]:
    position = box.get("position") if isinstance(box, Mapping) else None
    if not isinstance(position, Mapping):
        return FAR, FAR
    top, left = position.get("top"), position.get("left")
    return (top if isinstance(top, int | float) else FAR), (left if isinstance(left, int | float) else FAR)


def _whole(flow: Flow) -> None:
    """Nothing, unless a part names another that is not there."""
    for node in flow.nodes.values():
        for exit in node.exits:
            if exit.destination_uuid is not None and exit.destination_uuid not in flow.nodes:
                raise _dangling(flow, node, "An exit", "a node", exit.destination_uuid)
        _router_whole(flow, node)


def _router_whole(flow: Flow, node: Node) -> None:
    router = node.router
    if router is None:
        return
    for category in router.categories:
        if node.exit(category.exit_uuid) is None:
            raise _dangling(flow, node, f"The category '{category.name}'", "an exit", category.exit_uuid)
    for case in router.cases:
        if router.category(case.category_uuid) is None:
            raise _dangling(flow, node, f"The case {case.type}", "a category", case.category_uuid)
    if router.type == "switch" and router.category(router.default_category_uuid) is None:
        raise _dangling(flow, node, "The router", "a default category", str(router.default_category_uuid))


def _dangling(flow: Flow, node: Node, who: str, what: str, missing: str) -> AskError:
    sentence = f"{who} of node {short(node.uuid)} in '{flow.name}' names {what} that is not there: {missing[:60]}."
    return _wrong(sentence, "Open and save the flow in the editor, which mends this, and export it again.")


def short(uuid: str) -> str:
    """The end of an id, as Glific itself tells nodes apart."""
    return uuid[-4:]


def _wrong(sentence: str, fix: str) -> AskError:
    return AskError("invalid_request", sentence, fix=fix)
