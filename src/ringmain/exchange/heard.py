"""What one provider call said, before it is put together with others to a reply."""

import msgspec

from ringmain.errors import ProviderError
from ringmain.exchange.audio import Audio
from ringmain.exchange.reply import Choice, Usage


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer of the provider, read from its mode."""

    model: str = ""
    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    audio: Audio | None = None


def empty(connection: str) -> ProviderError:
    """The error of an answer without a choice."""
    return ProviderError(
        "upstream_empty",
        f"The provider of '{connection}' answered without a choice.",
        fix="Ask again; if it stays so, try another model.",
        billed=True,
    )


def interrupted(connection: str) -> ProviderError:
    """The error of a stream that broke off."""
    return ProviderError(
        "stream_interrupted",
        f"The provider of '{connection}' broke off in the middle of its answer.",
        fix="Ask again; what was written so far may have been charged.",
        billed=True,
    )
