"""How a conversation looks while it is played."""

import sys

import msgspec

from ringmain.admin.shown import visible
from ringmain.cli.show import brief, print_json, say
from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.events import Told
from ringmain.hosts.glific.flows.state import State

WAITED = {"message": "for a message", "result": "for a result from outside", "nothing": "for nothing"}


class Transcript:
    """Writes what is said to stdout and what happens behind it to stderr; when quiet, it only keeps it.

    Without `echo` the contact's own words are left out, who has just typed them.
    """

    def __init__(self, *, quiet: bool, echo: bool = True) -> None:
        self._quiet = quiet
        self._echo = echo
        self._events = list[Told]()
        self.stopped = False

    def tell(self, event: Told) -> None:
        """One thing that happened."""
        self._events.append(event)
        self.stopped = self.stopped or isinstance(event, told.Stopped)
        if self._quiet:
            return
        if isinstance(event, told.Said):
            _write(_said(event))
        elif isinstance(event, told.Came):
            if self._echo:
                _write(f"You: {event.text or f'[{event.kind}] {event.url}'.rstrip()}")
        elif note := _note(event):
            say(note)

    def close(self, state: State, *, as_json: bool) -> None:
        """Say how it ended, or print all of it."""
        ended = "stopped" if self.stopped else "ended" if state.over else "waiting"
        if as_json:
            print_json({"status": ended, "events": msgspec.to_builtins(self._events)})
        elif ended == "waiting" and state.waiting:
            say(f"There is nothing more to say, and the flow still waits {WAITED.get(state.waiting.reason, '')}.")


def _write(text: str) -> None:
    sys.stdout.write(f"{visible(text)}\n")
    sys.stdout.flush()


def _said(event: told.Said) -> str:
    lines = [f"Bot: {event.text}"]
    lines += [f"     [{kind}] {url}" for kind, url in event.attachments.items()]
    return "\n".join(lines + [f"  {at}. {option}" for at, option in enumerate(event.options, 1)])


def _note(event: Told) -> str:
    """What happened behind the conversation, in one line; empty for what goes without saying."""
    match event:
        case told.Started():
            return f"· the flow '{event.flow}' begins"
        case told.Left():
            return f"· the flow '{event.flow}' is over, and the one around it goes on"
        case told.Called():
            return f"· {event.webhook.method} {brief(event.webhook.url, 80)}"
        case told.Answered():
            return f"· {event.outcome}{f': {event.reason}' if event.reason else ''}"
        case told.Changed() | told.Noted():
            return f"· {event.what}: {brief(str(event.value), 80)}"
        case told.Passed():
            return f"· {event.seconds:g} s pass"
        case told.Waits() if event.reason != "message":
            return f"· waits {event.seconds or 0:g} s"
        case told.Ignored():
            return f"· without effect: {brief(event.what)}. {event.reason}"
        case told.Stopped():
            return f"Stopped: {event.sentence}\n{event.fix}"
        case told.Ended():
            return "· the flow is over"
        case _:
            return ""
