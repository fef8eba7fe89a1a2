"""A provider's address with its secret."""

import msgspec

from ringmain.exchange.ask import Mode, Wire
from ringmain.exchange.model import Price

HUB = "hub"
"""The id of the connection to the hub that this process is a client of."""


class Secret:
    """A provider's key that does not show itself: only `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the header of a call and nothing else."""
        return self._text

    @property
    def hint(self) -> str:
        """The last four characters, or nothing where the key is too short to show any."""
        return f"…{self._text[-4:]}" if len(self._text) >= 12 else ""

    def out_of(self, text: str) -> str:
        """The text without this secret, should somebody have repeated it there."""
        return text.replace(self._text, "…") if self._text else text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Secret({self.hint or '…'!r})" if self._text else "Secret()"

    __str__ = __repr__


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a kind of provider: one row of `presets.toml`."""

    name: str
    title: str
    base_url: str = ""
    key: bool = True
    """Whether it expects a key."""
    local: bool = False
    modes: tuple[Mode, ...] = ()
    """The endpoints that it serves; empty where nobody knows."""
    token_cap: str | None = None
    """The name that it wants for the cap on output tokens in chat mode; None leaves the host's."""
    suffix: bool = False
    """Whether its completions honour `suffix`."""
    usage_in_stream: bool = True
    """Whether `stream_options.include_usage` may be asked for."""
    prices: str | None = None
    """The provider's id in genai-prices and, where it stands there, in the model table."""
    key_check: str | None = None
    """A path below the base URL that answers 401 to a wrong key, where `/models` is public."""
    suggests: tuple[str, ...] = ()
    """Models to begin with, in order; the first that the live list has is taken."""
    transcribes: tuple[str, ...] = ()
    speaks: tuple[str, ...] = ()
    """The same for the wires of sound, which no chat model answers."""
    suggested: str = ""
    """The date of these suggestions."""
    links: dict[str, str] = {}

    def suggestions(self, wire: Wire) -> tuple[str, ...]:
        """The models to begin with in this wire."""
        return {"transcription": self.transcribes, "speech": self.speaks}.get(wire, self.suggests)


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider is, how it is reached and what it calls things."""

    id: str
    name: str
    base_url: str
    preset: Preset
    key: Secret = Secret()
    organization: str | None = None
    project: str | None = None
    model: str | None = None
    timeout: float = 300.0
    """Seconds for a whole call, retries included."""
    aliases: dict[str, str] = {}
    prices: dict[str, Price] = {}
    default: bool = False
    locked: dict[str, str] = {}
    """Field → environment variable that sets it."""

    @property
    def is_hub(self) -> bool:
        """Whether another ringmain hub answers here, which keeps memory and prices itself."""
        return self.id == HUB

    @property
    def demo(self) -> bool:
        """Whether the built-in demo provider answers here."""
        return self.base_url.startswith("demo:")
