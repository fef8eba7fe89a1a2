"""What the admin takes away: the document to paste, and what to fill in beside it."""

import json

from ringmain.exchange.account import Account
from ringmain.hosts import File, HostReply
from ringmain.hosts.tooljet.openapi import document


def pack(account: Account, *, url: str, key: str) -> tuple[File, ...]:
    """The files for this account, address and key filled in."""
    base = url.rstrip("/")
    return (
        File(name="data-source.txt", title="Data source: OpenAPI", text=_values(base, key)),
        File(name="openapi.json", title="The document to paste", text=_json(base)),
    )


def _values(base: str, key: str) -> str:
    return (
        f"Data source  OpenAPI\n"
        f"Definition   openapi.json below, or {base}/hosts/tooljet/openapi.json\n"
        f"Auth         Bearer\n"
        f"Token        {key}\n"
    )


def _json(base: str) -> str:
    return json.dumps(document(base), indent=2) + "\n"


def served(path: str, *, url: str) -> HostReply:
    """The document, for the hub at this address."""
    return HostReply(headers={"content-type": "application/json"}, body=_json(url).encode())
