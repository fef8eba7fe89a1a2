"""How a late answer reaches Odoo: one POST to where the ask said, until Odoo has it or does not want it."""

from ringmain.hosts.odoo.address import below
from ringmain.hosts.parcels import Heard, Outcome, Parcel, Send, Steps

DELAY = 0.25
"""OCA's bridge commits after it was told to wait, and knows of nothing before (measured, 2026-11)."""

PER_MINUTE = 600

WAITS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds before each further try."""

LONGEST = 15 * 60.0
"""Seconds since the ask after which Odoo is not tried any more; it can still ask for the answer itself."""

WHY = {
    401: "Odoo does not take the token of this ask",
    403: "Odoo does not take the token of this ask",
    410: "Odoo does not wait for this answer any more",
}


def steps(parcel: Parcel, kept: dict[str, str]) -> Steps:
    """One try."""
    to, token = parcel.reach["to"], parcel.reach.get("token")
    if not below(to, str(parcel.settings.get("address") or "")):
        return Outcome(why="it does not go to the address that the account has for its Odoo any more")
    headers = {"content-type": "application/json", "accept": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    heard = yield Send(url=to, headers=headers, body=parcel.answer)
    return _outcome(heard, parcel)


def _outcome(heard: Heard, parcel: Parcel) -> Outcome:
    status = heard.status
    if 200 <= status < 300:
        return Outcome(done=True)
    # 404 is also what Odoo says of an ask that it has not committed yet.
    passing = status in (0, 404, 408, 429) or status >= 500
    if passing and parcel.seconds < LONGEST:
        why = f"Odoo answered {status}" if status else "Odoo did not answer"
        return Outcome(again=WAITS[min(parcel.tries, len(WAITS) - 1)], why=why)
    return Outcome(why=WHY.get(status, f"Odoo answered {status}"))
