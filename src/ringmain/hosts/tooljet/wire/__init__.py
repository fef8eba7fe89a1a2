"""ToolJet's wire: a query of a data source without a plugin → an ask; a reply → flat JSON; an error → the same.

The plugin speaks OpenAI's own wire, at `/v1`.
"""

from collections.abc import Mapping
from typing import Any

from ringmain.errors import HubError
from ringmain.exchange.ask import Ask
from ringmain.hosts import HostRequest, StreamWriter
from ringmain.hosts.tooljet.wire import asks
from ringmain.hosts.tooljet.wire.telling import models, refuse, write

__all__ = ["models", "read", "refuse", "stream", "write"]

NONE: Mapping[str, Any] = {}


def read(request: HostRequest, *, ask_id: str, settings: Mapping[str, Any] = NONE) -> Ask:
    """The ask that a query is; raises `AskError` with the field at fault in `param`."""
    return asks.read(request, ask_id=ask_id)


def stream(ask: Ask) -> StreamWriter:
    """Never: a query is answered whole."""
    raise HubError("internal_error", "A query of ToolJet's cannot be answered piece by piece.", fix="Report it.")
