"""A hub with an account of Glific's, and what calls it."""

import hashlib
import hmac
import time
from typing import Any

import msgspec

from ringmain.admin.accounts import new_account
from ringmain.exchange.account import Account
from ringmain.hosts import room
from ringmain.sealing import seal
from ringmain.store import HostKey
from ringmain.store.hostkeys import digest, new_host_key
from tests.hosts.glific.requests import PATH, body
from tests.hubs import Answered, Served

PHRASE = "three hidden words"


def add_glific(hub: Served, name: str = "ngo", *, secrets: dict[str, str] | None = None, **fields: Any) -> str:
    """The key of a new account of Glific's."""
    door, settings = room("glific"), fields.pop("settings", {})
    started = new_account(door, id=f"acc-{name}", name=name)
    account = msgspec.structs.replace(started, **fields, settings={**started.settings, **settings})
    sealed = {field: _sealed(hub, account, field, text) for field, text in (secrets or {}).items()}
    key = new_host_key()
    hub.ring.store.save_account(msgspec.structs.replace(account, sealed=sealed))
    hub.ring.store.add_key(HostKey(digest=digest(key), account_id=account.id, hint=key[-4:], created=0))
    return key


def _sealed(hub: Served, account: Account, field: str, text: str) -> bytes:
    return seal(hub.ring.key_ring(), account, room("glific").own[field], text)


def signature(data: bytes, *, phrase: str = PHRASE, at: float | None = None) -> dict[str, str]:
    """The header of a signed request."""
    seconds = round(time.time() if at is None else at)
    v1 = hmac.new(phrase.encode(), f"{seconds}.".encode() + data, hashlib.sha256).hexdigest()
    return {"x-glific-signature": f"t={seconds},v1={v1}"}


def ask(hub: Served, *, key: str = "", phrase: str | None = None, at: float | None = None, **changed: Any) -> Answered:
    """What a node's request is answered; signed where there is a phrase."""
    data = msgspec.json.encode(body(**changed))
    headers = signature(data, phrase=phrase, at=at) if phrase is not None else {}
    return hub.call("POST", PATH, data, key=key, headers=headers)
