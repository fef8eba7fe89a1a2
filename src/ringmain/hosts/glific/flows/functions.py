"""The functions that Glific computes itself, without asking anybody."""

from collections.abc import Callable
from typing import Any

import msgspec

from ringmain.hosts.glific.flows.webhooks import Webhook, WebhookAnswer


def computed(webhook: Webhook) -> WebhookAnswer | None:
    """The answer of a function that asks nobody; None for any other call."""
    known = FUNCTIONS.get(webhook.url) if webhook.method == "FUNCTION" else None
    return None if known is None else known(webhook.body)


def _buttons(body: dict[str, Any]) -> WebhookAnswer:
    data = body.get("buttons_data")
    if not isinstance(data, str):
        return _refused("get_buttons needs buttons_data, a text with | between the buttons.")
    buttons = {f"button_{at}": name.strip() for at, name in enumerate(data.split("|"), 1)}
    return _given({"buttons": buttons, "button_count": len(buttons), "is_valid": True})


def _response(body: dict[str, Any]) -> WebhookAnswer:
    right, said = body.get("correct_response"), body.get("user_response")
    if not isinstance(right, str) or not isinstance(said, str):
        return _refused("check_response needs correct_response and user_response, both texts.")
    return _given({"response": right == said})


def _given(value: dict[str, Any]) -> WebhookAnswer:
    return WebhookAnswer(status=200, body=msgspec.json.encode(value))


def _refused(reason: str) -> WebhookAnswer:
    return WebhookAnswer(status=400, reason=reason)


FUNCTIONS: dict[str, Callable[[dict[str, Any]], WebhookAnswer]] = {
    "get_buttons": _buttons,
    "check_response": _response,
}
