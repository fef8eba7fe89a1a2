"""Where a call may go: the origin of an address, and its check before and after its name is resolved."""

import contextlib
import ipaddress
import re
import socket
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from ringmain.errors import SetupError

SCHEMES = ("https://", "http://")

PORTS = {"http": 80, "https": 443}

METADATA = {"100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"}
"""Where clouds keep credentials outside the link-local range: Alibaba, Azure, Oracle, AWS, Google (2026-11)."""

METADATA_NAMES = {"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"}
"""The same by name, for where a proxy resolves it and nobody here sees the address (2026-11)."""

CARRIERS = [
    ipaddress.IPv6Network(net)
    for net in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
]
"""Networks with an IPv4 address in their last 32 bits: compatible, mapped, translated, NAT64."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def origin(base_url: str) -> str:
    """`scheme://host:port` of a URL, lower case and with the port always named; an unreadable URL is its own origin."""
    try:
        parts = urlsplit(base_url)
        scheme, host = parts.scheme.lower(), parts.hostname or ""
        port = parts.port or PORTS.get(scheme, 0)
    except ValueError:
        return base_url
    return f"{scheme}://{host}:{port}"


PROVIDER, HUB, HOST = "a provider", "a hub", "a host"
"""Whose address it is, in the words of an error."""

FORM = {
    PROVIDER: "It begins with https:// or http://, then the host, and usually ends in /v1.",
    HUB: "It begins with https:// or http://, then the host, such as https://ai.example.org.",
    HOST: "It begins with https:// or http://, then the host, such as https://api.example.org.",
}


def check_base(url: str, *, of: str = PROVIDER) -> None:
    """Nothing, where this is an address that paths can be put behind; raises as `check_address`."""
    check_address(url, of=of)
    parts = urlsplit(url)
    if parts.query or parts.fragment or _odd(url):
        raise bad_address(url, of=of)


def check_address(url: str, *, of: str = PROVIDER) -> None:
    """Nothing, where this is an http(s) address that a connection may have.

    Link-local addresses, where clouds keep credentials, are refused; private and loopback ones are an admin's right.
    Raises `SetupError("invalid_setting")`.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as e:
        raise bad_address(url, of=of) from e
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise bad_address(url, of=of)
    with contextlib.suppress(ValueError, OSError):
        plain = _plain(host)
        if plain in METADATA_NAMES:
            raise _never_a_provider(plain)
        check_ip(_dotted(plain))


def check_ip(text: str) -> None:
    """Nothing, where calls may go to this IP address; `ValueError` where the text is none."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if any(_never(each) for each in (address, *_carried(address))):
        raise _never_a_provider(text)


def check_public(text: str) -> None:
    """Nothing, where everybody may be sent to this IP address, and not only an admin; `ValueError` for what is none."""
    check_ip(text)
    address = ipaddress.ip_address(text.partition("%")[0])
    if not all(each.is_global for each in (address, *_carried(address))):
        sentence = f"{text} is an address of a private network, and none that a host may send the hub to."
        raise SetupError("invalid_setting", sentence, fix="Name the host in the account, where that is meant.")


def _never_a_provider(place: str) -> SetupError:
    return SetupError(
        "invalid_setting",
        f"Calls to {place} are refused, because link-local and metadata addresses are never a provider.",
        fix="Set the provider's real address as base URL.",
    )


def _plain(host: str) -> str:
    """The host in ASCII and small letters; ValueError where it cannot be one."""
    # The codec knows the Unicode of 2002, and a client of today more digits than that one.
    return unicodedata.normalize("NFKC", host).encode("idna").decode().rstrip(".").lower()


def _dotted(plain: str) -> str:
    """An IP address in its usual form, of whatever form systems take for one: decimal, octal, hexadecimal.

    Raises OSError for a name.
    """
    return plain if ":" in plain else socket.inet_ntoa(socket.inet_aton(plain))


def _never(address: Address) -> bool:
    return address.is_link_local or address.is_multicast or address.is_unspecified or str(address) in METADATA


def _carried(address: Address) -> Iterator[Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if address.version == 4:
        return
    if any(address in net for net in CARRIERS):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo


def bad_address(url: str, *, of: str = PROVIDER) -> SetupError:
    """The error of what is no such address, with the reason where it has the form of one."""
    why, fix = _wrong(url) if url.lower().startswith(SCHEMES) else ("", "")
    return SetupError(
        "invalid_setting", f"'{_shown(url)}' is not an address that {of} can have{why}.", fix=fix or FORM[of]
    )


def _wrong(url: str) -> tuple[str, str]:
    """What is wrong with the parts of an address, and what to do; empty where it is nothing of these."""
    place = re.split("[/?#]", url.partition("://")[2])[0]
    port = re.search(r":([^:\]]+)$", place.rpartition("@")[2])
    if "@" in place:
        return ", because a name or password stands in it", "Leave it out; a key is set on its own."
    if port and not (port[1].isdecimal() and int(port[1]) < 2**16):
        return f", because there is no port '{port[1][:20]}'", "Give one from 1 to 65535, or none."
    if _odd(url):
        return ", because white space or a control character stands in it", "Leave that out."
    if "?" in url or "#" in url:
        return ", because something follows its path", "Leave out the ? or # and what comes after it."
    return "", ""


def _odd(url: str) -> bool:
    return any(unicodedata.category(c)[0] in "CZ" for c in url)


def _shown(url: str) -> str:
    """The address without what may be a password or a key."""
    scheme = next((scheme for scheme in SCHEMES if url.startswith(scheme)), "")
    _, at, place = url.rpartition("@")
    path, query, _ = (f"{scheme}…@{place}" if at else url).partition("?")
    return f"{path[:200]}?…" if query else path[:200]
