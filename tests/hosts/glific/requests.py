"""Requests of webhook nodes, as Glific sends them."""

from typing import Any

import msgspec

from ringmain.hosts import HostRequest, room

CONTACT = {"id": 21, "name": "Asha", "phone": "919800000021", "fields": {"district": {"value": "Pune"}}}

DOCUMENTED = {
    "contact": CONTACT,
    "results": {"question": {"input": "Which crops need little water?", "category": "All Responses"}},
    "question_text": "Which crops need little water?",
    "gpt_model": "gpt-4o",
    "prompt": "Provide an additional prompt for the model",
    "organization_id": 1,
}
"""The document's body, as Glific fills it in."""

PATH = "/hosts/glific/parse_via_chat_gpt"


def body(**changed: Any) -> dict[str, Any]:
    """The document's body with these fields changed; None takes one out."""
    return {name: value for name, value in {**DOCUMENTED, **changed}.items() if value is not None}


def request(
    data: Any = None, *, path: str = PATH, headers: dict[str, str] | None = None, **changed: Any
) -> HostRequest:
    """A node's request."""
    sent = data if isinstance(data, bytes) else msgspec.json.encode(body(**changed) if data is None else data)
    return HostRequest(method="POST", path=path, headers=headers or {}, body=sent)


def wire() -> Any:
    """The room's translation."""
    return room("glific").wire
