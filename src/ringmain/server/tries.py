"""How often a password may be tried."""

import ipaddress
from collections.abc import Callable

from ringmain.errors import Refusal

MOST = 5
SECONDS = 60.0

CROWD = 10_000
"""Addresses that are remembered before those whose minute is over are forgotten."""


class Tries:
    """The tries of the last minute by address and account, in this process's memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._made: dict[tuple[str, str], list[float]] = {}

    def count(self, address: str, account: str) -> None:
        """One more try. Raises `Refusal("too_many_tries")`, which is not counted."""
        now, who = self._clock(), (_network(address), account)
        if len(self._made) > CROWD:
            self._made = {key: made for key, made in self._made.items() if made[-1] > now - SECONDS}
        made = [at for at in self._made.get(who, ()) if at > now - SECONDS]
        if len(made) >= MOST:
            raise _too_many(made[0] + SECONDS - now)
        self._made[who] = [*made, now]

    def forgive(self, address: str, account: str) -> None:
        """Forget the tries of one who knew the password."""
        self._made.pop((_network(address), account), None)


def _network(address: str) -> str:
    """The address; of IPv6 the part that one household or machine has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)


def _too_many(wait: float) -> Refusal:
    sentence = f"More than {MOST} tries in a minute were made from your address."
    return Refusal("too_many_tries", sentence, fix="Wait a minute, then try again.", retry_after=max(1.0, wait))
