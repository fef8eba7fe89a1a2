"""What the admin takes away: the body to paste, where the answer stands, and flows to import."""

import json
from importlib import resources

from ringmain.exchange.account import Account
from ringmain.hosts import File

BODY = {
    "contact": "@contact",
    "results": "@results",
    "question_text": "@results.question",
    "gpt_model": "",
    "prompt": "Provide an additional prompt for the model",
}
"""The body of the document."""

LATE = {**BODY, "flow_id": "@flow.id", "contact_id": "@contact.id", "result_name": "gpt_response"}

FLOWS = {
    "quick-answer.json": "A flow that asks, answers, and says so where that fails",
    "late-answer.json": "A flow that waits for an answer that takes longer",
    "voice.json": "A flow that listens and speaks",
}

URL, KEY, MODEL = "https://hub.invalid", "HOST-KEY", "GPT-MODEL"
"""What stands in the flows for the hub's address, the account's key and its model."""


def pack(account: Account, *, url: str, key: str) -> tuple[File, ...]:
    """The files for this account, address and key filled in."""
    base, model = url.rstrip("/"), account.model or next(iter(account.models), "")
    flows = (_flow(name, title, base, key, model) for name, title in FLOWS.items())
    node = File(name="webhook-node.txt", title="The webhook node", text=_node(base, key, model, account))
    return (node, *flows)


def _node(base: str, key: str, model: str, account: Account) -> str:
    body = LATE if account.settings.get("late") == "resume" else BODY
    return (
        f"Method   POST\n"
        f"URL      {base}/hosts/glific/parse_via_chat_gpt\n"
        f"Header   Authorization: Bearer {key}\n"
        f"Header   Content-Type: application/json\n"
        f"Body\n{json.dumps({**body, 'gpt_model': model}, indent=2, ensure_ascii=False)}\n"
        f"Webhook result name   gpt_response\n"
        f"The answer            @results.gpt_response.parsed_msg\n"
    )


def _flow(name: str, title: str, base: str, key: str, model: str) -> File:
    text = resources.files("ringmain.hosts.glific").joinpath("inside", name).read_text("utf-8")
    for mark, value in ((URL, base), (KEY, key)):
        text = text.replace(mark, _inner(value))
    # The body of a node is JSON within a text.
    return File(name=name, title=title, text=text.replace(MODEL, _inner(_inner(model))))


def _inner(value: str) -> str:
    """A value as it stands within a JSON text."""
    return json.dumps(value)[1:-1]
