"""Plays flows: each input gives events and the next state, and nothing else happens.

    player = Player(read_flows(data))
    step = player.start(player.library.flows[0], now=time.time())
    step = player.hear(step.state, Heard(text="Hello"))

A state is plain data: keep it, send it as JSON, or go back to an earlier one.
What a flow waits for stands in `state.waiting`; whoever drives the player calls the webhook and gives its answer.
"""

from typing import Any

import msgspec

from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.cases import Heard
from ringmain.hosts.glific.flows.contact import Contact
from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hosts.glific.flows.house import House, Library
from ringmain.hosts.glific.flows.running import Running
from ringmain.hosts.glific.flows.state import State, Step
from ringmain.hosts.glific.flows.webhooks import WebhookAnswer

SILENT = Heard(text="No Response")
"""What a flow is told where time ran out."""

MOST_WAKES = 50
"""How often a flow may wake in one wait."""

DEAF = {
    "webhook": "Glific drops what comes in while a webhook runs.",
    "time": "Glific drops what comes in while the flow waits for time to pass.",
    "result": "Glific drops what comes in while the flow waits for a result.",
}


class Player:
    """Plays the flows of a library, in a house that stays the same."""

    def __init__(self, flows: tuple[Flow, ...], *, house: House | None = None) -> None:
        self.library = Library(flows)
        self.house = house or House()

    def start(
        self, flow: Flow, *, now: float, contact: Contact | None = None, results: dict[str, Any] | None = None
    ) -> Step:
        """Begin a flow; `now` is in seconds since 1970, `results` are what it knows already."""
        run = self.running(State(now=now, contact=contact or Contact()))
        run.begin(flow, results or {})
        run.go([])
        return run.step()

    def hear(self, state: State, heard: Heard) -> Step:
        """What a message of the contact does."""
        waiting = state.waiting
        if waiting is None or waiting.reason != "message":
            return self._unheard(state, heard)
        run = self.running(msgspec.structs.replace(state, last_said=heard.text, offered=()))
        run.tell(told.Came, text=heard.text, kind=heard.kind, url=heard.url)
        run.go([heard])
        return run.step()

    def wait(self, state: State, seconds: float) -> Step:
        """What it does that time passes; what is due on the way happens when it is due.

        Where that wants a webhook, or wakes the flow too often, less time has passed than `seconds`.
        """
        end, events = state.now + seconds, list[told.Told]()
        for _ in range(MOST_WAKES):
            until = state.waiting.until if state.waiting else None
            due = until is not None and until <= end
            moment = max(state.now, until) if due and until is not None else end
            events.append(told.Passed(seconds=moment - state.now))
            state = msgspec.structs.replace(state, now=moment)
            if not due:
                break
            step = self._due(state)
            state = step.state
            events += step.events
            if state.waiting and state.waiting.webhook:
                break
        return Step(state, tuple(events))

    def answer(self, state: State, answer: WebhookAnswer) -> Step:
        """What the answer to the webhook that is waited for does."""
        waiting = state.waiting
        if waiting is None or waiting.webhook is None:
            return self._ignored(state, "an answer", "No webhook runs.")
        run = self.running(msgspec.structs.replace(state, now=state.now + answer.seconds))
        run.go(run.answered(answer, waiting))
        return run.step()

    def resume(self, state: State, results: dict[str, Any]) -> Step:
        """What results do that come from outside, as by Glific's `resumeContactFlow`."""
        if state.waiting is None or state.waiting.reason != "result":
            return self._ignored(state, "a result", "The flow waits for none; Glific says success all the same.")
        run = self.running(state)
        for name, value in results.items():
            run.remember(name, value)
        run.go([SILENT])
        return run.step()

    def _due(self, state: State) -> Step:
        waiting = state.waiting
        if waiting and waiting.webhook:
            late = f"It took longer than {waiting.webhook.patience:g} s."
            return self.answer(state, WebhookAnswer(reason=late))
        run = self.running(state)
        run.go([SILENT])
        return run.step()

    def _unheard(self, state: State, heard: Heard) -> Step:
        reason = DEAF.get(state.waiting.reason, "") if state.waiting else "The flow is over."
        return self._ignored(state, heard.text or heard.url or heard.kind, reason)

    def _ignored(self, state: State, what: str, reason: str) -> Step:
        return Step(state, (told.Ignored(what=what, reason=reason),))

    def running(self, state: State) -> Running:
        """A pass that begins here, for those who look into it."""
        return Running(state, self.library, self.house)


def picked(state: State, text: str) -> Heard:
    """What a contact means that writes the number of an option, or its text; anything else is a text."""
    said = text.strip()
    if said in state.offered:
        return Heard(text=said, kind="choice")
    at = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0
    return Heard(text=state.offered[at - 1], kind="choice") if 0 < at <= len(state.offered) else Heard(text=text)
