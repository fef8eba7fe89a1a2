"""What the docs claim to list, they list."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from ringmain.admin import PARAMETERS
from ringmain.cli import app, run
from ringmain.errors import STATUS
from ringmain.hosts import rooms
from ringmain.settings import VARIABLES

ROOT = Path(__file__).parent.parent
COMMAND_LINE = ROOT / "docs/reference/command-line.md"
HTTP = ROOT / "docs/reference/http.md"

SHARED = "Options that several commands share"
"""The section whose options are not repeated with each command."""


def sections(page: Path) -> dict[str, str]:
    """Heading → what stands below it, up to the next heading."""
    parts = re.split(r"^##+ (.+)$", page.read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def options(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def commands(tree: App, *chain: str) -> Iterator[tuple[str, App]]:
    """Every command that does something, by all of its words."""
    for name in tree:
        words, branch = (*chain, name), tree[name]
        if name.startswith("-"):
            continue
        if branch.default_command:
            yield " ".join(words), branch
        else:
            yield from commands(branch, *words)


COMMANDS = dict(commands(app()))


def of_command(command: str) -> str:
    """The command's section."""
    told = sections(COMMAND_LINE)
    return next((text for head, text in told.items() if re.match(rf"`ringmain {command}[` ]", head)), "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_explained_with_all_of_its_options_and_an_example(command: str) -> None:
    has = {name for one in COMMANDS[command].assemble_argument_collection() if one.parse for name in one.names}
    told = of_command(command)
    # What `set` can change is what `add` can set.
    also = of_command(command.replace(" set", " add")) + sections(COMMAND_LINE)[SHARED]
    assert {name for name in has if name.startswith("--")} - options(told + also) == set()
    assert options(told) - has == set()
    assert f"ringmain {command}" in "".join(re.findall(r"^```sh$(.+?)^```$", told, re.M | re.S))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command: str) -> None:
    assert f"- `ringmain {command}" in str(getattr(COMMANDS[command].default_command, "__doc__", ""))


def test_every_address_is_explained_with_its_method_and_who_may_call_it() -> None:
    from ringmain.server.routes import PAGES, Table

    told = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \| (\w+) \|", HTTP.read_text(), re.M)
    stops = [(stop.route.method, stop.route.path, stop.policy.value) for stop in Table(rooms()).stops()]
    assert sorted(told) == sorted([*stops, *((page.method, page.path, page.policy.value) for page in PAGES)])


def test_every_header_and_metric_of_ours_is_explained() -> None:
    code = "".join(file.read_text() for file in ROOT.glob("src/**/*.py"))
    page = HTTP.read_text()
    assert set(re.findall(r"`(x-ringmain-[a-z]+)`", page)) == set(re.findall(r"\"(x-ringmain-[a-z]+)\"", code))
    made = re.findall(r"\"(ringmain_[a-z_]+)\"", (ROOT / "src/ringmain/server/metrics.py").read_text())
    assert {name.removesuffix("_total") for name in re.findall(r"^\| `(ringmain_\w+)`", page, re.M)} == set(made)


def test_every_error_code_is_explained_with_its_status() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text()
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (\d+) \|", page, re.M)
    told = {code: int(status) for codes, status in rows for code in re.findall(r"\w+", codes)}
    assert told == STATUS


def test_every_environment_variable_is_explained() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    assert [name for name in VARIABLES.values() if f"`{name}`" not in page] == []


def test_the_ranges_of_choices_are_those_of_the_code() -> None:
    told = sections(COMMAND_LINE)[SHARED]
    for name in ("n", "best_of"):
        option = f"--{name.replace('_', '-')}"
        assert f"| `{option}` | a whole number from 1 to {PARAMETERS[name].high}" in told


def test_the_house_names_every_file_of_its_ground_floor_and_where_the_http_client_stands() -> None:
    page, ground = (ROOT / "docs/why/house.md").read_text(), ROOT / "src/ringmain"
    files = [file.name for file in (*ground.glob("*.py"), *ground.glob("*.toml")) if not file.name.startswith("__")]
    assert [name for name in files if not re.search(rf"\b{re.escape(name)}\b", page)] == []
    clients = [file.name for file in ground.rglob("*.py") if "import aiohttp" in file.read_text()]
    assert [f"aiohttp only in `{name}`" in page for name in clients] == [True]


def test_every_link_between_our_pages_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md")]
    broken = [
        f"{page.relative_to(ROOT)} → {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_every_test_that_our_pages_name_is_there() -> None:
    told = [
        found
        for page in ROOT.glob("docs/**/*.md")
        for found in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?", page.read_text())
    ]
    assert len(told) > 40
    gone = [
        f"{file}::{name}"
        for file, name in told
        if not (ROOT / file).exists() or not re.search(rf"def {name}\b" if name else "", (ROOT / file).read_text())
    ]
    assert gone == []


def test_every_command_of_the_first_page_works_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs/start/first-answer.md").read_text()
    commands = [line for block in re.findall(r"```sh\n(.*?)```", page, re.S) for line in block.splitlines()]
    assert len(commands) >= 10
    for command in commands:
        name, *words = shlex.split(command)
        assert name == "ringmain"
        assert run(words) == 0, f"{command}: {capsys.readouterr().err}"
    assert "my-app" in capsys.readouterr().out
