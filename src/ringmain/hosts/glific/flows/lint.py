"""What will hurt in a flow once it runs in Glific, found by looking at it.

An error will break the flow for somebody; a warning may.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from ringmain.hosts.glific.flows.actions import ACTIONS, WAITING
from ringmain.hosts.glific.flows.cases import OTHERS, TEXTS
from ringmain.hosts.glific.flows.definition import Action, Exit, Flow, Node
from ringmain.hosts.glific.flows.messages import LIMIT
from ringmain.hosts.glific.flows.webhooks import GONE, METHODS, ONCE, REGISTERED, REPEATED

Level = Literal["error", "warning"]

MODELS = frozenset({"parse_via_chat_gpt", "parse_via_gpt_vision", "filesearch-gpt", "voice-filesearch-gpt"})
"""Functions whose answers a model writes, at any length."""

QUESTIONS = frozenset({"question_text", "question", "prompt", "model", "gpt_model", "messages"})
"""Fields of a body by which it is known to be meant for a model."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found: a code for machines, a sentence and what to do for people."""

    level: Level
    code: str
    flow: str
    node: str
    sentence: str
    fix: str


class Said(msgspec.Struct, frozen=True):
    """What a rule says of a node."""

    level: Level
    code: str
    sentence: str
    fix: str


Rule = Callable[[Flow, Node], Iterator[Said]]


def lint(flow: Flow) -> tuple[Finding, ...]:
    """All that was found in a flow, node by node."""
    return tuple(
        Finding(level=said.level, code=said.code, flow=flow.name, node=node.uuid, sentence=said.sentence, fix=said.fix)
        for node in flow.nodes.values()
        for rule in RULES
        for said in rule(flow, node)
    )


# webhooks ------------------------------------------------------------------------------------------------------------


def _model(flow: Flow, node: Node) -> Iterator[Said]:
    call, body = _function(node, "parse_via_chat_gpt"), _body(node)
    if call is None or body is None:
        return
    if "gpt_model" in body and "model" not in body:
        sentence = f"`gpt_model` ({body['gpt_model']}) is never read by Glific; the call goes to its default model."
        yield Said("warning", "gpt_model_ignored", sentence, "Name the model in `model`.")


def _outcomes(flow: Flow, node: Node) -> Iterator[Said]:
    if node.webhook is None:
        return
    for name in ("Success", "Failure"):
        category = node.router.named(name) if node.router else None
        if category is None:
            sentence = f"This webhook has no exit {name}, and Glific breaks the flow off where it needs one."
            yield Said("error", f"no_{name.lower()}", sentence, f"Add a category named {name}.")
        elif _leads(node.exit(category.exit_uuid)) is None and name == "Failure":
            sentence = "Where this webhook fails the flow ends, and the contact hears nothing."
            yield Said("warning", "silent_failure", sentence, "Lead Failure to a message.")
    if not node.webhook.text("result_name"):
        sentence = "This webhook has no result name, so that nothing is kept of its answer."
        yield Said("error", "no_result_name", sentence, "Give it one; without any, Glific even takes Failure.")


def _repeats(flow: Flow, node: Node) -> Iterator[Said]:
    call = node.webhook
    if call is None or call.text("url") in REPEATED or "@" in call.text("url"):
        return
    if node.uuid in _reached(flow, node):
        sentence = f"The flow can come back to this call within {ONCE:.0f} s; Glific then drops it, and the flow hangs."
        yield Said("error", "call_in_loop", sentence, "Give its URL a part that changes, such as ?q=@results.turn.")


def _late(flow: Flow, node: Node) -> Iterator[Said]:
    call = node.webhook
    if call is None or call.text("method").upper() != "POST" or not QUESTIONS & set(_body(node) or ()):
        return
    if not any(action.type == "wait_for_result" for after in _after(flow, node) for action in after.actions):
        sentence = "A POST is cut after 5 s, and a model may need longer: the flow then takes Failure."
        fix = "Let the answer come later: put “wait for result” behind Success, or call within 5 s for sure."
        yield Said("warning", "no_wait_for_result", sentence, fix)


def _time_after(flow: Flow, node: Node) -> Iterator[Said]:
    if node.webhook is None:
        return
    for after in _next(flow, node):
        if after.actions and after.actions[0].type == "wait_for_time":
            sentence = "“Wait for time” stands directly behind a webhook, and Glific calls the webhook again."
            yield Said("error", "time_after_webhook", sentence, "Put a message between the two.")
            return


def _functions(flow: Flow, node: Node) -> Iterator[Said]:
    call = _function(node)
    name = call.text("url") if call else ""
    if name in GONE:
        sentence = f"The function {name} is gone; Glific does not publish a flow with it."
        yield Said("error", "function_gone", sentence, f"Use {GONE[name]}.")
    elif call and name not in REGISTERED:
        sentence = f"The function '{name}' is none of Glific's own; an organization may have had it made."
        yield Said("warning", "function_unknown", sentence, "Check its name, or ask who runs your Glific.")


def _sendable(flow: Flow, node: Node) -> Iterator[Said]:
    if node.webhook and node.webhook.text("body") and _body(node) is None:
        sentence = "The body is no JSON object; Glific logs that and the flow hangs, without Failure."
        yield Said("error", "bad_body", sentence, "Mend the JSON; texts need quotes, variables within them too.")


# messages ------------------------------------------------------------------------------------------------------------


def _length(flow: Flow, node: Node) -> Iterator[Said]:
    answers = {call.text("result_name"): _ours(call) for call in _calls(flow) if _writes(call)}
    for action in node.actions:
        text = action.text("text")
        if len(text) >= LIMIT:
            sentence = f"This message has {len(text)} characters; from {LIMIT} on the contact gets nothing."
            yield Said("error", "too_long", sentence, "Send it as several messages.")
        elif action.type == "send_msg" and _long_answer(text, answers):
            sentence = (
                f"This message holds a model's answer, which may reach {LIMIT} characters, and then none is sent."
            )
            yield Said("warning", "may_be_too_long", sentence, "Ask for a brief answer in the prompt.")


def _long_answer(text: str, answers: Mapping[str, bool]) -> bool:
    """Whether a message may be too long for the answers that it holds; a hub keeps a `parsed_msg` short enough."""
    held = [name for name in answers if name and f"@results.{name}." in text]
    return any(not answers[name] or text.strip() != f"@results.{name}.parsed_msg" for name in held)


def _answerable(flow: Flow, node: Node) -> Iterator[Said]:
    if not node.actions or node.actions[-1].type != "send_interactive_msg":
        return
    after = next(iter(_next(flow, node)), None)
    if after is None or after.router is None or after.router.wait is None:
        sentence = "This message can be answered, and nothing behind it waits for an answer."
        yield Said("warning", "nobody_waits", sentence, "Put “wait for response” behind it.")


def _dialect(flow: Flow, node: Node) -> Iterator[Said]:
    if any("@(" in text for action in node.actions for text in _texts(action.more)):
        sentence = "`@(…)` is not computed by Glific; the contact reads it as it stands."
        yield Said("warning", "foreign_expression", sentence, "Compute with `<%= … %>`, or name a variable alone.")


# parts ---------------------------------------------------------------------------------------------------------------


def _supported(flow: Flow, node: Node) -> Iterator[Said]:
    unknown = [f"the action {action.type}" for action in node.actions if action.type not in ACTIONS]
    router = node.router
    if router:
        unknown += [f"the case {case.type}" for case in router.cases if case.type not in {**TEXTS, **OTHERS}]
        unknown += [f"the router {router.type}"] if router.type not in ("switch", "random") else []
    call = node.webhook
    if call and call.text("method").upper() not in METHODS:
        unknown.append(f"a webhook by {call.text('method') or 'no method'}")
    for what in unknown:
        sentence = f"Nothing is known here of {what}; Glific may know it, or may stop there."
        yield Said("error", "unsupported", sentence, "Leave it out, or test the flow in Glific's own simulator.")
    if not node.actions and router is None:
        yield Said("error", "empty_node", "This node does nothing, and Glific stops there.", "Delete it.")


def _connected(flow: Flow, node: Node) -> Iterator[Said]:
    leads = {exit.destination_uuid for one in flow.nodes.values() for exit in one.exits}
    if node.uuid != flow.start and node.uuid not in leads:
        yield Said("warning", "unreachable", "Nothing leads to this node.", "Connect it, or delete it.")


RULES: tuple[Rule, ...] = (
    _supported,
    _functions,
    _sendable,
    _outcomes,
    _model,
    _repeats,
    _late,
    _time_after,
    _length,
    _answerable,
    _dialect,
    _connected,
)


def _function(node: Node, name: str | None = None) -> Action | None:
    call = node.webhook
    named = call is not None and name in (None, call.text("url"))
    return call if named and call and call.text("method").upper() == "FUNCTION" else None


def _body(node: Node) -> dict[str, Any] | None:
    """The body of a node's webhook as JSON; None where it is no object."""
    try:
        body = msgspec.json.decode(node.webhook.text("body")) if node.webhook else None
    except (msgspec.DecodeError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _calls(flow: Flow) -> list[Action]:
    return [node.webhook for node in flow.nodes.values() if node.webhook]


def _writes(call: Action) -> bool:
    """Whether a model writes the answer."""
    return call.text("url") in MODELS or _ours(call)


def _ours(call: Action) -> bool:
    """Whether a hub answers."""
    return "/hosts/glific/" in call.text("url")


def _leads(exit: Exit | None) -> str | None:
    return exit.destination_uuid if exit else None


def _next(flow: Flow, node: Node) -> list[Node]:
    return [flow.nodes[exit.destination_uuid] for exit in node.exits if exit.destination_uuid]


def _after(flow: Flow, node: Node) -> Iterator[Node]:
    """What a webhook's Success leads to, until the contact is waited for."""
    category = node.router.named("Success") if node.router else None
    open_, seen = [_leads(node.exit(category.exit_uuid))] if category else [], {node.uuid}
    while open_:
        after = flow.nodes.get(open_.pop() or "")
        if after is None or after.uuid in seen:
            continue
        seen.add(after.uuid)
        yield after
        if after.router is None or after.router.wait is None:
            open_ += [exit.destination_uuid for exit in after.exits]


def _reached(flow: Flow, start: Node) -> set[str]:
    """The nodes that can be come to from this one without a long wait."""
    found, open_ = set[str](), [start]
    while open_:
        for after in _next(flow, open_.pop()):
            if after.uuid not in found and not _long(after):
                found.add(after.uuid)
                open_.append(after)
    return found


def _long(node: Node) -> bool:
    """Whether this node waits for longer than calls are remembered."""
    delays = [str(action.more.get("delay", "")) for action in node.actions if action.type in WAITING[:1]]
    return any(delay.isdigit() and int(delay[:9]) >= ONCE for delay in delays)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for held in value.values() if isinstance(value, dict) else value:
            yield from _texts(held)
