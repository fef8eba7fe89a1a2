"""A conversation of the simulator as a telephone shows it, with what happens behind it: rows, top to bottom."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

import msgspec

from ringmain.exchange.reply import dollars
from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.events import Told
from ringmain.hosts.glific.flows.lint import Finding
from ringmain.hosts.glific.flows.reading import short
from ringmain.hosts.glific.flows.seen import Line, lines
from ringmain.play.acts import MEDIA
from ringmain.play.simulator import Asked, Exchange, Happened

INDIA = 330 * 60
"""Seconds from UTC to the clock on the wall where the flows are at home."""

BRIEF = 72
"""Characters of a value within a note."""

WORDS = ("input", "parsed_msg", "message")
"""Where a result has the words that matter, the first that there is."""

MOST_SHOWN = 20_000
"""Characters of what a webhook was sent or got."""


class Medium(msgspec.Struct, frozen=True):
    """Something besides text that a message carries; `link` is its address where a browser may open it."""

    title: str
    address: str
    link: str


class Bubble(msgspec.Struct, frozen=True, kw_only=True):
    """A message: what the contact was sent, or with `mine` what it sent."""

    kind: ClassVar[str] = "bubble"

    lines: tuple[Line, ...]
    at: str
    mine: bool = False
    media: tuple[Medium, ...] = ()
    options: tuple[str, ...] = ()
    template: str | None = None


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What happened meanwhile that the contact does not see."""

    kind: ClassVar[str] = "notes"

    notes: tuple[str, ...]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook: what it was sent, and what came of it."""

    kind: ClassVar[str] = "call"

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    kept: str | None = None
    """The result that the answer is kept as."""
    sent: str = ""
    got: str = ""
    status: int = 0
    seconds: float = 0.0
    outcome: Literal["Success", "Failure", ""] = ""
    reason: str = ""
    asks: tuple[Asked, ...] = ()
    late: bool = False
    """Whether what it got came later."""

    @property
    def name(self) -> str:
        """What people know it by: the function, or the last name of its address."""
        return self.url.partition("?")[0].rstrip("/").rpartition("/")[2] or self.url

    @property
    def took(self) -> str:
        """How long it took."""
        return f"{self.seconds:.1f} s"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Where the flow cannot go on, and what to do."""

    kind: ClassVar[str] = "trouble"

    sentence: str
    fix: str


Row = Bubble | Notes | Call | Trouble


def cost_of(asks: Iterable[Asked]) -> Decimal | None:
    """USD of all together; None where the price of one is not known."""
    costs = [ask.picodollars for ask in asks]
    return None if None in costs else dollars(sum(cost or 0 for cost in costs))


def rows(happened: Iterable[Happened]) -> tuple[Row, ...]:
    """What a telephone shows of it, and between the messages what they came of."""
    shown = _Shown()
    for one in happened:
        shown.add(one)
    return tuple(shown.rows)


def last_offer(shown: Sequence[Row]) -> int | None:
    """Which of the rows offered something to tap last."""
    offers = [at for at, row in enumerate(shown) if isinstance(row, Bubble) and row.options]
    return offers[-1] if offers else None


class _Shown:
    """Rows that grow."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, one: Happened) -> None:
        match one.what:
            case told.Said() | told.Came():
                self.rows.append(_bubble(one.what, _clock(one.at)))
            case told.Called(webhook=webhook, result_name=name):
                headers = tuple(webhook.headers.items())
                sent = _laid_out(webhook.raw())
                self.rows.append(Call(method=webhook.method, url=webhook.url, headers=headers, kept=name, sent=sent))
            case Exchange(webhook=webhook, answer=answer, asks=asks, late=late):
                got = _laid_out(answer.body or b"")
                more = {"status": answer.status, "seconds": answer.seconds, "asks": asks, "late": late}
                self._call(webhook.url, got=got, **more)
            case told.Answered(outcome=outcome, reason=reason):
                self._call(outcome=outcome, reason=reason)
            case told.Stopped(sentence=sentence, fix=fix):
                self.rows.append(Trouble(sentence=sentence, fix=fix))
            case told.Waits(reason="nothing"):
                self.rows.append(Trouble(sentence="The flow hangs here, as it would in Glific.", fix="Start over."))
            case event:
                self._note(event)

    def _call(self, url: str | None = None, **more: Any) -> None:
        """What became of the last webhook, or of the last one to this address."""
        calls = [(at, row) for at, row in enumerate(self.rows) if isinstance(row, Call) and url in (None, row.url)]
        at, row = calls[-1]
        self.rows[at] = msgspec.structs.replace(row, **more)

    def _note(self, event: Told) -> None:
        last = self.rows[-1] if self.rows else None
        note = "" if isinstance(last, Call) and _told_already(event, last) else _note(event)
        if note and isinstance(last, Notes):
            self.rows[-1] = Notes(notes=(*last.notes, note))
        elif note:
            self.rows.append(Notes(notes=(note,)))


def _told_already(event: Told, call: Call) -> bool:
    """Whether the row of a webhook says this itself."""
    match event:
        case told.Branched(category=category):
            return category == call.outcome
        case told.Remembered(name=name):
            return name == call.kept
    return False


def _bubble(event: told.Said | told.Came, at: str) -> Bubble:
    if isinstance(event, told.Said):
        media = tuple(_medium(kind, url) for kind, url in event.attachments.items())
        text = lines(event.text) if event.text else ()
        return Bubble(lines=text, at=at, media=media, options=event.options, template=event.template)
    text = lines(event.text) if event.text else ()
    if event.kind in ("text", "choice"):
        return Bubble(lines=text, at=at, mine=True)
    return Bubble(lines=text, at=at, mine=True, media=(_medium(event.kind, event.url),))


def _medium(kind: str, address: str) -> Medium:
    title = {**MEDIA, "document": MEDIA["file"]}.get(kind, kind.capitalize())
    return Medium(title, address, address if address.startswith(("https://", "http://")) else "")


def _note(event: Told) -> str:
    """What happened behind the conversation, in a few words; empty for what goes without saying."""
    match event:
        case told.Started():
            return f"“{event.flow}” begins"
        case told.Left():
            return f"“{event.flow}” is over, and the flow around it goes on"
        case told.Branched():
            return f"→ {event.category}"
        case told.Remembered():
            return f"{event.name} = {_brief(_gist(event.value))}"
        case told.Changed() | told.Noted():
            return f"{event.what}: {_brief(_gist(event.value))}"
        case told.Passed() if event.seconds:
            return f"{duration(event.seconds)} later"
        case told.Ignored():
            return f"without effect: {_brief(event.what)}. {event.reason}"
        case told.Ended():
            return "The flow is over"
        case _:
            return ""


def _gist(value: Any) -> str:
    """What matters of a value: of what somebody wrote, or a model, the words."""
    words = (
        next((value[key] for key in WORDS if isinstance(value.get(key), str)), None)
        if isinstance(value, dict)
        else None
    )
    if words is not None:
        return f"“{words}”"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= BRIEF else f"{line[: BRIEF - 1]}…"


def duration(seconds: float) -> str:
    """A time as people say it."""
    whole = round(seconds)
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if whole >= size and whole % size == 0:
            many = whole // size
            return f"{many} {unit}{'s' if many > 1 else ''}"
    return f"{whole} s"


def _clock(at: float) -> str:
    minutes = int(at + INDIA) // 60
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _laid_out(body: bytes) -> str:
    """JSON with a line for each thing; anything else as it is."""
    try:
        text = msgspec.json.format(body, indent=2).decode() if body else ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body.decode("utf-8", "replace")
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


class Result(msgspec.Struct, frozen=True):
    """A result by its name, with the words that it comes to, or all of it."""

    name: str
    words: str
    whole: str = ""


def results(known: dict[str, Any]) -> tuple[Result, ...]:
    """What a flow knows, to be read."""
    return tuple(_result(name, value) for name, value in known.items())


def _result(name: str, value: Any) -> Result:
    whole = _laid_out(msgspec.json.encode(value)) if isinstance(value, dict | list) else ""
    return Result(name, _brief(_gist(value)), whole)


class Fault(msgspec.Struct, frozen=True):
    """Something that will hurt in a flow."""

    level: str
    where: str
    sentence: str
    fix: str


def faults(found: Iterable[Finding]) -> tuple[Fault, ...]:
    """What `ringmain flow lint` says of flows."""
    return tuple(Fault(one.level, f"“{one.flow}”, node {short(one.node)}", one.sentence, one.fix) for one in found)
