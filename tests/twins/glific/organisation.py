"""What Glific's API answers for one organisation, without a network: sessions, the limit of calls, flows that wait."""

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from tests.twins.glific.graphql import Asked, Wrong, read_resume
from tests.twins.glific.sessions import Sessions

ARMING = 0.15
"""Seconds between the answer to a webhook and the wait node behind it."""

UNKNOWN_LIMIT = 50
"""Calls in a minute from one who has not signed in."""

MINUTE = 60


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Answer(msgspec.Struct, frozen=True):
    """A status with what is said: a text, or what JSON can hold."""

    status: int
    told: Any


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """One call of `resumeContactFlow`; `found` says whether a flow waited for it."""

    flow: str
    contact: str
    result: Any
    found: bool
    at: float


class _Wait(msgspec.Struct):
    armed: float
    early: int
    fails: bool


class Organisation:
    """One organisation with one user who may sign in, and the contacts that the test knows of."""

    def __init__(
        self, *, phone: str = "919999900001", password: str = "Secret1234!", clock: Callable[[], float] = time.time
    ) -> None:
        self.phone, self.password, self._clock = phone, password, clock
        self.sessions = Sessions(clock)
        self.contacts = {"12"}
        self.limit, self.manager, self.suspended = 60, True, False
        self.requests: list[Received] = []
        self.resumed: list[Resumed] = []
        self._waits: dict[tuple[str, str], _Wait] = {}
        self._calls: Counter[tuple[str, int]] = Counter()

    # what a test brings on and asks ---------------------------------------------------------------------------------

    def arm(self, flow: Any, contact: Any, *, after: float = 0.0, early: int = 0, fails: bool = False) -> None:
        """Let a contact's flow wait: from so many seconds on, and for none of the first `early` that come."""
        self._waits[str(flow), str(contact)] = _Wait(self._clock() + after, early, fails)

    def waits(self, flow: Any, contact: Any) -> bool:
        """Whether a contact's flow waits, or will in a moment."""
        return (str(flow), str(contact)) in self._waits

    def results(self, flow: Any, contact: Any) -> list[Any]:
        """What a contact's flow was resumed with, each time that it was."""
        return [
            one.result for one in self.resumed if one.found and (one.flow, one.contact) == (str(flow), str(contact))
        ]

    def lost(self, flow: Any, contact: Any) -> int:
        """How many results came for a contact's flow while nothing waited."""
        asked = [one for one in self.resumed if (one.flow, one.contact) == (str(flow), str(contact))]
        return sum(not one.found for one in asked)

    # what it answers --------------------------------------------------------------------------------------------------

    def answer(self, request: Received) -> Answer:
        """What is said to a request, after it was done."""
        self.requests.append(request)
        known = self.sessions.knows(request.headers.get("authorization", ""))
        if self._too_many(request, known):
            return Answer(429, "too many requests")
        match request.method, request.path:
            case "POST", "/api/v1/session":
                return self._sign_in(request.json)
            case "POST", "/api/v1/session/renew":
                told = self.sessions.renew(request.headers.get("authorization", ""))
                return Answer(200, {"data": told}) if told else _refused(401, "no such token")
            case "DELETE", "/api/v1/session":
                self.sessions.end(request.headers.get("authorization", ""))
                return Answer(200, {"data": {}})
            case "POST", "/api" if known:
                return self._graphql(request.json)
            case _, "/api":
                return Answer(401, {"error": {"code": 401, "message": "not signed in"}})
        return Answer(404, "not found")

    def _too_many(self, request: Received, known: bool) -> bool:
        """Count a call in the minute of the clock, refused ones too."""
        user = request.json if request.path == "/api/v1/session" else None
        phone = user.get("user", {}).get("phone") if isinstance(user, dict) else None
        bucket = "user" if known else str(phone or request.path)
        window = bucket, int(self._clock() // MINUTE)
        self._calls[window] += 1
        return self._calls[window] > (self.limit if known else UNKNOWN_LIMIT)

    def _sign_in(self, body: Any) -> Answer:
        if self.suspended:
            return _refused(403, "the organisation is suspended")
        user = body.get("user") if isinstance(body, dict) else None
        if user != {"phone": self.phone, "password": self.password}:
            return _refused(401, "phone or password is wrong")
        return Answer(200, {"data": {**self.sessions.begin(), "last_login_time": None, "is_trial": False}})

    def _graphql(self, body: Any) -> Answer:
        if not isinstance(body, dict) or not body.get("query"):
            return Answer(400, {"errors": [{"message": "no query"}]})
        try:
            return Answer(200, self._resume(read_resume(body)))
        except Wrong as wrong:
            return Answer(200, {"errors": [{"message": str(wrong), "locations": [{"line": 1, "column": 1}]}]})

    def _resume(self, asked: Asked) -> dict[str, Any]:
        if not self.manager:
            return _raised("not allowed")
        if asked.contact not in self.contacts:
            return _resumed(None, key="Contact", message="not found")
        if not asked.flow.isdigit() or not isinstance(asked.result or {}, dict):
            return _raised("something unexpected")
        wait = self._due(asked)
        result = asked.result or {}
        self.resumed.append(
            Resumed(flow=asked.flow, contact=asked.contact, result=result, found=bool(wait), at=self._clock())
        )
        if not wait:
            return _resumed(True, key="Flow", message=f"{asked.contact} does not have any active flows")
        return _resumed(True, key="Flow", message="a node failed") if wait.fails else _resumed(True)

    def _due(self, asked: Asked) -> _Wait | None:
        """The wait that a result ends, if it is there yet."""
        wait = self._waits.get((asked.flow, asked.contact))
        if wait is None or self._clock() < wait.armed:
            return None
        if wait.early:
            wait.early -= 1
            return None
        return self._waits.pop((asked.flow, asked.contact))


def _refused(status: int, message: str) -> Answer:
    return Answer(status, {"error": {"status": status, "message": message}})


def _resumed(success: bool | None, **error: str) -> dict[str, Any]:
    return {"data": {"resumeContactFlow": {"success": success, "errors": [error] if error else None}}}


def _raised(message: str) -> dict[str, Any]:
    where = {"path": ["resumeContactFlow"], "locations": [{"line": 1, "column": 1}]}
    return {"data": {"resumeContactFlow": None}, "errors": [{"message": message, **where}]}
