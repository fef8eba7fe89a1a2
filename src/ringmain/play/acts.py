"""What somebody may do in a conversation of the simulator: each act is a row, and is given a text."""

from collections.abc import Awaitable, Callable

import msgspec

from ringmain.errors import AskError
from ringmain.hosts.glific.flows.cases import Heard
from ringmain.hosts.glific.flows.player import Player
from ringmain.hosts.glific.flows.state import State, Step
from ringmain.play.rehearsal import Rehearsal

LONGEST_TEXT = 4096
"""Characters of what a contact says, as WhatsApp has it."""


class Going(msgspec.Struct, frozen=True):
    """A conversation at the moment of an act."""

    player: Player
    rehearsal: Rehearsal
    state: State

    async def step(self, step: Step) -> State:
        """Where it stands once this has come of it."""
        return await self.rehearsal.settle(step)


Act = Callable[[Going, str], Awaitable[State]]


async def _say(going: Going, text: str) -> State:
    if not text.strip():
        raise wrong("There is nothing to send.", "Write a message.")
    if len(text) > LONGEST_TEXT:
        raise wrong(f"The message has {len(text)} characters.", f"WhatsApp takes {LONGEST_TEXT}.")
    return await going.step(going.player.hear(going.state, Heard(text=text.strip())))


async def _tap(going: Going, number: str) -> State:
    offered = going.state.offered
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
    if not 0 < at <= len(offered):
        raise wrong("This option is no longer offered.", "Take one that stands below the last message.")
    return await going.step(going.player.hear(going.state, Heard(text=offered[at - 1], kind="choice")))


async def _expire(going: Going, _: str) -> State:
    until = going.state.waiting.until if going.state.waiting else None
    if until is None:
        raise wrong("The flow waits without end.", "Answer it.")
    return await going.rehearsal.line(going.state, f"/wait {max(until - going.state.now, 0.0)!r}")


def _command(word: str) -> Act:
    async def act(going: Going, what: str) -> State:
        return await going.rehearsal.line(going.state, f"/{word} {what.strip()}")

    return act


MEDIA = {"image": "Photo", "audio": "Voice note", "video": "Video", "file": "Document"}
"""What may be sent by its address besides a text, and what people call it."""

ACTS: dict[str, Act] = {
    "say": _say,
    "tap": _tap,
    "expire": _expire,
    **{word: _command(word) for word in (*MEDIA, "location", "result", "wait")},
}
"""What may be done in a conversation that has begun; each is given a text."""


def wrong(sentence: str, fix: str) -> AskError:
    """An act that cannot be done now."""
    return AskError("invalid_request", sentence, fix=fix)
