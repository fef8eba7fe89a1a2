"""Who makes a flow's calls: the network, this hub, or a file; each is a `Carry`, which answers and does not raise."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ringmain.admin.accounts import new_account
from ringmain.errands import Done, Errands
from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply, HostRequest, Room, room
from ringmain.hosts.glific.deliver import result_of
from ringmain.hosts.glific.flows.webhooks import SIGNATURE, Carry, Webhook, WebhookAnswer, signature
from ringmain.hosts.parcels import Parcel
from ringmain.question import new_id
from ringmain.transport import Request, Transport

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
            return WebhookAnswer(status=response.status, body=await response.whole(largest=LARGEST))
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
    promised: Callable[["Promise"], None] | None = None,
) -> Carry:
    """Answers the functions of Glific's room by this hub, by their names or at a hub's address; a `model` that is named
    here goes before the flow's own.

    An `account` answers as it would its own flows; without one it is nobody's, over the `connection`. Where answers of
    the account may come late, `promised` is told of those; without it a flow waits for every answer.
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
        ask = _late(door, request, account) if promised else None
        if ask is None or promised is None:
            return _heard(await errands.reply(request, account, door), heard)
        promise = Promise(webhook, ask, account, asyncio.create_task(errands.told(ask, account, door)))
        if await promise.within(door.nameplate.deadline):
            return _heard(promise.done, heard)
        promised(promise)
        return _answer(door.later(ask))

    return made


_WORKING = set[asyncio.Task[Done]]()
"""What is promised and still to come: the event loop itself would forget it."""


class Promise:
    """An answer that comes later, for which a flow was told to wait."""

    def __init__(self, webhook: Webhook, ask: Ask, account: Account, answering: asyncio.Task[Done]) -> None:
        self.webhook = webhook
        self._ask, self._account = ask, account
        self._answering, self._begun = answering, time.monotonic()
        self.seconds = self.waited = 0.0
        """How long it took, once it is there, and how much of that after the flow was told to wait."""
        self._told = self._begun
        self.kept = False
        """Whether the answer is there, and how long it took."""
        _WORKING.add(answering)
        answering.add_done_callback(self._came)

    def _came(self, answering: asyncio.Task[Done]) -> None:
        now = time.monotonic()
        self.seconds, self.waited, self.kept = now - self._begun, now - self._told, True
        _WORKING.discard(answering)

    async def within(self, seconds: float | None) -> bool:
        """Whether the answer is there in so many seconds."""
        await asyncio.wait({self._answering}, timeout=seconds)
        self._told = time.monotonic()
        return self.kept

    @property
    def done(self) -> Done:
        """The answer, once it is there."""
        return self._answering.result()

    @property
    def results(self) -> dict[str, Any]:
        """What the flow is resumed with."""
        reach = self._ask.reach or {}
        parcel = Parcel(answer=self.done.answer.body, reach=reach, settings=self._account.settings)
        return {reach["result"]: result_of(parcel)}

    def forget(self) -> None:
        """Give it up."""
        self._answering.cancel()


def _late(door: Room, request: HostRequest, account: Account) -> Ask | None:
    """The ask of a request whose answer may come late."""
    try:
        ask = door.wire.read(request, ask_id=new_id(), settings=account.settings)
    except RingmainError:
        return None
    return ask if ask.reach else None


def _heard(done: Done, heard: Heard | None) -> WebhookAnswer:
    if heard:
        for reply in done.replies:
            heard(reply)
    return _answer(done.answer)


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
