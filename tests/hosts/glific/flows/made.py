"""Flows for the tests, written as briefly as they can be told: nodes by name, the first of which begins."""

import json
from typing import Any

from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hosts.glific.flows.reading import read_flows

Made = dict[str, Any]


def act(*actions: Made, to: str | None = None) -> Made:
    """A node that does something and goes on."""
    return {"actions": list(actions), "ways": {"": to}}


def say(text: str, to: str | None = None, **more: Any) -> Made:
    """A node that sends a text."""
    return act({"type": "send_msg", "text": text, **more}, to=to)


def route(
    cases: dict[str, tuple[str, list[str], str | None]],
    other: str | None,
    *,
    others: str = "Other",
    actions: tuple[Made, ...] = (),
    silent: str | None = None,
    **router: Any,
) -> Made:
    """A node that chooses: category → case, its arguments and where it leads."""
    ways = {name: to for name, (_, _, to) in cases.items()} | {others: other}
    tests = [(name, type, arguments) for name, (type, arguments, _) in cases.items() if type]
    if isinstance(wait := router.get("wait"), dict) and "timeout" in wait:
        ways["No Response"] = silent
    made = {"type": "switch", "operand": "@input.text", **router}
    return {"actions": list(actions), "ways": ways, "router": made, "cases": tests, "default": others}


def wait(
    result: str | None = None,
    to: str | None = None,
    cases: dict[str, tuple[str, list[str], str | None]] | None = None,
    *,
    seconds: int | None = None,
    silent: str | None = None,
) -> Made:
    """A node that waits for a message."""
    timeout = {"timeout": {"seconds": seconds, "category_uuid": "No Response"}} if seconds else {}
    named = {"result_name": result} if result else {}
    others = "Other" if cases else "All Responses"
    return route(cases or {}, to, others=others, silent=silent, wait={"type": "msg", **timeout}, **named)


def call(
    url: str = "parse_via_chat_gpt",
    success: str | None = None,
    failure: str | None = None,
    *,
    method: str = "FUNCTION",
    body: Any = None,
    result: str | None = "answer",
    **more: Any,
) -> Made:
    """A node that calls a webhook; a body that is a text stands as it is."""
    text = body if isinstance(body, str) else json.dumps(body or {"question_text": "@results.question"})
    action = {"type": "call_webhook", "url": url, "method": method, "body": text, "headers": {}, **more}
    if result is not None:
        action["result_name"] = result
    return outcome(action, success, failure)


def outcome(action: Made, success: str | None = None, failure: str | None = None) -> Made:
    """A node whose action succeeds or fails."""
    cases = {"Success": ("has_only_text", ["Success"], success)}
    return route(cases, failure, others="Failure", actions=(action,), operand="@results.answer.category")


def enter(flow: str, to: str | None = None, expired: str | None = None) -> Made:
    """A node that enters another flow."""
    action = {"type": "enter_flow", "flow": {"uuid": f"id-of-{flow}", "name": flow}}
    cases = {"Complete": ("has_only_text", ["completed"], to)}
    return route(cases, expired, others="Expired", actions=(action,), operand="@child.run.status")


def definition(name: str = "Tutor", localization: Made | None = None, /, **nodes: Made) -> Made:
    """A flow as the editor stores it."""
    return {
        "name": name,
        "uuid": f"id-of-{name}",
        "spec_version": "13.2.0",
        "type": "messaging",
        "language": "base",
        "localization": localization or {},
        "nodes": [_node(key, node) for key, node in nodes.items()],
        "_ui": {"nodes": {key: {"position": {"top": at * 100, "left": 0}} for at, key in enumerate(nodes)}},
    }


def flow(name: str = "Tutor", localization: Made | None = None, /, **nodes: Made) -> Flow:
    """A flow as it is read."""
    return read_flows(json.dumps(definition(name, localization, **nodes)).encode())[0]


def _node(key: str, node: Made) -> Made:
    ways: dict[str, str | None] = node["ways"]
    actions = [{"uuid": f"{key}.{at}", **action} for at, action in enumerate(node["actions"])]
    exits = [{"uuid": f"{key}>{name}", "destination_uuid": to} for name, to in ways.items()]
    made: Made = {"uuid": key, "actions": actions, "exits": exits}
    if "router" in node:
        made["router"] = _router(key, node)
    return made


def _router(key: str, node: Made) -> Made:
    router = json.loads(json.dumps(node["router"]))
    if "timeout" in router.get("wait", {}):
        router["wait"]["timeout"]["category_uuid"] = f"{key}=No Response"
    return {
        **router,
        "categories": [{"uuid": f"{key}={name}", "name": name, "exit_uuid": f"{key}>{name}"} for name in node["ways"]],
        "cases": [
            {"uuid": f"{key}?{at}", "type": type, "arguments": arguments, "category_uuid": f"{key}={name}"}
            for at, (name, type, arguments) in enumerate(node["cases"])
        ],
        "default_category_uuid": f"{key}={node['default']}",
    }


TUTOR = {
    "hello": say("Ask me about grammar.", to="ask"),
    "ask": wait("question", to="gpt"),
    "gpt": call(
        success="reply",
        failure="sorry",
        body={
            "contact": "@contact",
            "results": "@results",
            "question_text": "@results.question",
            "model": "demo-1",
            "prompt": "Answer briefly.",
        },
    ),
    "reply": say("@results.answer.parsed_msg", to="more"),
    "more": wait("next", to="gpt", cases={"Enough": ("has_any_word", ["thanks, bye"], "bye")}),
    "bye": say("Goodbye, @contact.name."),
    "sorry": say("Nobody could answer."),
}
"""Asks, has a model answer, and goes on until somebody says thanks."""
