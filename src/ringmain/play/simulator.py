"""A conversation with a flow of Glific's that somebody holds on a page: one act at a time, all that happens kept."""

import secrets
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ringmain.admin.shown import money
from ringmain.errands import Errands
from ringmain.errors import AskError
from ringmain.exchange.account import Account
from ringmain.exchange.reply import Reply, dollars
from ringmain.hosts.glific.flows.contact import Contact
from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hosts.glific.flows.events import Passed, Remembered, Stopped, Told
from ringmain.hosts.glific.flows.house import House
from ringmain.hosts.glific.flows.languages import LABELS, code
from ringmain.hosts.glific.flows.lint import Finding, lint
from ringmain.hosts.glific.flows.player import Player
from ringmain.hosts.glific.flows.reading import read_flows
from ringmain.hosts.glific.flows.state import State, Step
from ringmain.hosts.glific.flows.webhooks import Carry, Webhook, WebhookAnswer
from ringmain.play.acts import ACTS, Going, wrong
from ringmain.play.rehearsal import Rehearsal
from ringmain.play.webhooks import Promise, answered_here, timed

TOOL = "glific"
"""The room whose flows are played."""

LANGUAGES = tuple(sorted(LABELS.items(), key=lambda pair: pair[1]))
"""Code and name of every language that a contact may have."""

LARGEST = 4 << 20
"""Bytes that a file may have."""

LONGEST = 2 << 20
"""Bytes that a conversation may come to before it must be begun anew."""

STRANGERS = 10**12
"""Ids of contacts from here on belong to nobody: those of Glific's are counted from 1."""


class Asked(msgspec.Struct, frozen=True):
    """One ask of the hub's: who answered it, and what it cost, None where no price is known."""

    model: str
    picodollars: int | None
    demo: bool = False
    notices: tuple[str, ...] = ()

    @property
    def usd(self) -> str | None:
        """What it cost, as a decimal string."""
        return money(dollars(self.picodollars))


class Exchange(msgspec.Struct, frozen=True):
    """A webhook, what it was answered, and the asks behind the answer."""

    webhook: Webhook
    answer: WebhookAnswer
    asks: tuple[Asked, ...] = ()
    late: bool = False
    """Whether it came after the flow was told to wait."""


class Happened(msgspec.Struct, frozen=True):
    """One thing of a conversation, and when by the flow's own clock."""

    what: Told | Exchange
    at: float


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers a flow's webhooks: an account as it would its own flows, or a connection alone."""

    account: Account | None = None
    connection: str | None = None
    model: str | None = None
    """Goes before all others."""


def opened(data: bytes, *, name: str) -> tuple[Flow, ...]:
    """The flows of an uploaded file.

    Raises `AskError` with what is wrong and what to do.
    """
    if len(data) > LARGEST:
        fix = "A flow that Glific exports is smaller; export one that enters no others."
        raise AskError("request_too_large", f"{name} has more than {LARGEST >> 20} MiB.", fix=fix, param="file")
    if not data.strip():
        fix = "Choose the file that Glific exported, or paste what stands in it."
        raise AskError("invalid_request", "There is no flow to play.", fix=fix, param="file")
    try:
        return read_flows(data, name=name)
    except AskError as error:
        raise AskError("invalid_request", error.sentence, fix=error.fix, param="file") from error


def _findings(flows: tuple[Flow, ...]) -> tuple[Finding, ...]:
    found = [one for flow in flows for one in lint(flow)]
    return tuple(sorted(found, key=lambda one: one.level))


class Simulator:
    """The conversations with the flows of one file, one after the other."""

    def __init__(
        self,
        flows: tuple[Flow, ...],
        *,
        clock: Callable[[], float],
        name: str = "",
        language: str = "en",
        organization: int = 1,
    ) -> None:
        self.flows = flows
        self.chosen = flows[0]
        self.findings = _findings(flows)
        """What will hurt in the flows, errors first."""
        self.player = Player(flows, house=House(organization=organization))
        self._called = name.strip() or Contact().name
        self._speaks = code(language) or language
        self._clock = clock
        self._promises: list[Promise] = []
        self.over_again()

    def over_again(self) -> None:
        """Forget the conversation, and be ready for another, with a contact that nobody remembers."""
        for promise in self._promises:
            promise.forget()
        self._promises = []
        self.happened: list[Happened] = []
        self.size = 0
        self.state: State | None = None
        self._now = self._clock()
        number = STRANGERS + secrets.randbelow(STRANGERS)
        self._nobody = Contact(id=number, name=self._called, language=self._speaks)

    @property
    def status(self) -> str:
        """`ready`, `waiting`, `ended`, or `stopped` where the flow cannot go on."""
        if self.state is None:
            return "ready"
        if any(isinstance(one.what, Stopped) for one in self.happened):
            return "stopped"
        return "ended" if self.state.over else "waiting"

    @property
    def events(self) -> list[Told]:
        """What happened, as `ringmain flow run --json` tells it."""
        return [one.what for one in self.happened if not isinstance(one.what, Exchange)]

    @property
    def asks(self) -> list[Asked]:
        """Every ask of the hub's."""
        return [ask for one in self.happened if isinstance(one.what, Exchange) for ask in one.what.asks]

    @property
    def results(self) -> dict[str, Any]:
        """What the flow that runs knows; of one that is over, all that it was told."""
        if self.state and self.state.frames:
            return self.state.frames[-1].results
        return {event.name: event.value for event in self.events if isinstance(event, Remembered)}

    @property
    def contact(self) -> Contact:
        """Who it is that talks to the flow."""
        return self.state.contact if self.state else self._nobody

    def transcript(self) -> dict[str, Any]:
        """All of it as data, with the names of `ringmain flow run --json`."""
        return {"status": self.status, "events": msgspec.to_builtins(self.events)}

    async def start(self, flow: str, errands: Errands, answering: Answering) -> None:
        """Begin a conversation anew with the flow of this id.

        Raises `AskError` where the file has none.
        """
        found = next((one for one in self.flows if one.uuid == flow), None)
        if found is None:
            raise wrong("The file holds no such flow.", "Choose one of its flows.")
        self.over_again()
        self.chosen = found
        self.state = await self._rehearsal(errands, answering).settle(self._begun())

    async def act(self, do: str, what: str, errands: Errands, answering: Answering) -> None:
        """Do what is in `ACTS`.

        Raises `AskError` for what cannot be done now.
        """
        act = ACTS.get(do)
        if act is None or self.state is None or self.state.over:
            raise wrong("Nothing waits for this.", "Start over.")
        if self.size > LONGEST:
            raise wrong(f"The conversation has come to {LONGEST >> 20} MiB.", "Start over.")
        self.state = await act(Going(self.player, self._rehearsal(errands, answering), self.state), what)

    @property
    def promised(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._promises)

    async def bring(self, errands: Errands, answering: Answering) -> None:
        """Go on with the late answers that are there by now."""
        for promise in [one for one in self._promises if one.kept]:
            self._promises.remove(promise)
            if self.state is not None and not self.state.over:
                self.state = await self._resumed(self.state, promise, self._rehearsal(errands, answering))

    async def _resumed(self, state: State, promise: Promise, rehearsal: Rehearsal) -> State:
        """Where the conversation stands with a late answer; the flow's clock has gone on until it came."""
        state = await rehearsal.line(state, f"/wait {promise.waited!r}")
        results = promise.results
        body = msgspec.json.encode(results)
        answer = WebhookAnswer(status=200, body=body, seconds=promise.seconds)
        self._keep(Exchange(promise.webhook, answer, _asked(promise.done.replies), late=True), len(body))
        return await rehearsal.settle(self.player.resume(state, results))

    def _rehearsal(self, errands: Errands, answering: Answering) -> Rehearsal:
        return Rehearsal(self.player, self._carry(errands, answering), self._tell)

    def _begun(self) -> Step:
        return self.player.start(self.chosen, now=self._now, contact=self._nobody)

    def _carry(self, errands: Errands, by: Answering) -> Carry:
        heard = list[Reply]()
        carry = timed(
            answered_here(
                errands,
                account=by.account,
                connection=by.connection,
                model=by.model,
                heard=heard.append,
                promised=self._promises.append,
            )
        )

        async def kept(webhook: Webhook) -> WebhookAnswer:
            del heard[:]
            answer = await carry(webhook)
            self._now += answer.seconds
            self._keep(Exchange(webhook, answer, _asked(heard)), len(webhook.raw()) + len(answer.body or b""))
            return answer

        return kept

    def _tell(self, event: Told) -> None:
        if isinstance(event, Passed):
            self._now += event.seconds
        self._keep(event, len(msgspec.json.encode(event)))

    def _keep(self, what: Told | Exchange, size: int) -> None:
        self.happened.append(Happened(what, self._now))
        self.size += size


def _asked(replies: Iterable[Reply]) -> tuple[Asked, ...]:
    return tuple(Asked(one.model, one.picodollars, one.demo, one.notices) for one in replies)
