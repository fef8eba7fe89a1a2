"""The closing sums: what must hold once all is quiet."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from ringmain.exchange.line import Line
from ringmain.store.allotment import spent
from tests.soak.kinds import FINE, KINDS, REFUSED
from tests.soak.load import Asked
from tests.soak.stage import PACED, POOR, Gauge

HEARD = ("cut", "silent", "leaves-stream")
"""Kinds of which half was heard, so that the book has an estimate."""

UNHEARD = ("broken-once", "broken", "reset", "garbled", "slow", "leaves")
"""Kinds with calls that were charged and never heard of, so that the book keeps an upper bound."""

GUESS = 0.2
"""How far the estimate of half an answer may be from what was charged for it."""

GROWTH = 1.10
"""How much larger the hub may be at the end than after its warm-up."""

WARM, STEADY = 0.2, 30
"""The part of a run that is its warm-up, and how many seconds are looked at after it and at the end."""

SPARE = 16
"""File descriptors by which two moments may differ: a segment of the journal, connections of the store."""


class Check(msgspec.Struct, frozen=True):
    """One thing that must hold; `ok` is None where it could not be seen."""

    name: str
    ok: bool | None
    sentence: str


class Facts(msgspec.Struct, frozen=True):
    """What is known once all is quiet."""

    asked: list[Asked]
    charged: dict[str, Any]
    lines: list[Line]
    gauges: list[Gauge]
    before: Gauge | None
    after: Gauge | None
    open: dict[str, float]
    """What must be 0 then."""
    budget: int
    """Picodollars that the poor account had."""


def check(facts: Facts) -> list[Check]:
    """Every check, in the order in which it is printed."""
    return [one(facts) for one in CHECKS]


def by_kind(facts: Facts) -> dict[str, list[Line]]:
    """The lines by the kind of their asks; hosts that left before the answer were never told the name of theirs."""
    kinds = {asked.answered.ask: asked.kind.name for asked in facts.asked if asked.answered.ask}
    found: defaultdict[str, list[Line]] = defaultdict(list)
    for line in facts.lines:
        found[kinds.get(line.id, "leaves")].append(line)
    return found


# the asks -------------------------------------------------------------------------------------------------------------


def _ends(facts: Facts) -> Check:
    wrong = Counter(_end(asked) for asked in facts.asked if not _may(asked))
    told = "; ".join(f"{number} × {end}" for end, number in wrong.most_common(5))
    return Check("how asks end", not wrong, told or f"each of {len(facts.asked)} asks ended as its kind may")


def _may(asked: Asked) -> bool:
    answered = asked.answered
    ends = (*asked.kind.ends, *(REFUSED if asked.account in (POOR, PACED) else ()))
    return (answered.status, answered.code) in ends and (answered.status != 200 or answered.whole is _whole(asked))


def _whole(asked: Asked) -> bool:
    return asked.kind.name not in HEARD


def _end(asked: Asked) -> str:
    answered = asked.answered
    return f"{asked.kind.name} ended with {answered.status} {answered.code or 'without a code'}"


def _one_line_each(facts: Facts) -> Check:
    accepted = sum(asked.kind.listed for asked in facts.asked)
    told = {asked.answered.ask for asked in facts.asked} - {""}
    missing = len(told - {line.id for line in facts.lines})
    sentence = f"{accepted} asks with an accepted key, {len(facts.lines)} lines, {missing} told ids without one"
    return Check("one line an ask", len(facts.lines) == accepted and not missing, sentence)


def _nothing_open(facts: Facts) -> Check:
    opened = {**facts.open, "lines": sum(line.status == "open" for line in facts.lines)}
    sentence = ", ".join(f"{number:g} {name}" for name, number in opened.items())
    return Check("nothing is open", not any(opened.values()), sentence)


# the money ------------------------------------------------------------------------------------------------------------


def _charged_is_booked(facts: Facts) -> Check:
    charged = tuple(map(sum, zip(*facts.charged["whole"].values(), strict=True)))
    booked = _counted([line for line in facts.lines if line.status == "ok"])
    names = ("answers", "tokens in", "tokens out")
    told = (
        f"{name}: charged {ours:,}, booked {line:,}" for name, ours, line in zip(names, charged, booked, strict=True)
    )
    return Check("whole answers are booked as charged", charged == booked, "; ".join(told))


def _told_is_booked(facts: Facts) -> Check:
    booked = {line.id: (line.input_tokens, line.output_tokens) for line in facts.lines}
    told = [asked.answered for asked in facts.asked if asked.answered.tokens]
    wrong = sum(booked.get(answered.ask) != answered.tokens for answered in told)
    return Check("hosts are told what is booked", not wrong, f"{wrong} of {len(told)} were told something else")


def _bounds_are_kept(facts: Facts) -> Check:
    lines, lost = by_kind(facts), facts.charged["lost"]
    short = [name for name in UNHEARD if sum(lost.get(name, (0, 0, 0))[1:]) > _unconfirmed(lines[name])]
    charged = sum(sum(lost.get(name, (0, 0, 0))[1:]) for name in UNHEARD)
    kept = sum(_unconfirmed(lines[name]) for name in UNHEARD)
    sentence = f"{charged:,} tokens charged unheard, {kept:,} kept as unconfirmed"
    return Check(
        "what may be charged is kept", not short, f"{sentence}{'; too few of ' if short else ''}{', '.join(short)}"
    )


def _guesses_are_near(facts: Facts) -> Check:
    lines, lost = by_kind(facts), facts.charged["lost"]
    charged = sum(sum(lost.get(name, (0, 0, 0))[1:]) for name in HEARD)
    booked = sum(sum(_counted(lines[name])[1:]) + _unconfirmed(lines[name]) for name in HEARD)
    near = abs(booked - charged) <= GUESS * charged
    return Check("half answers are estimated", near, f"{charged:,} tokens charged, {booked:,} booked")


def _nobody_else_is_charged(facts: Facts) -> Check:
    strange = set(facts.charged["lost"]) - {*HEARD, *UNHEARD}
    return Check("nothing else is charged", not strange, f"of other kinds: {', '.join(sorted(strange)) or 'none'}")


def _budget_is_kept(facts: Facts) -> Check:
    own = [line for line in facts.lines if line.account == POOR]
    used, refused = sum(map(spent, own)), sum(line.code == "insufficient_quota" for line in own)
    sentence = f"{used / facts.budget:.0%} of it used, {refused} of {len(own)} asks refused"
    return Check("a small budget is kept", 0 < used <= facts.budget and refused > 0, sentence)


def _counted(lines: Sequence[Line]) -> tuple[int, int, int]:
    return len(lines), sum(line.input_tokens for line in lines), sum(line.output_tokens for line in lines)


def _unconfirmed(lines: Iterable[Line]) -> int:
    return sum(line.unconfirmed_tokens for line in lines)


# the process ----------------------------------------------------------------------------------------------------------


def _provider_is_left(facts: Facts) -> Check:
    calls, left = facts.charged["calls"], facts.charged["left"]
    names = ("leaves", "leaves-stream", "silent", "slow")
    still = {name: calls.get(name, 0) - left.get(name, 0) for name in names}
    sentence = f"{sum(left.get(name, 0) for name in names)} calls that had no end were hung up on"
    return Check(
        "nobody waits for the provider", not any(still.values()), f"{sentence}, {sum(still.values())} were not"
    )


def _memory(facts: Facts) -> Check:
    name, parts = "memory after the warm-up and at the end", _parts(facts.gauges)
    if parts is None:
        return Check(name, None, _too_short(facts))
    first, last = (statistics.median(gauge.memory for gauge in part) for part in parts)
    return Check(name, last <= GROWTH * first, f"{first:.1f} MiB, {last:.1f} MiB: {last / first - 1:+.1%}")


def _files(facts: Facts) -> Check:
    name, parts = "files open after the warm-up and at the end", _parts(facts.gauges)
    if parts is None:
        return Check(name, None, _too_short(facts))
    first, last = (statistics.median(gauge.files for gauge in part) for part in parts)
    return Check(name, last <= first + SPARE, f"{first:.0f}, {last:.0f}")


def _idle_files(facts: Facts) -> Check:
    name = "files open before and after"
    if facts.before is None or facts.after is None:
        return Check(name, None, "skipped, because /proc does not tell of processes here")
    before, after = facts.before.files, facts.after.files
    return Check(name, after <= before + SPARE, f"{before}, {after}")


def _parts(gauges: list[Gauge]) -> tuple[list[Gauge], list[Gauge]] | None:
    """The seconds after the warm-up and the last ones; None where they would be the same."""
    warm = int(len(gauges) * WARM)
    if len(gauges) - warm < 2 * STEADY:
        return None
    return gauges[warm : warm + STEADY], gauges[-STEADY:]


def _too_short(facts: Facts) -> str:
    if not facts.gauges:
        return "skipped, because /proc does not tell of processes here"
    return "skipped, because the run is too short to have a warm-up"


CHECKS: tuple[Callable[[Facts], Check], ...] = (
    _ends,
    _one_line_each,
    _nothing_open,
    _charged_is_booked,
    _told_is_booked,
    _bounds_are_kept,
    _guesses_are_near,
    _nobody_else_is_charged,
    _budget_is_kept,
    _provider_is_left,
    _memory,
    _files,
    _idle_files,
)


# the table ------------------------------------------------------------------------------------------------------------


def table(facts: Facts) -> Iterator[str]:
    """What was asked, how it ended and what the two books have of it, by kind."""
    line = "{:42}{:>8}  {:38}{:>12}{:>12}{:>12}".format
    yield line("", "asks", "how they ended", "charged", "booked", "unconfirmed")
    lines, ended = by_kind(facts), defaultdict[str, Counter[str]](Counter)
    for asked in facts.asked:
        answered = asked.answered
        ended[asked.kind.name][answered.code or str(answered.status or "left")] += 1
    for name, ends in sorted(ended.items(), key=lambda one: list(KINDS).index(one[0])):
        charged = sum(sum(facts.charged[how].get(name, (0, 0, 0))[1:]) for how in ("whole", "lost"))
        booked, kept = sum(_counted(lines[name])[1:]), _unconfirmed(lines[name])
        (first, number), *more = ends.most_common()
        yield line(
            KINDS[name].about, f"{ends.total():,}", f"{number:,} {first}", *(f"{n:,}" for n in (charged, booked, kept))
        )
        for code, number in more:
            yield line("", "", f"{number:,} {code}", "", "", "")


def fine_times(facts: Facts) -> list[float]:
    """The seconds of whole answers to chats."""
    return [asked.seconds for asked in facts.asked if asked.kind is FINE[0] and asked.answered.status == 200]
