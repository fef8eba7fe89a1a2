"""Money reserved before a call."""

import msgspec


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """The most that a call is expected to use; `picodollars` is None where no price is known."""

    input_tokens: int
    output_tokens: int
    picodollars: int | None
    window: str | None = None
    """The budget's period that it counts against."""

    @property
    def tokens(self) -> int:
        """In and out together."""
        return self.input_tokens + self.output_tokens
