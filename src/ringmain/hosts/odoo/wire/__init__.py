"""Odoo's wire: the addon's asks and OCA's bridge → an ask; a reply → what Odoo posts; an error → why there is none."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ringmain.errors import HubError, ProviderError, RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply, HostRequest, StreamWriter
from ringmain.hosts.odoo.wire import asks, oca
from ringmain.hosts.odoo.wire.asks import trial
from ringmain.hosts.odoo.wire.telling import models, refuse, tried

__all__ = ["failed", "later", "models", "read", "refuse", "stream", "trial", "tried", "write"]

NONE: Mapping[str, Any] = {}

OCA = "/hosts/odoo/oca"


def read(request: HostRequest, *, ask_id: str, settings: Mapping[str, Any] = NONE) -> Ask:
    """The ask that a request is. Raises `AskError`, mostly with status 422 and the field at fault in `param`."""
    how = oca if request.path == OCA else asks
    return how.read(request, ask_id=ask_id, settings=settings)


def write(reply: Reply, ask: Ask) -> HostReply:
    """What Odoo posts; an answer without a word is told as a failure."""
    if not reply.text.strip():
        return failed(_empty(reply), ask)
    return _of(ask).write(reply, ask)


def failed(error: RingmainError, ask: Ask) -> HostReply:
    """What Odoo is told of an ask that it has handed over, and that has no answer."""
    return _of(ask).failed(error, ask)


def later(ask: Ask) -> HostReply:
    """What Odoo is told while the answer is still to come."""
    return _of(ask).later(ask)


def stream(ask: Ask) -> StreamWriter:
    """Never: Odoo posts the whole."""
    raise HubError("internal_error", "Odoo cannot be answered piece by piece.", fix="Report it.")


def _of(ask: Ask) -> ModuleType:
    return oca if "oca" in ask.own else asks


def _empty(reply: Reply) -> ProviderError:
    if reply.finish_reason == "content_filter":
        return ProviderError("upstream_empty", "The provider's filter let no answer through.", fix="Ask otherwise.")
    fix = "Ask again; where it stays so, raise the max tokens or choose another model."
    return ProviderError("upstream_empty", "The model answered without a word.", fix=fix)
