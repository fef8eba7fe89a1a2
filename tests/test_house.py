"""The walls of the house: who may import whom, and what `import ringmain` may load."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ringmain

SRC = Path(ringmain.__file__).parent
STAGES = {"recall", "resolve", "guard", "provider", "judge", "ledger"}
NOUNS = {
    f"ringmain.exchange.{name}"
    for name in ("account", "ask", "audio", "connection", "form", "line", "loose", "model", "plan", "reply")
}
FRAMEWORK = {"starlette", "uvicorn", "jinja2", "prometheus_client", "argon2", "markupsafe"}
SQL = {"sqlalchemy", "alembic", "psycopg", "sqlite3"}
HEAVY = (
    FRAMEWORK | SQL | {"IPython", "aiohttp", "openai", "pydantic", "genai_prices", "cryptography", "rich", "cyclopts"}
)


def modules(folder: Path = SRC) -> list[Path]:
    """The files of our own process; what a room hands out to run inside a tool has walls of its own in its tests."""
    return sorted(file for file in folder.rglob("*.py") if "inside" not in file.relative_to(SRC).parts)


def name_of(file: Path) -> str:
    parts = file.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or within a function."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(file: Path) -> set[str]:
    return {module.partition(".")[0] for module in imports(file)}


@pytest.mark.parametrize("file", modules(SRC / "exchange"), ids=name_of)
def test_the_exchange_knows_nothing_but_itself(file: Path) -> None:
    foreign = [
        module
        for module in imports(file)
        if module.startswith("ringmain") and not module.startswith(("ringmain.exchange", "ringmain.errors"))
    ]
    assert not [m for m in foreign if m not in ("ringmain", "ringmain.errors")]
    assert packages(file) <= set(sys.stdlib_module_names) | {"ringmain", "msgspec"}
    assert not packages(file) & {"socket", "os", "pathlib", "time", "random", "secrets", "asyncio", "threading"}


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_stages_do_not_import_stages(stage: str) -> None:
    others = {f"ringmain.exchange.{name}" for name in STAGES - {stage}}
    assert not others & set(imports(SRC / "exchange" / f"{stage}.py"))


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_each_technology_stays_in_its_place(file: Path) -> None:
    place, used = file.relative_to(SRC).parts[0], packages(file)
    assert place == "server" or not used & FRAMEWORK
    assert place == "store" or not used & SQL
    assert file.name == "proxied.py" or "aiohttp" not in used
    assert place == "cli" or not used & {"cyclopts", "rich"}
    assert not used & {"openai", "IPython"}


@pytest.mark.parametrize("file", modules(SRC / "hosts"), ids=name_of)
def test_a_rooms_translation_knows_only_nouns_errors_and_the_floor_plan(file: Path) -> None:
    parts = file.relative_to(SRC / "hosts").with_suffix("").parts
    if len(parts) < 2 or parts[1] not in ("wire", "form", "pack"):
        return
    allowed = NOUNS | {"ringmain.errors", "ringmain.hosts"}
    own = f"ringmain.hosts.{parts[0]}"
    for module in imports(file):
        if module.startswith("ringmain."):
            at_home = module.startswith(own)
            assert at_home or any(module == m or module.startswith(f"{m}.") for m in allowed), module


@pytest.mark.parametrize("file", modules(SRC / "hosts"), ids=name_of)
def test_rooms_do_not_know_each_other(file: Path) -> None:
    parts = file.relative_to(SRC / "hosts").parts
    others = {p.name for p in (SRC / "hosts").iterdir() if p.is_dir()} - {parts[0]}
    assert not [m for m in imports(file) for other in others if m.startswith(f"ringmain.hosts.{other}")]


@pytest.mark.parametrize("file", modules(SRC / "server"), ids=name_of)
def test_the_server_knows_rooms_by_the_floor_plan_only(file: Path) -> None:
    rooms = [f"ringmain.hosts.{p.name}" for p in (SRC / "hosts").iterdir() if p.is_dir()]
    assert not [m for m in imports(file) for room in rooms if m.startswith(room)]


@pytest.mark.parametrize("file", modules(SRC / "hosts/glific/flows"), ids=name_of)
def test_what_plays_flows_knows_nothing_but_itself_and_does_no_io(file: Path) -> None:
    allowed = ("ringmain.hosts.glific.flows", "ringmain.errors")
    assert not [m for m in imports(file) if m.startswith("ringmain") and not m.startswith(allowed)]
    assert packages(file) <= set(sys.stdlib_module_names) | {"ringmain", "msgspec"}
    assert not packages(file) & {"socket", "os", "pathlib", "time", "random", "secrets", "asyncio", "threading"}


@pytest.mark.parametrize("name", ["bucket", "incoming", "pacer", "purse", "reach", "table", "template"])
def test_what_reckons_for_rows_has_no_clock_no_network_and_no_disk(name: str) -> None:
    used = packages(SRC / "rows" / f"{name}.py")
    assert used <= set(sys.stdlib_module_names) | {"ringmain", "msgspec"}
    assert not used & {"socket", "os", "pathlib", "time", "random", "secrets", "asyncio", "threading"}


def loaded_by(statement: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after a statement."""
    code = f"import sys; {statement}; print(' '.join({{m.partition('.')[0] for m in sys.modules}}), *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("file", sorted((SRC / "hosts/notebook/inside").glob("*.py")), ids=name_of)
def test_what_runs_in_a_notebook_knows_its_shell_and_no_other_tool(file: Path) -> None:
    used = packages(file)
    assert not used & (FRAMEWORK | SQL | {"aiohttp", "openai", "cyclopts", "rich", "pandas", "polars", "ipykernel"})
    assert not [m for m in imports(file) if m.startswith(("ringmain.cli", "ringmain.server"))]
    assert not names_in(file) & EXPRESSIONS


def test_importing_ringmain_loads_no_room_no_framework_no_sql_and_no_sdk() -> None:
    loaded = loaded_by("import ringmain")
    assert not loaded & HEAVY
    assert not [
        module for module in loaded if module.startswith(("ringmain.hosts.", "ringmain.server", "ringmain.cli"))
    ]


def test_the_index_of_public_names_is_sorted_and_has_no_logic() -> None:
    tree = ast.parse((SRC / "__init__.py").read_text())
    assert all(isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign) for node in tree.body)
    assert ringmain.__all__ == sorted(ringmain.__all__)
    assert all(hasattr(ringmain, name) for name in ringmain.__all__)


def test_no_file_is_a_drawer_for_everything() -> None:
    assert not [file for file in modules() if file.stem in ("utils", "helpers", "common", "misc")]


EXPRESSIONS = {"eval", "exec", "compile", "from_string", "Template", "pickle", "marshal", "shelve", "yaml"}
OF_A_TABLE = {("ringmain.exchange.fault", name) for name in ("sentence", "fix")}
"""Texts to fill in that have a name, as they stand in a table of the code."""


def names_in(file: Path) -> set[str]:
    """Every plain name that a file calls or imports, and every method that it calls."""
    tree = ast.parse(file.read_text())
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    plain = {call.id for call in called if isinstance(call, ast.Name)}
    # A pattern or a statement that is compiled is no expression of a host's.
    methods = {call.attr for call in called if isinstance(call, ast.Attribute)} - {"compile", "exec"}
    return plain | methods | {part for module in imports(file) for part in module.split(".")}


@pytest.mark.parametrize("file", modules(), ids=name_of)
def test_nothing_that_anybody_writes_is_ever_run_or_read_as_a_template(file: Path) -> None:
    assert not names_in(file) & EXPRESSIONS
    assert file.name == "rendering.py" or "jinja2" not in packages(file)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in ("format", "format_map"):
            ours = said_in_the_code(node.value) or (name_of(file), ast.unparse(node.value)) in OF_A_TABLE
            assert ours, f"{name_of(file)}:{node.lineno} fills in a text that may be a host's"


def said_in_the_code(text: ast.expr) -> bool:
    """Whether a text stands in the code as it is, or is what lays out JSON."""
    if isinstance(text, ast.Call):
        return all(map(said_in_the_code, text.args))
    return isinstance(text, ast.Constant) or ast.unparse(text) == "msgspec.json"


def test_templates_come_only_from_the_folder_of_the_package() -> None:
    tree = ast.parse((SRC / "server/pages/rendering.py").read_text())
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [call for call in calls if "Loader(" in call and "Environment(" not in call] == [
        "PackageLoader('ringmain.server')"
    ]
    assert any("autoescape=True" in call for call in calls if call.startswith("Environment("))
    written = [file for file in (SRC / "server/templates").iterdir() if "| safe" in file.read_text()]
    assert not written
