"""One pass: from an input as far as a flow goes before it needs another."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zlib import crc32

import msgspec

from ringmain.hosts.glific.flows import contact as contacts
from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.actions import ACTIONS, WAITING
from ringmain.hosts.glific.flows.cases import Heard
from ringmain.hosts.glific.flows.contact import Contact
from ringmain.hosts.glific.flows.definition import Action, Category, Exit, Flow, Node, Router
from ringmain.hosts.glific.flows.expression import Beyond, evaluated
from ringmain.hosts.glific.flows.house import House, Library
from ringmain.hosts.glific.flows.messages import LIMIT, Message
from ringmain.hosts.glific.flows.reading import short
from ringmain.hosts.glific.flows.routing import chosen, looked_at, name_of, result
from ringmain.hosts.glific.flows.state import Frame, Sent, State, Step, Waiting
from ringmain.hosts.glific.flows.substitution import substitute
from ringmain.hosts.glific.flows.webhooks import WebhookAnswer, judged

MOST_VISITS = 6
"""How often a node may be come to in one pass."""

SAME, SAME_HOURS, REMEMBERED = 4, 6, 12
"""How often the same may be said, within how many hours, among how many messages."""

LAST = 250e9
"""The last second that is written; no calendar has one for what waits for ever."""

SIGNALS = frozenset({"completed", "expired", "success", "failure"})
"""What tells a node that its sub-flow or its webhook is done; a contact who types one of these is taken for it."""


class Running:
    """A pass under way; it begins with a state and leaves the next one."""

    def __init__(self, state: State, library: Library, house: House) -> None:
        self.library = library
        self.house = house
        self.now = state.now
        self.contact: Contact = state.contact
        self.frames = list(state.frames)
        self.calls = list(state.calls)
        self.offered = state.offered
        self.last_said = state.last_said
        self.waiting: Waiting | None = None
        self.events = list[told.Told]()
        self.seen = set[str]()
        """The flows that were entered in this pass."""
        self._made = state.made
        self._draws = state.draws
        self._visits = Counter[tuple[int, str]]()

    def step(self) -> Step:
        """What has come of it."""
        state = State(
            now=self.now,
            contact=self.contact,
            frames=tuple(self.frames),
            waiting=self.waiting,
            calls=tuple(self.calls),
            offered=self.offered,
            last_said=self.last_said,
            made=self._made,
            draws=self._draws,
        )
        return Step(state, tuple(self.events))

    # the walk --------------------------------------------------------------------------------------------------------

    def go(self, messages: list[Heard]) -> None:
        """Go from node to node until something is waited for or the flow is over."""
        try:
            while self.frames and self.waiting is None:
                messages = self._visit(self.node, messages)
        except Beyond as beyond:
            self.unsupported(str(beyond))

    def _visit(self, node: Node, messages: list[Heard]) -> list[Heard]:
        self._visits[self.frame.id, node.uuid] += 1
        if self._visits[self.frame.id, node.uuid] > MOST_VISITS:
            return self._loop(f"Node {short(node.uuid)} was come to more than {MOST_VISITS} times in one go.")
        first = node.actions[0] if node.actions else None
        if first and node.router and first.type not in WAITING:
            return self._act_and_route(node, first, messages)
        if first:
            return self._act(node, messages)
        if node.router:
            return self._route(node, node.router, messages)
        return self.unsupported(f"a node with neither actions nor a router ({short(node.uuid)})")

    def _act(self, node: Node, messages: list[Heard]) -> list[Heard]:
        frame = self.frame.id
        for action in node.actions:
            messages = self._done(node, action, messages)
            if self.waiting or not self.frames or self.frame.id != frame:
                return messages
        return self.leave(node.exits[0] if node.exits else None, messages)

    def _act_and_route(self, node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
        frame = self.frame.id
        if not _signals(messages):
            messages = self._done(node, action, messages)
            if self.waiting or not self.frames or self.frame.id != frame:
                return messages
        if node.router and _signals(messages):
            return self._route(node, node.router, messages)
        return self.unsupported(f"a router behind the action '{action.type}', where Glific never comes to it")

    def _done(self, node: Node, action: Action, messages: list[Heard]) -> list[Heard]:
        known = ACTIONS.get(action.type)
        if known is None:
            raise Beyond(f"the action '{action.type}'")
        return known(self, node, action, messages)

    def _route(self, node: Node, router: Router, messages: list[Heard]) -> list[Heard]:
        if not messages and router.wait is not None:
            self.wait("message", self._timeout(router))
            return []
        heard, rest = (messages[0], messages[1:]) if messages else (self._looked_at(router), [])
        choice = chosen(self.flow, router, heard, language=self.contact.language, draw=self._drawn(router))
        if choice.category is None:
            return self._no_category(heard.text)
        name = name_of(self.flow, choice.category, self.contact.language)
        if router.result_name:
            kept = result(heard, name, several=choice.several, at=self.moment())
            self.remember(router.result_name, kept)
        return self._branch(node, choice.category, rest)

    def _branch(self, node: Node, category: Category, rest: list[Heard]) -> list[Heard]:
        self.tell(told.Branched, category=category.name)
        return self.leave(node.exit(category.exit_uuid), rest)

    def _looked_at(self, router: Router) -> Heard:
        if router.type == "random":
            return Heard(text="random")
        if router.type != "switch":
            raise Beyond(f"a router of the type '{router.type}'")
        return looked_at(router, self.binding(), tuple(group.uuid for group in self.contact.groups))

    def _drawn(self, router: Router) -> int:
        if router.type != "random":
            return 0
        self._draws += 1
        return crc32(f"{self.house.seed}/{self._draws}".encode())

    def _timeout(self, router: Router) -> float | None:
        timeout = router.wait.timeout if router.wait else None
        if timeout is None:
            return None
        if not timeout.expression:
            return float(timeout.seconds) if timeout.seconds and timeout.seconds > 0 else None
        text = evaluated(substitute(timeout.expression, self.binding()))
        if not text.isdigit():
            raise Beyond(f"a wait of '{text[:40]}' seconds")
        return float(text[:9])

    def leave(self, exit: Exit | None, messages: list[Heard]) -> list[Heard]:
        """Go on to where an exit leads; where it leads nowhere, the flow is over."""
        if exit is not None and exit.destination_uuid is not None:
            self._put(node=exit.destination_uuid)
            return messages
        return self.finish()

    def finish(self) -> list[Heard]:
        """End the uppermost flow; the one that waits for it is told."""
        over = self.frames.pop()
        if not self.frames:
            self.events.append(told.Ended())
            return []
        self.events.append(told.Left(flow=self._name(over.flow)))
        results = {key: value for key, value in over.results.items() if key != "parent"}
        if results:
            self.remember("child", results, quietly=True)
        return [Heard(text="completed")]

    def enter(self, flow: Flow) -> None:
        """Begin a flow within the one that runs, whose results it sees."""
        outer = {key: value for key, value in self.frame.results.items() if key not in ("parent", "child")}
        if self.node.terminal:
            # Nothing comes after it, so that Glific lets the outer flow end here.
            self.frames.pop()
        self.begin(flow, {"parent": outer})

    def begin(self, flow: Flow, results: dict[str, Any]) -> None:
        """Begin a flow."""
        self._made += 1
        self.frames.append(Frame(id=self._made, flow=flow.uuid, node=flow.start, results=results))
        self.events.append(told.Started(flow=flow.name, node=flow.start))

    # what actions need -----------------------------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The flow that runs."""
        return self.frames[-1]

    @property
    def flow(self) -> Flow:
        """Its definition."""
        found = self.library.find(self.frame.flow)
        assert found
        return found

    @property
    def node(self) -> Node:
        """Where it is."""
        return self.flow.nodes[self.frame.node]

    def moment(self) -> str:
        """Now, as Glific writes it."""
        return datetime.fromtimestamp(min(self.now, LAST), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def binding(self) -> Mapping[str, Any]:
        """All that a text can name."""
        flow = self.flow
        return {
            "results": self.frame.results,
            "contact": contacts.as_binding(self.contact),
            "flow": {"name": flow.name, "id": self.library.number(flow), "uuid": flow.uuid},
            "global": self.house.variables,
            "calendar": _calendar(self.now, self.house.minutes_from_utc),
        }

    def tell(self, kind: Callable[..., told.Told], /, **fields: Any) -> None:
        """Tell of something that happened here."""
        self.events.append(kind(node=self.frame.node, **fields))

    def remember(self, name: str, value: Any, *, quietly: bool = False) -> None:
        """Store a result."""
        self._put(results={**self.frame.results, name: value})
        if not quietly:
            self.tell(told.Remembered, name=name, value=value)

    def wait(self, reason: told.For, seconds: float | None = None, **more: Any) -> None:
        """Wait for something; without seconds, without end."""
        until = None if seconds is None else self.now + seconds
        self.waiting = Waiting(reason=reason, until=until, **more)
        if reason != "webhook":
            self.tell(told.Waits, reason=reason, seconds=seconds)

    def say(self, message: Message, messages: list[Heard]) -> list[Heard]:
        """Send a message, unless the same was sent too often, or it is too long."""
        url = next(iter(message.attachments.values()), "")
        if len(message.text) >= LIMIT:
            return self.stop(
                "too_long",
                f"The message has {len(message.text)} characters; from {LIMIT} on the contact gets nothing.",
                "Let the webhook answer briefly, such as with a prompt that asks for it.",
            )
        times = self._times(message.text, url)
        if times > SAME:
            return self._loop("The same message was sent too often.")
        if times == SAME:
            self.tell(told.Ignored, what=message.text, reason=f"It was sent {SAME} times within {SAME_HOURS} hours.")
            return [Heard(text="Exit Loop"), *messages]
        self.tell(told.Said, **msgspec.structs.asdict(message))
        self.offered = message.options
        sent = Sent(self.frame.node, message.text, url, self.now)
        self._put(sent=(sent, *self.frame.sent)[:REMEMBERED])
        return messages

    def _times(self, text: str, url: str) -> int:
        since = self.now - SAME_HOURS * 3600
        mine = [sent for sent in self.frame.sent if sent.node == self.frame.node and sent.at >= since]
        return sum(sent.text == text if text else sent.url == url for sent in mine)

    def answered(self, answer: WebhookAnswer, waited: Waiting) -> list[Heard]:
        """What the flow is told of a webhook's answer."""
        assert waited.webhook
        verdict = judged(answer, waited.webhook, waited.result_name)
        if verdict.value is None:
            self.tell(told.Answered, outcome="Failure", reason=verdict.reason)
            return [Heard(text="Failure")]
        self.tell(told.Answered, outcome="Success")
        if waited.result_name is not None:
            self.remember(waited.result_name, {**verdict.value, "inserted_at": self.moment()})
        classified = waited.webhook.method == "CLASSIFIER"
        return [_understood(verdict.value) if classified else Heard(text="Success")]

    # ends ------------------------------------------------------------------------------------------------------------

    def stop(self, code: Any, sentence: str, fix: str) -> list[Heard]:
        """Break off, with all flows that wait for this one."""
        self.tell(told.Stopped, code=code, sentence=sentence, fix=fix)
        self.frames.clear()
        self.waiting = None
        return []

    def unsupported(self, what: str) -> list[Heard]:
        """Break off at what is not known here."""
        sentence = f"The flow '{self.flow.name}' needs {what}, which is not known here."
        return self.stop("unsupported", sentence, "Play it in Glific's own simulator, or leave this out.")

    def _loop(self, sentence: str) -> list[Heard]:
        return self.stop("loop", sentence, "Glific breaks the flow off here, too. Wait for a message within the loop.")

    def _no_category(self, text: str) -> list[Heard]:
        sentence = f"'{text}' names a category, and this node has none of that name."
        return self.stop("no_category", sentence, f"Glific breaks the flow off here, too. Add a category '{text}'.")

    def _put(self, **fields: Any) -> None:
        self.frames[-1] = msgspec.structs.replace(self.frame, **fields)

    def _name(self, uuid: str) -> str:
        found = self.library.find(uuid)
        return found.name if found else uuid


def _signals(messages: list[Heard]) -> bool:
    return bool(messages) and (_cleaned(messages[0].text) in SIGNALS or messages[0].intent is not None)


def _cleaned(text: str) -> str:
    """The text without blanks, signs and punctuation, in lower case."""
    return "".join(c for c in text if unicodedata.category(c)[0] not in "PSZC").lower()


def _understood(value: dict[str, Any]) -> Heard:
    """What a classifier made of a text."""
    intent, sure = value.get("intent"), value.get("confidence")
    confidence = float(sure) if isinstance(sure, int | float) else 0.0
    return Heard(text="Success", intent=str(intent), confidence=confidence)


def _calendar(now: float, minutes: int) -> dict[str, str]:
    today = datetime.fromtimestamp(min(now, LAST), timezone(timedelta(minutes=minutes)))
    days = {"yesterday": -1, "current_date": 0, "tomorrow": 1}
    dates = {name: today + timedelta(days=shift) for name, shift in days.items()}
    return {
        **{name: f"{day.day}/{day.month:02}/{day.year}" for name, day in dates.items()},
        "current_day": today.strftime("%A").lower(),
        "current_month": today.strftime("%B").lower(),
        "current_year": str(today.year),
    }
