"""The proxy that the environment names for an address."""

import time
import urllib.request
from urllib.parse import urlsplit

REMEMBERED = 1.0
"""Seconds for which the environment is taken as unchanged, because reading it takes longer than the rest of a call."""


class Proxies:
    """What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say, in all of their forms."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}
        self._read = float("-inf")

    def of(self, url: str) -> str | None:
        """The proxy for a URL, or None."""
        now = time.monotonic()
        if now - self._read >= REMEMBERED:
            self._known, self._read = {}, now
        if url not in self._known:
            self._known[url] = _proxy(url)
        return self._known[url]


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    return None if not proxies or urllib.request.proxy_bypass(parts.hostname or "") else proxies.get(parts.scheme)
