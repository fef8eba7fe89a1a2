"""`ringmain flow run|lint`."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from ringmain.admin.shown import shown_money, visible
from ringmain.cli.flow_answers import Answers
from ringmain.cli.flow_batch import answer_all, cost_of
from ringmain.cli.flow_transcript import Transcript
from ringmain.cli.frame import STDIN, WrongCall, open_hub
from ringmain.cli.options import Data, Json
from ringmain.cli.show import print_json, say, say_notices
from ringmain.errors import AskError
from ringmain.exchange.reply import Reply
from ringmain.hosts.glific.flows.contact import Contact
from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hosts.glific.flows.languages import code
from ringmain.hosts.glific.flows.lint import Finding, lint
from ringmain.hosts.glific.flows.player import Player
from ringmain.hosts.glific.flows.reading import read_flows, short
from ringmain.hosts.glific.flows.state import Step
from ringmain.hosts.glific.flows.webhooks import Carry
from ringmain.play.rehearsal import Rehearsal
from ringmain.registry import DEMO_LABEL

command = App(name="flow", help="Glific's flows, played and looked over.", help_format="markdown")

Texts = tuple[str, ...]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Play:
    """What is played, for whom and when."""

    flow: Annotated[str | None, Parameter(help="Its name, where the file holds several; else the first.")] = None
    also: Annotated[
        tuple[Path, ...], Parameter(negative="", show_default=False, help="A file with flows that it enters.")
    ] = ()
    language: Annotated[str, Parameter(help="The contact's language, by code or name.")] = "en"
    clock: Annotated[datetime | None, Parameter(help="When it is played, in UTC; else now.")] = None

    def player(self, file: Path) -> Player:
        """A player of the file's flows, the one to play first."""
        flows, more = _read(file), [flow for other in self.also for flow in _read(other)]
        first = _named(flows, self.flow, file)
        return Player((first, *(flow for flow in (*flows, *more) if flow is not first)))

    def begun(self, player: Player) -> Step:
        """What comes of its beginning."""
        now = time.time() if self.clock is None else self.clock.replace(tzinfo=UTC).timestamp()
        contact = Contact(language=code(self.language) or self.language)
        return player.start(player.library.flows[0], now=now, contact=contact)


@command.command
async def run(
    file: Annotated[Path, Parameter(help="A flow as Glific exports it.")],
    /,
    *,
    play: Play | None = None,
    answers: Answers | None = None,
    texts: Annotated[
        Texts, Parameter(name="--say", negative="", show_default=False, help="What the contact says, in turn.")
    ] = (),
    script: Annotated[Path | None, Parameter(help="A file of what it says, a line each.")] = None,
    questions: Annotated[Path | None, Parameter(help="A CSV of questions, of which each is asked anew.")] = None,
    out: Annotated[Path | None, Parameter(help="Where the answers to them go; else to stdout.")] = None,
    data: Data = None,
    json: Json = False,
) -> int:
    """Play a flow as Glific would: ask, wait, fill in, call, branch, reply.

    What both sides say goes to stdout, what happens behind it to stderr.
    A line may also be `/wait SECONDS`, `/image URL`, `/location LATITUDE LONGITUDE` or `/result JSON`.

    **Examples**

    - `ringmain flow run flow.json --demo`
    - `ringmain flow run flow.json --say "What is a noun?" --say Thanks --json`
    - `ringmain flow run flow.json --questions questions.csv --out answers.csv`
    """
    play, answers = play or Play(), answers or Answers()
    if out is not None and questions is None:
        raise WrongCall("--out is for the answers to --questions.", "Give both, or neither.")
    player, lines = play.player(file), [*texts, *_script(script)]
    first, hub = play.begun(player), open_hub(data, demo=answers.demo)
    try:
        async with answers.carried(hub) as (carry, replies):
            if questions is not None:
                return await answer_all(player, carry, replies, first, questions, out, before=lines, as_json=json)
            typed = not (texts or script)
            stopped = await _conversation(player, carry, first, lines, typed=typed, as_json=json)
            _tell(replies)
            return 1 if stopped else 0
    finally:
        await hub.close()


async def _conversation(
    player: Player, carry: Carry, first: Step, lines: Sequence[str], *, typed: bool, as_json: bool
) -> bool:
    """Whether it stopped."""
    person = typed and sys.stdin.isatty()
    transcript = Transcript(quiet=as_json, echo=not person)
    rehearsal = Rehearsal(player, carry, transcript.tell)
    state = await rehearsal.settle(first)
    spoken = _typed() if typed else lines
    state = await rehearsal.lines(state, spoken, mistaken=(lambda error: say(str(error))) if person else None)
    transcript.close(state, as_json=as_json)
    return transcript.stopped


def _tell(replies: list[Reply]) -> None:
    """What those are told who pay for the answers."""
    if any(reply.demo for reply in replies):
        say(DEMO_LABEL)
    say_notices(dict.fromkeys(notice for reply in replies for notice in reply.notices))
    if replies:
        cost = cost_of(replies)
        models = ", ".join(dict.fromkeys(reply.model for reply in replies))
        say(f"{models}: {len(replies)} answers, {'price unknown' if cost is None else shown_money(cost)}")


@command.command(name="lint")
def lint_(
    files: Annotated[tuple[Path, ...], Parameter(help="Flows as Glific exports them.")],
    /,
    *,
    json: Json = False,
) -> int:
    """Name what will hurt once a flow runs in Glific.

    The exit code is 1 where there are errors; warnings alone leave it at 0.

    **Examples**

    - `ringmain flow lint flow.json`
    - `ringmain flow lint flows/*.json --json`
    """
    if not files:
        raise WrongCall("There is no file to look over.", "Name one or several.")
    found = [(file, finding) for file in files for flow in _read(file) for finding in lint(flow)]
    errors = sum(finding.level == "error" for _, finding in found)
    if json:
        print_json([_as_json(file, finding) for file, finding in found])
    else:
        for file, finding in found:
            sys.stdout.write(f"{visible(_line(file, finding))}\n")
        say(f"{errors} errors and {len(found) - errors} warnings in {len(files)} files.")
    return 1 if errors else 0


def _line(file: Path, finding: Finding) -> str:
    where = f"{file.name}: '{finding.flow}', node {short(finding.node)}"
    return f"{finding.level}: {where}: {finding.sentence} {finding.fix} [{finding.code}]"


def _as_json(file: Path, finding: Finding) -> dict[str, str]:
    return {"file": str(file), **msgspec.structs.asdict(finding)}


def _read(file: Path) -> tuple[Flow, ...]:
    try:
        return read_flows(file.read_bytes(), name=file.name)
    except OSError as error:
        raise AskError("invalid_request", f"{file} cannot be read: {error.strerror}.", fix="Check the path.") from error


def _named(flows: tuple[Flow, ...], name: str | None, file: Path) -> Flow:
    wanted = (name or "").strip().lower()
    found = next((flow for flow in flows if name is None or wanted in (flow.name.lower(), flow.uuid.lower())), None)
    if found is None:
        there = ", ".join(f"'{flow.name}'" for flow in flows[:10])
        raise AskError("invalid_request", f"{file.name} holds no flow '{name}'.", fix=f"There are: {there}.")
    return found


def _script(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        text = sys.stdin.read() if str(file) == STDIN else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AskError("invalid_request", f"{file} cannot be read: {error}.", fix="Give a text file.") from error
    return [line for line in text.splitlines() if line.strip()]


def _typed() -> Iterator[str]:
    """The lines of the standard input, asked for where a person types them."""
    while True:
        if sys.stdin.isatty():
            sys.stderr.write("> ")
            sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.rstrip("\n")
