"""What a node sends, as the contact would see it."""

import re
from typing import Any

import msgspec

from ringmain.hosts.glific.flows.definition import Action, Flow
from ringmain.hosts.glific.flows.expression import evaluated
from ringmain.hosts.glific.flows.substitution import Binding, substitute, substitute_in

LIMIT = 4096
"""Characters from which on WhatsApp is sent nothing, caption or text."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message; `options` can be tapped."""

    text: str
    options: tuple[str, ...] = ()
    attachments: dict[str, str] = {}
    template: str | None = None


def plain(flow: Flow, action: Action, binding: Binding, language: str) -> Message:
    """What `send_msg` and `send_broadcast` send; of a template the file has only the name and what is filled in.

    Raises `Beyond` where an expression chooses the template or the attachment.
    """
    text = _translated(flow, action, language)
    templating = action.table("templating")
    attachments = _attachments(flow, action, binding, language)
    if not templating:
        return Message(text=substitute(text, binding), attachments=attachments)
    if isinstance(templating.get("expression"), str):
        return Message(text=evaluated(substitute(templating["expression"], binding)), template="by an expression")
    name, variables = _template(flow, templating, binding, language)
    filled = _numbered(text, variables) if text else f"[{name}] {', '.join(variables)}".rstrip()
    return Message(text=substitute(filled, binding), attachments=attachments, template=name)


def _translated(flow: Flow, action: Action, language: str) -> str:
    told = flow.translated(language, action.uuid, "text")
    first = told[0] if isinstance(told, list) else told
    return first if isinstance(first, str) else action.text("text")


def _template(flow: Flow, templating: dict[str, Any], binding: Binding, language: str) -> tuple[str, list[str]]:
    told = flow.translated(language, str(templating.get("uuid")), "variables") or templating.get("variables")
    variables = [substitute(str(one), binding) for one in told] if isinstance(told, list) else []
    held = templating.get("template")
    return str(held.get("name", "template")) if isinstance(held, dict) else "template", variables


def _numbered(text: str, variables: list[str]) -> str:
    """The text with `{{1}}` and so on filled in."""

    def one(found: re.Match[str]) -> str:
        at = int(found[1]) - 1
        return variables[at] if 0 <= at < len(variables) else found[0]

    return re.sub(r"\{\{([0-9]{1,3})\}\}", one, text)


def _attachments(flow: Flow, action: Action, binding: Binding, language: str) -> dict[str, str]:
    told = flow.translated(language, action.uuid, "attachments") or action.rows("attachments")
    pairs = [str(one).partition(":") for one in told if isinstance(one, str)] if isinstance(told, list) else []
    return {_kind(kind): _address(kind, url, binding) for kind, colon, url in pairs if colon}


def _kind(kind: str) -> str:
    return "document" if kind == "application" else kind


def _address(kind: str, url: str, binding: Binding) -> str:
    return evaluated(substitute(url, binding)) if kind == "expression" else url


def interactive(action: Action, binding: Binding) -> Message:
    """What `send_interactive_msg` sends: a text with buttons, a list, or the wish for a place."""
    content = _content(action.text("text"))
    filled = substitute_in(content, binding)
    variables = [substitute(str(one), binding) for one in action.rows("params")]
    text = _numbered(_body(filled), variables)
    return Message(text=text, options=tuple(_numbered(one, variables) for one in _options(filled)))


def _content(text: str) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {"body": text}


def _body(content: dict[str, Any]) -> str:
    held = content.get("content") or content.get("body")
    inner = held if isinstance(held, dict) else {"text": held}
    parts = (content.get("title"), inner.get("header"), inner.get("text"), inner.get("caption"))
    return "\n".join(part.strip() for part in parts if isinstance(part, str) and part.strip())


def _options(content: dict[str, Any]) -> list[str]:
    items = content.get("items")
    rows = [item.get("options") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    named = [one for row in [content.get("options"), *rows] if isinstance(row, list) for one in row]
    return [str(one["title"]) for one in named if isinstance(one, dict) and one.get("title")]
