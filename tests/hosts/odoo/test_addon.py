"""The walls of the addon, which runs in Odoo and not in our process."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.odoo.addon import ADDON

FILES = sorted(ADDON.rglob("*.py"))
SHIPPED_WITH_ODOO = {"odoo", "requests", "cryptography", "markupsafe", "lxml", "psycopg2"}


def name_of(file: Path) -> str:
    return str(file.relative_to(ADDON))


def imports(file: Path) -> Iterator[str]:
    """What a file imports from elsewhere, by the name of the package."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_the_addon_needs_nothing_that_odoo_does_not_ship(file: Path) -> None:
    assert set(imports(file)) <= SHIPPED_WITH_ODOO | set(sys.stdlib_module_names)


@pytest.mark.parametrize("file", [file for file in FILES if file.parent == ADDON / "core"], ids=name_of)
def test_the_core_knows_nothing_of_odoo(file: Path) -> None:
    assert "odoo" not in set(imports(file))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_file_says_under_which_licence_it_stands(file: Path) -> None:
    assert file.read_text().startswith("# License LGPL-3.0 or later")


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_is_run_that_anybody_writes(file: Path) -> None:
    called = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    plain = {call.id for call in called if isinstance(call, ast.Name)}
    assert not plain & {"eval", "exec", "compile", "safe_eval", "literal_eval"}


def test_its_readme_is_made_from_its_fragments() -> None:
    script = Path(__file__).parents[3] / "scripts" / "odoo_readme.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
