"""What a node does: one function an action, each tells what the flow goes on with."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from ringmain.hosts.glific.flows import contact as contacts
from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.cases import Heard
from ringmain.hosts.glific.flows.contact import Group
from ringmain.hosts.glific.flows.definition import Action, Node
from ringmain.hosts.glific.flows.expression import Beyond, evaluated
from ringmain.hosts.glific.flows.functions import computed
from ringmain.hosts.glific.flows.languages import code, label
from ringmain.hosts.glific.flows.messages import interactive, plain
from ringmain.hosts.glific.flows.state import Call, Waiting
from ringmain.hosts.glific.flows.substitution import substitute
from ringmain.hosts.glific.flows.webhooks import (
    METHODS,
    ONCE,
    REPEATED,
    BadBody,
    Webhook,
    body_of,
    headers_of,
    patience,
)

if TYPE_CHECKING:
    from ringmain.hosts.glific.flows.running import Running

WAITING = ("wait_for_time", "wait_for_result")
"""Actions that only wait; a router behind them is an empty shell."""

PAUSE = 4.0
"""Seconds that a wait of none takes."""

SUCCESS, FAILURE = Heard(text="Success"), Heard(text="Failure")

Do = Callable[["Running", Node, Action, list[Heard]], list[Heard]]


def _send(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    _label(run, action)
    return run.say(plain(run.flow, action, run.binding(), run.contact.language), messages)


def _send_interactive(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    if action.text("expression"):
        raise Beyond("a message that an expression chooses")
    _label(run, action)
    return run.say(interactive(action, run.binding()), messages)


def _broadcast(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    message = plain(run.flow, action, run.binding(), run.contact.language)
    names = [str(one.get("name", "")) for one in action.rows("contacts") if isinstance(one, dict)]
    run.tell(told.Noted, what="broadcast", value={"text": message.text, "to": names})
    return messages


def _label(run: "Running", action: Action) -> None:
    rows = [one for one in action.rows("labels") if isinstance(one, dict)]
    names = [substitute(str(one.get("name") or one.get("name_match") or ""), run.binding()) for one in rows]
    if names:
        run.tell(told.Noted, what="labels", value=names)


def _labels(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    _label(run, action)
    return messages


def _computed(run: "Running", value: Any) -> str:
    return evaluated(substitute(value, run.binding())) if isinstance(value, str) else ""


def _set_field(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    field = action.table("field")
    name = field.get("name") if field.get("name") is not None else field.get("key")
    if not isinstance(name, str) or not name:
        run.tell(told.Ignored, what="set_contact_field", reason="It names no field.")
        return messages
    key = str(field.get("key") or name.lower().replace(" ", "_"))
    value = _computed(run, action.more.get("value"))
    if key == "settings":
        run.tell(told.Changed, what="settings", value=value)
        return messages
    run.contact = contacts.with_field(run.contact, key, contacts.field(value, label=name, at=run.moment()))
    run.tell(told.Changed, what="field", value={key: value})
    return messages


def _set_name(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    name = _computed(run, action.more.get("name"))
    run.contact = msgspec.structs.replace(run.contact, name=name)
    run.tell(told.Changed, what="name", value=name)
    return messages


def _set_language(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    said = action.text("language")
    if said:
        language = code(said) or said.strip().lower()
        run.contact = msgspec.structs.replace(run.contact, language=language)
        run.tell(told.Changed, what="language", value=label(language))
    return messages


def _groups(action: Action) -> list[Group]:
    rows = [one for one in action.rows("groups") if isinstance(one, dict)]
    return [Group(str(one.get("uuid", "")), str(one.get("name", ""))) for one in rows]


def _add_groups(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    run.contact = contacts.with_groups(run.contact, _groups(action))
    return _told_groups(run, messages)


def _remove_groups(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    gone = None if action.more.get("all_groups") is True else _groups(action)
    run.contact = contacts.without_groups(run.contact, gone)
    return _told_groups(run, messages)


def _told_groups(run: "Running", messages: list[Heard]) -> list[Heard]:
    run.tell(told.Changed, what="groups", value=[group.name or group.uuid for group in run.contact.groups])
    return messages


def _set_profile(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    value, kind = action.more.get("value"), action.text("profile_type")
    if kind == "Create Profile":
        wanted = value if isinstance(value, dict) else {}
        after = contacts.created(run.contact, _computed(run, wanted.get("name")), _computed(run, wanted.get("type")))
    else:
        change = contacts.switched if kind == "Switch Profile" else contacts.deactivated
        after = change(run.contact, _computed(run, value))
    if after is None:
        return [FAILURE]
    run.contact = after
    run.tell(told.Changed, what="profile", value=[one.name for _, one in contacts.numbered(after)])
    return [SUCCESS]


def _set_result(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    value = _computed(run, action.more.get("value"))
    category = substitute(action.text("category"), run.binding())
    kept = {"input": value, "value": value, "category": category, "inserted_at": run.moment()}
    run.remember(action.text("name"), kept)
    return messages


def _ticket(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    topic = action.table("topic").get("name", "")
    run.tell(told.Noted, what="ticket", value={"topic": topic, "body": substitute(action.text("body"), run.binding())})
    return [SUCCESS]


def _wait(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    if messages:
        # Woken: by the time that passed, or by the result that came.
        return []
    delay = str(action.more.get("delay") or "").strip()
    seconds = float(delay[:9]) if delay.isdigit() else 0.0
    reason: told.For = "result" if action.type == "wait_for_result" and seconds else "time"
    run.wait(reason, seconds or PAUSE)
    return []


def _enter(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    named = action.table("flow")
    uuid, name = str(named.get("uuid", "")), str(named.get("name", ""))
    if name == "Expression":
        uuid, name = _computed(run, named.get("expression")), ""
    flow = run.library.find(uuid, name)
    if flow is None:
        sentence = f"The flow '{name or uuid}' is entered here, and it is in none of the files."
        return run.stop("unknown_flow", sentence, "Give its file too, with --also.")
    if flow.uuid in run.seen:
        sentence = f"The flow '{flow.name}' is entered a second time without a message in between."
        return run.stop("loop", sentence, "Glific breaks off here, too. Wait for a message in between.")
    run.seen.add(flow.uuid)
    again = any(frame.flow == flow.uuid for frame in run.frames)
    run.enter(flow)
    if again:
        # It runs already, so that Glific ends that and all that stands on it.
        del run.frames[:-1]
    return []


def _call(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    method = action.text("method").upper()
    if method not in METHODS:
        raise Beyond(f"a webhook by {method or 'no method'}")
    try:
        webhook = _webhook(run, action, method)
    except BadBody as error:
        sentence = f"The body of this webhook cannot be sent: {error}."
        return run.stop("bad_body", sentence, "Glific lets the flow hang here, without Failure. Mend the body.")
    if _repeated(run, action, webhook):
        return _dropped(run, webhook)
    run.calls.append(Call(run.frame.id, webhook.url, action.uuid, run.now))
    name = action.more.get("result_name")
    return _asked(run, webhook, name if isinstance(name, str) else None)


def _webhook(run: "Running", action: Action, method: str) -> Webhook:
    binding = run.binding()
    whom = contacts.as_object(run.contact)
    body = body_of(action.text("body"), binding, contact=whom, organization=run.house.organization)
    if method == "FUNCTION":
        ids = {"flow_id": run.library.number(run.flow), "contact_id": run.contact.id, "webhook_log_id": 1}
        body |= {**ids, "result_name": action.more.get("result_name")}
    url = substitute(action.text("url"), binding)
    headers = headers_of(action.table("headers"), binding)
    return Webhook(method=method, url=url, headers=headers, body=body, patience=patience(method, url, body))


def _repeated(run: "Running", action: Action, webhook: Webhook) -> bool:
    run.calls = [call for call in run.calls if run.now - call.at < ONCE]
    same = (run.frame.id, webhook.url, action.uuid)
    return webhook.url not in REPEATED and any((call.frame, call.url, call.action) == same for call in run.calls)


def _dropped(run: "Running", webhook: Webhook) -> list[Heard]:
    return run.stop(
        "repeated_call",
        f"The same call to {webhook.url} within {ONCE:.0f} s: Glific drops it without a word, and the flow hangs.",
        "Give the URL a part that changes, or go on in a second node; in a script, `/wait 60` lets the minute pass.",
    )


def _asked(run: "Running", webhook: Webhook, result_name: str | None) -> list[Heard]:
    run.tell(told.Called, webhook=webhook, result_name=result_name)
    answer = computed(webhook)
    if answer is not None:
        return run.answered(answer, Waiting(reason="webhook", webhook=webhook, result_name=result_name))
    run.wait("webhook", webhook.patience, webhook=webhook, result_name=result_name)
    return []


def _classify(run: "Running", node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
    said = substitute(action.text("input"), {**run.binding(), "input": {"text": run.last_said}})
    service = str(action.table("classifier").get("name", "classifier"))
    webhook = Webhook(method="CLASSIFIER", url=service, body={"input": said}, patience=120.0)
    return _asked(run, webhook, action.text("result_name") or None)


ACTIONS: dict[str, Do] = {
    "send_msg": _send,
    "send_interactive_msg": _send_interactive,
    "send_broadcast": _broadcast,
    "add_input_labels": _labels,
    "set_contact_field": _set_field,
    "set_contact_name": _set_name,
    "set_contact_language": _set_language,
    "set_contact_profile": _set_profile,
    "add_contact_groups": _add_groups,
    "remove_contact_groups": _remove_groups,
    "set_run_result": _set_result,
    "open_ticket": _ticket,
    "wait_for_time": _wait,
    "wait_for_result": _wait,
    "enter_flow": _enter,
    "call_webhook": _call,
    "call_classifier": _classify,
}
"""Every action that is known."""
