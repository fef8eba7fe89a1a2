"""The compose file of the page on several hubs, as others read it."""

from pathlib import Path
from typing import Any

from tests.engine import require

FOLDER = Path(__file__).parent.parent.parent / "docs/how-to/several-hubs"
PROXY = FOLDER / "nginx.conf"
HUBS = ("hub-one", "hub-two")


def compose() -> dict[str, Any]:
    """The file's data."""
    require("yaml")
    import yaml

    return yaml.safe_load((FOLDER / "compose.yaml").read_text())


def port_of(hub: dict[str, Any]) -> str:
    """The port that a hub's command names."""
    return hub["command"][hub["command"].index("--port") + 1]
