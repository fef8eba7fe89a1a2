"""What every command stands in: the hub or the ring it works with, and how its failure is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ringmain.cli.show import print_json, say
from ringmain.errors import AskError, RingmainError, SetupError
from ringmain.hub import AsyncHub
from ringmain.ring import Ring
from ringmain.settings import VARIABLES, read_settings

STDIN = "/dev/stdin"
"""What a bare hyphen stands for."""


URL_NOTE = "hub url"
"""The store's note of where the hub on it listened last."""

USUAL_URL = "http://127.0.0.1:8484"


WRONG_CALL = frozenset({"nothing_to_ask", "invalid_request"})
"""What only the call itself can be to blame for."""

OF_AN_OPTION = frozenset({"invalid_setting", "unknown_preset"})
"""What the call is to blame for where the error names the option; a file or a variable is not one."""


class WrongCall(Exception):
    """Options that do not make a call."""

    def __init__(self, sentence: str, fix: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix


def open_hub(data: Path | None, *, demo: bool = False) -> AsyncHub:
    """A hub on the data folder, to be entered with `async with`."""
    return AsyncHub(settings=read_settings(data=data), demo=demo)


def own_hub(data: Path | None) -> AsyncHub:
    """A hub whose store is here; for commands that change it.

    Raises `SetupError` in a client of another hub.
    """
    _own(data)
    return open_hub(data)


@contextmanager
def own_ring(data: Path | None) -> Iterator[Ring]:
    """The ring on the data folder, without anything running.

    Raises `SetupError` in a client of another hub.
    """
    _own(data)
    ring = Ring(read_settings(data=data))
    try:
        yield ring
    finally:
        ring.close()


def hub_url(ring: Ring) -> str:
    """Where tools find the hub: its public address, else where it listened last, else where it does unless told."""
    return (ring.settings.public_url or ring.store.note(URL_NOTE) or USUAL_URL).rstrip("/")


def _own(data: Path | None) -> None:
    url = read_settings(data=data).url
    if url:
        raise SetupError(
            "invalid_setting",
            f"{VARIABLES['url']} is set to {url}, so that settings and book lie in that hub and not here.",
            fix=f"Run this on that hub's machine, or unset {VARIABLES['url']}.",
        )


def tell(error: RingmainError, *, as_json: bool) -> int:
    """Say what failed and what to do; the exit code."""
    if as_json:
        print_json({"error": error.as_dict()})
    say(f"Error: {error.sentence}")
    if error.fix:
        say(error.fix)
    return 2 if _wrong_call(error) else 1


def _wrong_call(error: RingmainError) -> bool:
    return error.code in WRONG_CALL or (error.code in OF_AN_OPTION and error.param is not None)


def tell_wrong_call(error: WrongCall, *, as_json: bool) -> int:
    """Say what was wrong with the call; the exit code."""
    tell(AskError("invalid_request", error.sentence, fix=error.fix), as_json=as_json)
    return 2


def one_provider(connection: str | None, demo: bool) -> None:
    """Nothing, unless two providers were named at once."""
    if connection and demo:
        raise WrongCall("--connection and --demo name two providers.", "Give one of them.")
