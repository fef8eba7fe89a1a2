"""A flow played for somebody who looks on: lines go in, events come out, and its webhooks are answered on the way."""

import time
from collections.abc import Callable, Iterable, Iterator

import msgspec

from ringmain.errors import AskError
from ringmain.hosts.glific.flows.cases import Heard, Kind
from ringmain.hosts.glific.flows.events import Answered, Came, Said, Stopped, Told
from ringmain.hosts.glific.flows.player import Player, picked
from ringmain.hosts.glific.flows.state import State, Step
from ringmain.hosts.glific.flows.webhooks import Carry

MEDIA: dict[str, Kind] = {"/image": "image", "/audio": "audio", "/video": "video", "/file": "file"}

MOST = 50
"""Webhooks and waits that may follow each other without a message of the contact."""

LONGEST = 366 * 86_400.0
"""Seconds that may pass in one line."""

COMMANDS = "/wait SECONDS, /image URL, /audio URL, /video URL, /file URL, /location LATITUDE LONGITUDE, /result JSON"
"""What a line may say besides a message; a message that begins with a slash is written with two."""


class Rehearsal:
    """One conversation; `tell` is told of everything that happens."""

    def __init__(self, player: Player, carry: Carry, tell: Callable[[Told], None]) -> None:
        self._player = player
        self._carry = carry
        self._tell = tell

    async def settle(self, step: Step) -> State:
        """Where the conversation stands once no webhook runs and no time needs to pass."""
        for _ in range(MOST):
            state = self._told(step)
            waiting = state.waiting
            if waiting is not None and waiting.webhook is not None:
                step = self._player.answer(state, await self._carry(waiting.webhook))
            elif waiting is not None and waiting.reason == "time" and waiting.until is not None:
                step = self._player.wait(state, waiting.until - state.now)
            else:
                return state
        return self._told(_endless(step.state))

    async def line(self, state: State, line: str) -> State:
        """Where it stands after one line.

        Raises `AskError` for a line that begins with a slash and says nothing that is known.
        """
        command, _, rest = line.strip().partition(" ")
        if command == "/wait":
            return await self._passed(state, _seconds(line, rest))
        return await self.settle(self._step(state, line))

    async def _passed(self, state: State, seconds: float) -> State:
        """Where it stands when all this time has passed, with the webhooks answered that it wanted meanwhile."""
        end = state.now + seconds
        for _ in range(MOST):
            state = await self.settle(self._player.wait(state, max(end - state.now, 0.0)))
            if state.over or state.now >= end:
                return state
        return self._told(_endless(state))

    async def lines(
        self, state: State, lines: Iterable[str], *, mistaken: Callable[[AskError], None] | None = None
    ) -> State:
        """Where it stands after all lines, or when it is over.

        `mistaken` is told of lines that say nothing known, which are then left out; without it they raise.
        """
        left = iter(lines)
        while not state.over and (line := next(left, None)) is not None:
            try:
                state = await self.line(state, line)
            except AskError as error:
                if mistaken is None:
                    raise
                mistaken(error)
        return await self.unanswered(state)

    async def unanswered(self, state: State) -> State:
        """Where it stands when no result will come any more for which it waits."""
        while state.waiting and state.waiting.reason == "result" and state.waiting.until is not None:
            state = await self.settle(self._player.wait(state, state.waiting.until - state.now))
        return state

    def _told(self, step: Step) -> State:
        for event in step.events:
            self._tell(event)
        return step.state

    def _step(self, state: State, line: str) -> Step:
        command, _, rest = line.strip().partition(" ")
        if not command.startswith("/") or command.startswith("//"):
            return self._player.hear(state, picked(state, line[1:] if command.startswith("//") else line))
        try:
            return self._commanded(state, command, rest.strip())
        except (ValueError, KeyError, msgspec.MsgspecError) as error:
            raise _unreadable(line) from error

    def _commanded(self, state: State, command: str, rest: str) -> Step:
        if command == "/result":
            return self._player.resume(state, msgspec.json.decode(rest, type=dict))
        if command == "/location":
            latitude, longitude = map(float, rest.replace(",", " ").split())
            return self._player.hear(state, Heard(kind="location", latitude=latitude, longitude=longitude))
        return self._player.hear(state, Heard(kind=MEDIA[command], url=rest))


def _seconds(line: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise _unreadable(line) from error
    if not 0 <= seconds <= LONGEST:
        raise _unreadable(line)
    return seconds


def _unreadable(line: str) -> AskError:
    return AskError("invalid_request", f"'{line[:60]}' cannot be told to a flow.", fix=f"{COMMANDS}.")


def _endless(state: State) -> Step:
    stopped = Stopped(
        node=state.frames[-1].node if state.frames else "",
        code="loop",
        sentence=f"The flow went on {MOST} times without a message of the contact.",
        fix="Nothing in Glific ends this, and every turn may cost money. Wait for a message within the loop.",
    )
    return Step(msgspec.structs.replace(state, frames=(), waiting=None), (stopped,))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a flow made of one question: `answered`, `failed`, `stopped` or `silent`."""

    answer: str
    status: str
    reason: str
    milliseconds: int


async def asked(player: Player, carry: Carry, first: Step, question: str, *, before: Iterable[str] = ()) -> Outcome:
    """What a flow that has just begun answers to a question, after it was told the lines `before`."""
    events = list[Told]()
    rehearsal = Rehearsal(player, carry, events.append)
    state = await rehearsal.settle(first)
    for line in before:
        state = await rehearsal.line(state, line)
    del events[:]
    begun = time.monotonic()
    state = await rehearsal.settle(player.hear(state, picked(state, question)))
    await rehearsal.unanswered(state)
    return _outcome(events, round((time.monotonic() - begun) * 1000))


def _outcome(events: list[Told], milliseconds: int) -> Outcome:
    said = [event.text for event in events if isinstance(event, Said) and event.text]
    status, reason = next(_troubles(events), ("answered" if said else "silent", ""))
    return Outcome(answer="\n\n".join(said), status=status, reason=reason, milliseconds=milliseconds)


def _troubles(events: list[Told]) -> Iterator[tuple[str, str]]:
    for event in events:
        if isinstance(event, Stopped):
            yield "stopped", event.sentence
    for event in events:
        if isinstance(event, Answered) and event.outcome == "Failure":
            yield "failed", event.reason
    if not any(isinstance(event, Came) for event in events):
        yield "silent", "The flow waited for no message when the question came."
