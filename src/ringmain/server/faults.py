"""Errors of the door itself, and what is sent where no room can tell them."""

import msgspec

from ringmain.errors import AskError, HubError, RingmainError, SetupError
from ringmain.hosts import HostReply


def hung_up() -> HubError:
    """The error of a host that went away before its answer."""
    return HubError("host_hung_up", "The host went away before it had its answer.")


def stopping() -> HubError:
    """The error of an ask that the end of the hub cut off."""
    return HubError("hub_stopping", "The hub is being stopped.", fix="Ask again in a moment.", billed=False)


def no_such_address(method: str, path: str, allowed: tuple[str, ...]) -> RingmainError:
    """The error of an address where nothing stands, or not for this method."""
    if allowed:
        return AskError(
            "method_not_allowed", f"{path} does not take {method}.", fix=f"It takes {' and '.join(sorted(allowed))}."
        )
    return AskError(
        "not_found", f"There is nothing at {path[:200]}.", fix="The base URL ends in /v1; `/` lists all addresses."
    )


NAMING = frozenset({"no_connection", "unknown_connection", "secret_locked", "wrong_secret_file"})
"""Errors whose fix is for the admin: it names other connections, or where a file lies."""


def to_host(error: RingmainError) -> RingmainError:
    """The error as a host may read it, without what only the admin may know."""
    if error.code not in NAMING:
        return error
    return SetupError(error.code, error.sentence, fix="Tell the hub's admin; the page of connections says what to do.")


def plain(error: RingmainError) -> HostReply:
    """An error as JSON, in ringmain's own words."""
    body = msgspec.json.encode({"error": error.as_dict()})
    return HostReply(status=error.status, headers={"content-type": "application/json"}, body=body)


def forget_way(error: BaseException) -> None:
    """Let an error and its causes forget which way they came: what stands on it may be large, and a traceback that is
    among it keeps it until the collector looks, which it seldom does."""
    seen: BaseException | None = error
    while seen is not None and seen.__traceback__ is not None:
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__
