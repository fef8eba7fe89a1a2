"""Who makes a flow's calls: the network, this hub, or a file; each is a `Carry`, which answers and does not raise."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ringmain.admin.accounts import new_account
from ringmain.errands import Errands
from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply, HostRequest, Room, room
from ringmain.hosts.glific.flows.webhooks import SIGNATURE, Carry, Webhook, WebhookAnswer, signature
from ringmain.transport import Request, Transport, read_whole

LARGEST = 4 << 20
"""Bytes that an answer may have."""

HERE = "/hosts/glific/"
"""What stands before a function's name in the address of a hub."""

FRAMING = frozenset({"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"})
"""Headers that belong to a connection and not to a node."""

WRITTEN = "%/:?&=#[]@!$'()*+,;~"
"""What stays in an address as it was written; what a contact typed into it may have blanks."""

Heard = Callable[[Reply], None]
"""Told of every reply that a webhook was answered with, for its cost."""


def timed(carry: Carry) -> Carry:
    """The same, with the seconds that each answer took."""

    async def made(webhook: Webhook) -> WebhookAnswer:
        begun = time.monotonic()
        answer = await carry(webhook)
        return msgspec.structs.replace(answer, seconds=time.monotonic() - begun)

    return made


def over_http(transport: Transport, *, phrase: str | None = None, clock: Callable[[], float] = time.time) -> Carry:
    """Calls the address that the node names, as Glific would, signed where a phrase is given."""

    async def made(webhook: Webhook) -> WebhookAnswer:
        if webhook.method not in ("GET", "POST"):
            return WebhookAnswer(reason=f"'{webhook.url}' is a function of Glific's, which has no address.")
        request = request_of(webhook, phrase, int(clock()))
        try:
            response = await transport.send(request, timeout=webhook.patience)
            try:
                return WebhookAnswer(status=response.status, body=await read_whole(response, largest=LARGEST))
            finally:
                await response.close()
        except RingmainError as error:
            return WebhookAnswer(reason=error.sentence)

    return made


def request_of(webhook: Webhook, phrase: str | None, now: int) -> Request:
    """The request that a call over HTTP is; a GET has its body in its address."""
    body = webhook.raw()
    signed = {SIGNATURE: signature(body, phrase, at=now)} if phrase else {}
    own = {name: value for name, value in webhook.headers.items() if name.strip().lower() not in FRAMING}
    headers, url = {**own, **signed}, quote(webhook.url, safe=WRITTEN)
    if webhook.method == "POST":
        return Request(method="POST", url=url, headers=headers, body=body)
    asked = urlencode(_pairs(webhook.body), quote_via=quote)
    joint = "&" if "?" in url else "?"
    return Request(method="GET", url=f"{url}{joint}{asked}" if asked else url, headers=headers)


def _pairs(value: Any, name: str = "") -> list[tuple[str, str]]:
    """What a GET has in its address: `a[b]=c` for what lies within."""
    if isinstance(value, Mapping):
        return [pair for key, held in value.items() for pair in _pairs(held, f"{name}[{key}]" if name else key)]
    if isinstance(value, list):
        return [pair for held in value for pair in _pairs(held, f"{name}[]")]
    if isinstance(value, str):
        return [(name, value)]
    return [(name, "" if value is None else msgspec.json.encode(value).decode())]


def answered_here(
    errands: Errands,
    *,
    account: Account | None = None,
    connection: str | None = None,
    model: str | None = None,
    heard: Heard | None = None,
) -> Carry:
    """Answers the functions of Glific's room by this hub, by their names or at a hub's address; a `model` that is named
    here goes before the flow's own.

    An `account` answers as it would its own flows; without one it is nobody's, over the `connection`.
    """
    door = room("glific")
    account = account or _nobodys(door, connection)
    served = {route.path for route in door.nameplate.routes if route.what == "ask"}

    async def made(webhook: Webhook) -> WebhookAnswer:
        name = webhook.url.partition("?")[0].rpartition(HERE)[2] if HERE in webhook.url else webhook.url
        if f"{HERE}{name}" not in served:
            return WebhookAnswer(reason=f"Nothing here answers '{webhook.url}'.")
        body = {**webhook.body, **({"gpt_model": model} if model else {})}
        request = HostRequest(method="POST", path=f"{HERE}{name}", body=msgspec.json.encode(body))
        done = await errands.reply(request, account, door)
        if heard:
            for reply in done.replies:
                heard(reply)
        return _answer(done.answer)

    return made


def _nobodys(door: Room, connection: str | None) -> Account:
    """An account that stands nowhere."""
    fresh = new_account(door, id="flow", name="flow")
    # A flow that is played again must not be reminded of the last time.
    return msgspec.structs.replace(fresh, connection=connection, settings={**fresh.settings, "remember": "thread"})


def _answer(answer: HostReply) -> WebhookAnswer:
    if answer.status == 200:
        return WebhookAnswer(status=200, body=answer.body)
    return WebhookAnswer(status=answer.status, reason=str(msgspec.json.decode(answer.body)["error"]))


def from_files(answers: Mapping[str, bytes], otherwise: Carry) -> Carry:
    """Answers the functions and addresses that are named here, and leaves all others to another."""

    async def made(webhook: Webhook) -> WebhookAnswer:
        body = answers.get(webhook.url)
        return await otherwise(webhook) if body is None else WebhookAnswer(status=200, body=body)

    return made


def either(*, function: Carry, address: Carry) -> Carry:
    """Leaves functions to one and addresses to another."""

    async def made(webhook: Webhook) -> WebhookAnswer:
        here = webhook.method not in ("GET", "POST")
        return await (function if here else address)(webhook)

    return made
