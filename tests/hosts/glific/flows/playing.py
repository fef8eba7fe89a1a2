"""A conversation with a made flow, as briefly as it can be told."""

from typing import Any, Self, TypeVar

import msgspec

from ringmain.hosts.glific.flows.cases import Heard
from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hosts.glific.flows.events import Called, Event, Said, Stopped, Told
from ringmain.hosts.glific.flows.house import House
from ringmain.hosts.glific.flows.player import Player
from ringmain.hosts.glific.flows.state import Step
from ringmain.hosts.glific.flows.webhooks import Webhook, WebhookAnswer

NOW = 1_790_000_000.0
"""21 September 2026, 14:13:20 in UTC."""


Kind = TypeVar("Kind", bound=Event)


class Talk:
    """One conversation; what happened at the last input stands in `events`, all of it in `all`."""

    def __init__(self, *flows: Flow, house: House | None = None, **start: Any) -> None:
        self.player = Player(flows, house=house)
        self.all = list[Told]()
        self._take(self.player.start(flows[0], **{"now": NOW, **start}))

    def _take(self, step: Step) -> Self:
        self.state, self.events = step.state, list(step.events)
        self.all += step.events
        return self

    def hear(self, text: str = "", **more: Any) -> Self:
        return self._take(self.player.hear(self.state, Heard(text=text, **more)))

    def wait(self, seconds: float) -> Self:
        return self._take(self.player.wait(self.state, seconds))

    def answer(self, value: Any = None, status: int = 200, **more: Any) -> Self:
        body = value if isinstance(value, bytes) else msgspec.json.encode(value)
        return self._take(self.player.answer(self.state, WebhookAnswer(status=status, body=body, **more)))

    def resume(self, **results: Any) -> Self:
        return self._take(self.player.resume(self.state, results))

    @property
    def said(self) -> list[str]:
        """What the flow said at the last input."""
        return [event.text for event in self.events if isinstance(event, Said)]

    @property
    def called(self) -> Webhook:
        """The webhook that it called at the last input."""
        return self.one(Called).webhook

    @property
    def stopped(self) -> str:
        """The code by which it stopped at the last input; empty where it did not."""
        return next((event.code for event in self.events if isinstance(event, Stopped)), "")

    @property
    def results(self) -> dict[str, Any]:
        """What the running flow knows."""
        return self.state.frames[-1].results

    def one(self, kind: type[Kind]) -> Kind:
        """The only event of its kind at the last input."""
        (found,) = [event for event in self.events if isinstance(event, kind)]
        return found
