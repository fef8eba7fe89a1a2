"""What comes back."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from ringmain.exchange.ask import Wire
from ringmain.exchange.audio import Audio
from ringmain.exchange.loose import Count

PICO = Decimal(10) ** -12

LARGEST = (2**63 - 1) * PICO
"""USD that the book has room for."""


def dollars(picodollars: int | None) -> Decimal | None:
    """Money of the book as USD, exactly; None stays None."""
    return None if picodollars is None else (picodollars * PICO).normalize() + 0


def picodollars_of(usd: str) -> int | None:
    """USD written as a decimal string, as money of the book; None where it is no sum of money."""
    try:
        written = Decimal(usd)
        # Turning 1e999999 into a whole number would take minutes.
        return int(written / PICO) if 0 <= written <= LARGEST else None
    except (ArithmeticError, ValueError):
        return None


class Usage(msgspec.Struct, frozen=True):
    """Tokens that the provider counted; of the input some came from its cache, some were put there and some were sound,
    of the output some were hidden thinking. And how long the sound was that it heard, how many characters it spoke."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached: int = 0
    reasoning: int = 0
    cache_write: int = 0
    audio_milliseconds: int = 0
    characters: int = 0
    audio_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached + other.cached,
            self.reasoning + other.reasoning,
            self.cache_write + other.cache_write,
            self.audio_milliseconds + other.audio_milliseconds,
            self.characters + other.characters,
            self.audio_tokens + other.audio_tokens,
        )


def together(calls: Sequence[Usage]) -> Usage:
    """What several calls took, all in one."""
    return calls[0] if len(calls) == 1 else sum(calls, Usage())


Named = Annotated[str, msgspec.Meta(min_length=1)]
"""What is None where there is none, and never empty; what reads JSON holds to it."""


class Message(msgspec.Struct, frozen=True):
    """An answer's message, as OpenAI's client shows it."""

    content: str | None = None
    role: Named = "assistant"
    refusal: Named | None = None
    tool_calls: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)] | None = None


class Choice(msgspec.Struct, frozen=True):
    """One of the answers to an ask that wanted `n`."""

    index: Count
    message: Message
    finish_reason: Named | None = None

    @property
    def text(self) -> str:
        """The text of this choice, as a completion names it."""
        return self.message.content or ""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A bit of a streamed answer.

    `raw` is the provider's own event data where the host speaks the provider's wire, else None.
    """

    text: str = ""
    index: int = 0
    finish_reason: str | None = None
    usage: Usage | None = None
    bare: bool = False
    """Whether it counts tokens and says nothing else, as the last chunk of a stream does where that was asked for."""
    tool_calls: list[dict[str, Any]] | None = None
    model: str | None = None
    raw: bytes | None = None
    event: str | None = None
    """The name of the event, where the wire names its events."""
    done: bool = False
    """Whether the provider said that the stream is whole."""
    others: tuple["Piece", ...] = ()
    """What the same event says of further choices; its raw bytes tell of them too."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one ask.

    `str(reply)` and `.text` are the first choice's text; `.choices[0].message.content` reads as OpenAI's does.
    `raw` is the provider's own body where the host speaks the provider's wire, `audio` what it has spoken.
    """

    id: str
    wire: Wire
    mode: Wire
    model: str
    choices: tuple[Choice, ...] = ()
    usage: Usage = Usage()
    picodollars: int | None = None
    notices: tuple[str, ...] = ()
    milliseconds: int = 0
    account: str = ""
    connection: str = ""
    demo: bool = False
    raw: bytes | None = None
    audio: Audio | None = None
    created: int = 0
    """Seconds since 1970."""

    @property
    def text(self) -> str:
        """The first answer's text; empty where there is none."""
        return self.choices[0].text if self.choices else ""

    @property
    def finish_reason(self) -> str | None:
        """Why the first answer ended: `stop`, `length`, `content_filter`, `tool_calls`, …"""
        return self.choices[0].finish_reason if self.choices else None

    @property
    def cost(self) -> Decimal | None:
        """USD, or None where no price is known."""
        return dollars(self.picodollars)

    def __str__(self) -> str:
        return self.text
