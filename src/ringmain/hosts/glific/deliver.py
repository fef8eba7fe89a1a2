"""How a late answer reaches a flow that waits: sign in at Glific, then `resumeContactFlow`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ringmain.exchange.loose import as_list, as_object, as_text
from ringmain.hosts.parcels import Heard, Outcome, Parcel, Send, Steps

DELAY = 1.0
"""A flow takes a moment from its webhook node to the one where it waits, and what comes sooner is lost."""

PER_MINUTE = 50
"""Glific takes 60 from one user, and fewer where it does not know whom; the rest is left to people."""

WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds before each further try where nothing waits yet, or Glific does not answer."""

ARMED = 120.0
"""Seconds since the ask after which a flow that does not wait will not wait any more."""

LONGEST = 3600.0
"""Seconds since the ask after which Glific is not tried any more."""

MINUTE = 60.0

NOTHING_WAITS = "does not have any active flows"
"""Of the sentence by which Glific says so; its `success` says true all the same (2026-08)."""

RESUME = """mutation resume($flowId: ID!, $contactId: ID!, $result: Json!) {
  resumeContactFlow(flowId: $flowId, contactId: $contactId, result: $result) { success errors { key message } }
}"""

TOKEN = "token"  # noqa: S105


def steps(parcel: Parcel, kept: dict[str, str]) -> Steps:
    """One try: the flow goes on with the answer under its result's name; `kept` has the token of the one before."""
    heard = Heard(status=401)
    if TOKEN in kept:
        heard = yield _resume(parcel, kept[TOKEN])
    if heard.status == 401:
        kept.pop(TOKEN, None)
        signed_in = yield _sign_in(parcel)
        token = _token(signed_in)
        if not token:
            return _not_signed_in(signed_in, parcel)
        kept[TOKEN] = token
        heard = yield _resume(parcel, token)
    return _outcome(heard, parcel)


def _sign_in(parcel: Parcel) -> Send:
    user = {"phone": parcel.settings.get("phone", ""), "password": parcel.secrets.get("password", "")}
    return _send(parcel, "/api/v1/session", {"user": user})


def _resume(parcel: Parcel, token: str) -> Send:
    reach = parcel.reach
    # Glific takes the result as JSON within a text.
    result = msgspec.json.encode({reach["result"]: result_of(parcel)}).decode()
    variables = {"flowId": reach["flow"], "contactId": reach["contact"], "result": result}
    return _send(parcel, "/api", {"query": RESUME, "variables": variables}, authorization=token)


def result_of(parcel: Parcel) -> dict[str, Any]:
    """What the flow finds: the answer; where that failed, the fallback sentence and what went wrong."""
    told = as_object(msgspec.json.decode(parcel.answer))
    if told.get("success"):
        return {**told, "late": True}
    return {**told, "success": False, "late": True, "parsed_msg": str(parcel.settings.get("fallback") or "")}


def _send(parcel: Parcel, path: str, body: Mapping[str, Any], **headers: str) -> Send:
    base = str(parcel.settings.get("api") or "").rstrip("/").removesuffix("/api")
    sent = {"content-type": "application/json", "accept": "application/json", **headers}
    return Send(url=f"{base}{path}", headers=sent, body=msgspec.json.encode(body))


def _token(heard: Heard) -> str:
    data = as_object(_object(heard).get("data"))
    # Its reference shows one more `data` around it.
    return as_text(data.get("access_token")) or as_text(as_object(data.get("data")).get("access_token"))


def _not_signed_in(heard: Heard, parcel: Parcel) -> Outcome:
    if heard.status == 403:
        return Outcome(why="Glific knows no such organization, or has suspended it")
    if heard.status == 401:
        return Outcome(why="Glific does not take the phone and password of the account")
    return _again(heard, parcel, unsure=parcel.unsure)


def _outcome(heard: Heard, parcel: Parcel) -> Outcome:
    if heard.status == 401:
        return Outcome(why="Glific does not take the token that it has just given")
    if heard.status != 200:
        # It may have resumed the flow before it failed.
        return _again(heard, parcel, unsure=parcel.unsure or heard.status != 429)
    told = _object(heard)
    answer = as_object(as_object(told.get("data")).get("resumeContactFlow"))
    messages = [as_text(as_object(error).get("message")) for error in as_list(answer.get("errors"))]
    if any(NOTHING_WAITS in message for message in messages):
        return Outcome(done=True) if parcel.unsure else _not_waiting(parcel)
    if answer.get("success"):
        # An error beside it came from a node after the one that waited.
        return Outcome(done=True)
    return Outcome(why="Glific could not resume the flow; the contact, the flow or the user's role is not right")


def _not_waiting(parcel: Parcel) -> Outcome:
    """A flow that does not wait yet may do so in a moment; one that waits no more will not."""
    if parcel.seconds < ARMED or parcel.tries < 3:
        return Outcome(again=_wait(parcel), why="the flow does not wait yet")
    return Outcome(why="the flow does not wait for a result")


def _again(heard: Heard, parcel: Parcel, *, unsure: bool) -> Outcome:
    why = f"Glific answered {heard.status}" if heard.status else "Glific did not answer"
    if parcel.seconds > LONGEST:
        return Outcome(why=why)
    return Outcome(again=MINUTE if heard.status == 429 else _wait(parcel), unsure=unsure, why=why)


def _wait(parcel: Parcel) -> float:
    return WAITS[min(parcel.tries, len(WAITS) - 1)]


def _object(heard: Heard) -> dict[str, Any]:
    try:
        return as_object(msgspec.json.decode(heard.body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
