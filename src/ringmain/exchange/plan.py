"""A call that is ready to leave."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, Message, Wire
from ringmain.exchange.connection import Connection
from ringmain.exchange.loose import as_object
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Usage

Body = dict[str, Any]
"""The JSON object of one provider call."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How one ask will be put to the provider.

    `bodies` has one provider call each: several only where a list of prompts is emulated.
    `mode` is the endpoint that is called; where it is not the ask's wire, the call is emulated.
    `added` names the parameters that the hub put in, which it may therefore take out again.
    """

    ask: Ask
    account: Account
    connection: Connection
    model: Model
    mode: Wire
    bodies: tuple[Body, ...]
    stream: bool = False
    organization: str | None = None
    added: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    expected: tuple[Usage, ...] = ()
    """Of each call: its input, estimated, and the most that the provider may write to all its choices, an estimate
    where nothing caps it."""
    longest: int = 0
    """Tokens of the longest call, estimated, and of the cap on each of its answers."""
    choices: int = 1
    """The most answers that one call wants to a prompt."""
    turns: Sequence[Message] = ()
    """The earlier turns that travel along."""
    chosen: tuple[str, ...] = ()
    """Those of the notices that tell how the model was chosen."""

    @property
    def hide_usage(self) -> bool:
        """Whether the usage chunk of a stream was the hub's wish and not the host's."""
        return not as_object(self.ask.fields.get("stream_options")).get("include_usage")

    @property
    def guest(self) -> bool:
        """Whether it is asked in the name of an organization that is the host's and not the connection's."""
        return bool(self.organization) and self.organization != self.connection.organization

    @property
    def seconds(self) -> float:
        """How long all of it may take: as the connection has it, or until the host no longer listens."""
        deadline = self.ask.deadline
        return min(self.connection.timeout, deadline) if deadline else self.connection.timeout

    @property
    def input_tokens(self) -> int:
        """What all calls have to read, estimated."""
        return sum(call.input_tokens for call in self.expected)

    @property
    def output_tokens(self) -> int:
        """The most that is expected to be written, over all calls and choices."""
        return sum(call.output_tokens for call in self.expected)

    @property
    def emulated(self) -> bool:
        """Whether the provider is asked in another form than the host asked in."""
        return self.mode != self.ask.wire
