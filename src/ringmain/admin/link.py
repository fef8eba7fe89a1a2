"""The one-time link with which the admin sets the password, the first and every later one."""

import secrets

from ringmain.ring import Ring
from ringmain.store import Pass
from ringmain.store.hostkeys import digest

LIFE = 15 * 60_000
"""Milliseconds."""


def new_link(ring: Ring, hub: str) -> str:
    """A link into the hub at this URL, good once and for 15 minutes; it ends the one before."""
    token, now = secrets.token_urlsafe(32), ring.now()
    ring.store.add_link(Pass(digest=digest(token), created=now, expires=now + LIFE))
    return f"{hub.rstrip('/')}/first/{token}"
