"""The kinds of provider that are known: rows of `presets.toml`, read once."""

from difflib import get_close_matches
from functools import cache
from importlib.resources import files

import msgspec

from ringmain.addresses import origin
from ringmain.errors import SetupError
from ringmain.exchange.connection import Preset

ANY = "custom"
"""The row for an address that no other row claims."""

BUILT_IN = "demo"
"""The row of a connection that is always there, and that no other can be made of."""

LOOPBACK = {"localhost", "::1"}


@cache
def presets() -> dict[str, Preset]:
    """Every preset by its name, in the order of the file."""
    rows = msgspec.toml.decode((files("ringmain") / "presets.toml").read_bytes())
    return {name: msgspec.convert({"name": name, **row}, Preset) for name, row in rows.items()}


def preset(name: str) -> Preset:
    """The preset of that name; an unknown one is `SetupError("unknown_preset")` that names the nearest."""
    if name in presets():
        return presets()[name]
    known = [held for held in presets() if held != BUILT_IN]
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise SetupError(
        "unknown_preset", f"There is no preset '{name}'.{hint}", fix=f"Take one of: {', '.join(known)}.", param="preset"
    )


def preset_for(base_url: str) -> Preset:
    """The preset whose base URL has the same scheme, host and port; `custom` where none has."""
    place = _place(base_url)
    return next((row for row in presets().values() if _place(row.base_url) == place), presets()[ANY])


def _place(url: str) -> str:
    """The origin, with one name for the machine itself."""
    scheme, _, rest = origin(url).partition("://")
    host, _, port = rest.rpartition(":")
    return f"{scheme}://{'127.0.0.1' if host in LOOPBACK else host}:{port}"
