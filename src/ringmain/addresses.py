"""Where a call may go: the check of an address before and after its name is resolved."""

import contextlib
import ipaddress
from urllib.parse import urlsplit

from ringmain.errors import SetupError


def check_address(url: str) -> None:
    """Nothing, where this is an http(s) address that a connection may have.

    Link-local addresses, where clouds keep credentials, are refused; private and loopback ones are an admin's right.
    Raises `SetupError("invalid_setting")`.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as e:
        raise bad_address(url) from e
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise bad_address(url)
    with contextlib.suppress(ValueError):
        check_ip(host)


def check_ip(text: str) -> None:
    """Nothing, where calls may go to this IP address; `ValueError` where the text is none."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified or str(mapped) == "fd00:ec2::254":
        raise SetupError(
            "invalid_setting",
            f"Calls to {text} are refused, because link-local and metadata addresses are never a provider.",
            fix="Set the provider's real address as base URL.",
        )


def bad_address(url: str) -> SetupError:
    return SetupError(
        "invalid_setting",
        f"'{_shown(url)}' is not an address that a provider can have.",
        fix="It begins with https:// or http://, then the host, and usually ends in /v1.",
    )


def _shown(url: str) -> str:
    """The address without what may be a password."""
    return url.rpartition("@")[2][:200]
