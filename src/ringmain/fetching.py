"""Sounds that a host names by their address: fetched by the guarded network, and looked at before they are used."""

from urllib.parse import SplitResult, urlsplit

from ringmain.errors import AskError, RingmainError, SetupError
from ringmain.exchange.audio import Audio, Fetch
from ringmain.exchange.sound import ENDINGS, listen
from ringmain.transport import Request, Transport

LARGEST = 16 << 20
"""Bytes of a sound; WhatsApp takes no larger one (its page on media, 2026-11)."""

PATIENCE = 10.0
"""Seconds for one file."""

LONGEST_URL = 2000


async def fetched(fetch: Fetch, transport: Transport, *, timeout: float = PATIENCE) -> Audio:
    """The sound at an address.

    Raises `AskError("media_unreadable")` where there is none that may be fetched, or nothing that is a sound.
    """
    request = Request(method="GET", url=fetch.url, public=_guarded(fetch))
    try:
        response = await transport.send(request, timeout=min(timeout, PATIENCE))
        try:
            if response.status != 200:
                raise _unreadable(f"its host answered {response.status}")
            data = await response.whole(largest=LARGEST)
        finally:
            await response.close()
    except AskError:
        raise
    except RingmainError as error:
        told = {"upstream_too_large": f"it has more than {LARGEST >> 20} MiB", "deadline_exceeded": "it took too long"}
        refused = error.sentence if isinstance(error, SetupError) else "its host cannot be reached"
        raise _unreadable(told.get(error.code, refused)) from error
    return _sound(data)


def _guarded(fetch: Fetch) -> bool:
    """Whether it must be at a public address, as nobody has named its host; raises where it may not be fetched."""
    parts = _parts(fetch.url)
    host, scheme = (parts.hostname or "").lower(), parts.scheme
    if not host or scheme not in ("http", "https") or len(fetch.url) > LONGEST_URL or parts.username is not None:
        raise _unreadable("that is no address of a file")
    if fetch.hosts:
        if host not in fetch.hosts:
            raise _unreadable(f"{host[:100]} is none of the hosts that the account names")
        return False
    if scheme != "https":
        raise _unreadable("it is not fetched without https")
    return True


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _sound(data: bytes) -> Audio:
    known = listen(data)
    if known is None:
        raise _unreadable("what lies there is no sound that is known")
    return Audio(data=data, type=known.type, name=f"voice.{ENDINGS[known.type]}")


def _unreadable(why: str) -> AskError:
    fix = "Send the address of a voice note, such as `@results.voice.input`."
    return AskError("media_unreadable", f"The voice note could not be fetched: {why}.", fix=fix, param="speech")
