"""Requests as the addon and OCA's bridge send them."""

from typing import Any

import msgspec

from ringmain.hosts import HostRequest, room

ODOO = "https://odoo.example"
SETTINGS = {"address": ODOO}

ASK = {
    "ask": "5f0c7a52-7b0e-4c1f-9d15-2f3a8f6b9c01",
    "kind": "chat",
    "text": "How do I make a quotation?",
    "conversation": "odoo:uuid:discuss.channel:3",
    "language": "fr_FR",
    "company": "1",
    "user": "b1946ac92492d234",
    "settings": {"mode": "chat", "context": "You know Odoo.", "parameters": {"max_tokens": 450, "temperature": 1}},
    "deadline_s": 120,
    "deliver": {"how": "callback", "to": f"{ODOO}/ringmain/answer/5f0c", "token": "t-1"},
}

CHAT = {
    "message": {
        "res_id": 3,
        "model": "discuss.channel",
        "body": "<span>How do I <b>make</b> one?<br/>Briefly &amp; clearly.</span>",
        "author_id": 7,
        "subject": False,
        "author_name": "Marc",
        "attachment_ids": [],
    },
    "_odoo": {"db": "uuid", "db_name": "erp", "db_hash": "x", "user_id": 2},
    "_response_url": f"{ODOO}/ai/response/1/token-1",
}

RECORD = {
    "record": {"name": "S00007", "partner_id": [4, "Deco"], "note": False, "amount_total": 12.5, "image": "A" * 9000},
    "_model": "sale.order",
    "_id": 7,
    "_odoo": {"db": "uuid", "user_id": 2},
}


def request(body: Any, path: str = "/hosts/odoo/asks") -> HostRequest:
    """A request with this body."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HostRequest(method="POST", path=path, body=data)


def oca(body: Any) -> HostRequest:
    """A request of the bridge's."""
    return request(body, "/hosts/odoo/oca")


def wire() -> Any:
    """The room's translation."""
    return room("odoo").wire
