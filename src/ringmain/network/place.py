"""Where a call goes, read from its URL once."""

from functools import lru_cache
from typing import NamedTuple

from yarl import URL

from ringmain.addresses import bad_address, check_address

KNOWN = 1024
"""URLs that are remembered."""


class Place(NamedTuple):
    """A provider's host and port, and the path there."""

    host: str
    """In the form that names are looked up in."""
    port: int
    tls: bool
    target: str
    """Path and query as they stand in a request."""
    named: str
    """Host and port as a request names them."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@lru_cache(KNOWN)
def place_of(url: str) -> Place:
    """The place of a URL.

    Raises `SetupError("invalid_setting")` for what is no address that calls may go to.
    """
    check_address(url)
    try:
        read = URL(url)
    except ValueError as error:
        raise bad_address(url) from error
    tls = read.scheme == "https"
    host, port = read.raw_host or "", read.port or (443 if tls else 80)
    return Place(host, port, tls, read.raw_path_qs, read.host_port_subcomponent or "")
