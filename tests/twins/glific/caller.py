"""The webhook node that calls us, with method POST."""

import hashlib
import hmac
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

DEADLINE = 5.0
ONCE_IN = 60.0
"""Seconds in which the same call is dropped."""

VARIABLE = re.compile(r"@\w+(?:\.\w+){1,4}\.?")
"""A full stop right behind a variable is taken for a part of it, and lost with it."""

ASHA = {"id": 12, "name": "Asha", "phone": "919999900012", "fields": {}}
WHOLE = {"@contact": "contact", "@results": "results"}


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook node as its author filled it in; `body` is JSON with variables."""

    url: str
    body: dict[str, Any]
    uuid: str = "node-1"
    headers: dict[str, str] = msgspec.field(default_factory=lambda: {"Content-Type": "application/json"})
    result_name: str | None = "gpt_response"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A flow that runs for a contact, as far as it has come."""

    id: int = 1
    flow: dict[str, Any] = msgspec.field(default_factory=lambda: {"id": 7, "name": "Ask", "uuid": "flow-7"})
    contact: dict[str, Any] = msgspec.field(default_factory=lambda: {**ASHA})
    results: dict[str, Any] = {}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a call came to: the exit that the flow takes, or none where it hangs; the results that it has then.

    The keys of a list are figures, as text.
    """

    category: str | None
    results: dict[str, Any]
    status: int | None = None
    why: str = ""


class GlificCaller:
    """A Glific that calls webhooks for one organisation, whose signature phrase is `secret`.

    `then` is told of every call that was made, as the flow goes on.
    """

    def __init__(
        self,
        secret: str,
        *,
        organization_id: int = 1,
        clock: Callable[[], float] = time.time,
        deadline: float = DEADLINE,
        then: Callable[[Run, Outcome], None] = lambda run, outcome: None,
    ) -> None:
        self._secret, self._organization_id = secret, organization_id
        self._clock, self._deadline, self._then = clock, deadline, then
        self._queued: dict[tuple[int, str, str], float] = {}

    def call(self, node: Node, run: Run) -> Outcome:
        """Call the node's address and say how the flow goes on."""
        now, key = self._clock(), (run.id, node.url, node.uuid)
        if now - self._queued.get(key, -ONCE_IN) < ONCE_IN:
            return Outcome(category=None, results=run.results, why="dropped: the same call was queued a moment ago")
        self._queued[key] = now
        body = self.body(node, run)
        headers = {**node.headers, "X-Glific-Signature": sign(self._secret, body, now)}
        outcome = self._judged(node, run, _post(node.url, body, headers, self._deadline))
        self._then(run, outcome)
        return outcome

    def body(self, node: Node, run: Run) -> bytes:
        """The bytes that are sent for a node."""
        known = {"contact": run.contact, "results": run.results, "flow": run.flow}
        filled = {_filled(key, known): _filled(value, known) for key, value in node.body.items()}
        whole = {
            key: known[WHOLE[value]] if value in ("@contact", "@results") else value for key, value in filled.items()
        }
        return json.dumps({**whole, "organization_id": self._organization_id}, ensure_ascii=False).encode()

    def _judged(self, node: Node, run: Run, answered: "tuple[int, bytes] | str") -> Outcome:
        if isinstance(answered, str):
            return Outcome(category="Failure", results=run.results, why=answered)
        status, body = answered
        told = _mapping(body) if 200 <= status < 300 else None
        if told is None or node.result_name is None:
            return Outcome(category="Failure", results=run.results, status=status, why="no object, no 2xx or no name")
        kept = {**told, "inserted_at": datetime.fromtimestamp(self._clock(), UTC).isoformat()}
        return Outcome(category="Success", results={**run.results, node.result_name: kept}, status=status)


def sign(secret: str, body: bytes, now: float) -> str:
    """The value of `X-Glific-Signature`."""
    at = int(now)
    made = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """A value with variables of the flow in all of its texts."""
    if isinstance(value, dict):
        return {_filled(key, known): _filled(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    return VARIABLE.sub(lambda found: _looked_up(found[0], known), value) if isinstance(value, str) else value


def _looked_up(variable: str, known: dict[str, Any]) -> str:
    """What a variable stands for: the longest path that leads somewhere; one that leads nowhere stays as it is."""
    names = variable[1:].removesuffix(".").split(".")
    for most in range(len(names), 1, -1):
        found: Any = known
        for name in names[:most]:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict):
            found = found.get("input", found.get("value"))
        if found is not None and not isinstance(found, dict | list):
            return ".".join([str(found), *names[most:]])
    return variable


def _mapping(body: bytes) -> dict[str, Any] | None:
    """An answer's JSON where it is an object or a list, all lists made objects; else None."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    return _without_lists(told) if isinstance(told, dict | list) else None


def _without_lists(value: Any) -> Any:
    if isinstance(value, list):
        value = {str(at): one for at, one in enumerate(value)}
    return {key: _without_lists(one) for key, one in value.items()} if isinstance(value, dict) else value


def _post(url: str, body: bytes, headers: dict[str, str], deadline: float) -> tuple[int, bytes] | str:
    """Status and body, or why there are none."""
    parts = urlsplit(url)
    sent = {"Content-Type": "application/octet-stream", **headers}
    with closing(http.client.HTTPConnection(parts.netloc, timeout=deadline)) as connection:
        try:
            connection.connect()
            with _cut_off(connection.sock, deadline) as over:
                connection.request("POST", f"{parts.path}?{parts.query}".rstrip("?"), body, sent)
                answer = connection.getresponse()
                told = answer.read()
                # To a body without a length the cut looks like its end.
                return "cut off" if over.is_set() else (answer.status, told)
        except (OSError, http.client.HTTPException) as error:
            return f"no answer: {error!r}"


@contextmanager
def _cut_off(sock: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """A connection that ends after so many seconds, whatever comes in meanwhile; the event tells that it did."""
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
