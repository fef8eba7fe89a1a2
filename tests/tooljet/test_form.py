"""What ToolJet reads before it runs anything: four files, the rules of its own validator, and types that hold."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.tooljet.place import MODULES, nodes
from tests.tooljet.server import INSIDE, PLUGIN

MANIFEST = json.loads((INSIDE / "lib/manifest.json").read_text())
OPERATIONS = json.loads((INSIDE / "lib/operations.json").read_text())
CODE = PLUGIN.read_text()

PLUGIN_TYPES = {"api", "cloud-storage", "database"}
WIDGETS = set(
    "checkbox-group codehinter columns dropdown dropdown-component-flip dynamic-selector filters "
    "react-component-api-endpoint react-component-api-endpoint-old react-component-headers "
    "react-component-key-value-tabs react-component-sort react-component-sql-aggregate react-component-sql-columns "
    "react-component-sql-filters react-component-sql-groupby react-component-sql-sort sorts toggle".split()
)
"""What ToolJet's schema of operations allowed on 2026-11-20."""

STRICT = (
    "--allowJs --checkJs --strict --noEmit --noUnusedLocals --noUnusedParameters --noImplicitReturns "
    "--noFallthroughCasesInSwitch --target es2022 --lib es2022 --module commonjs --types node"
).split()


def types_in(value: Any) -> Iterator[str]:
    """Every `type` below this."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value["type"]
        for part in value.values():
            yield from types_in(part)


def fields() -> dict[str, dict[str, Any]]:
    """Every field of every operation, by operation and key."""
    operation = OPERATIONS["properties"]["operation"]
    groups = {name: group for name, group in OPERATIONS["properties"].items() if name != "operation"}
    every = {"": operation["commonFields"], **groups}
    return {f"{name}.{key}": field for name, group in every.items() for key, field in group.items()}


def values() -> list[str]:
    return [one["value"] for one in OPERATIONS["properties"]["operation"]["list"]]


@pytest.mark.parametrize("name", ["dist/index.js", "lib/manifest.json", "lib/operations.json", "lib/icon.svg"])
def test_a_server_finds_the_files_that_it_asks_for(name: str) -> None:
    assert (INSIDE / name).read_bytes()


def test_no_placeholder_of_a_template_is_left() -> None:
    assert not re.search(r"\{\{[A-Z0-9_]+\}\}", json.dumps([MANIFEST, OPERATIONS]))


def test_the_manifest_names_the_plugin_and_its_fields() -> None:
    source = MANIFEST["source"]
    assert source["kind"] == "ringmain"
    assert source["exposedVariables"].keys() == {"isLoading", "data", "rawData"}
    assert MANIFEST["type"] in PLUGIN_TYPES
    assert source["options"].keys() == MANIFEST["properties"].keys()
    assert all(field["key"] == name for name, field in MANIFEST["properties"].items())
    assert {field["type"] for field in MANIFEST["properties"].values()} == {"text", "password"}


def test_the_key_alone_is_encrypted() -> None:
    for told in (MANIFEST["source"]["options"], MANIFEST["properties"]):
        assert [name for name, field in told.items() if field.get("encrypted")] == ["apiKey"]
    assert MANIFEST["properties"]["apiKey"]["type"] == "password"


def test_only_widgets_that_the_schema_allows() -> None:
    assert OPERATIONS["type"] in PLUGIN_TYPES
    assert set(types_in(OPERATIONS["properties"])) <= WIDGETS


def test_every_operation_has_its_fields_and_is_handled() -> None:
    assert values() == ["completion", "chat"]
    assert OPERATIONS["properties"].keys() == {"operation", *values()}
    assert all(f'"{value}"' in CODE for value in values())
    assert OPERATIONS["defaults"]["operation"] in values()


def test_every_field_is_read_under_its_key() -> None:
    for name, field in fields().items():
        assert field["key"] == name.partition(".")[2]
        assert f"query.{field['key']}" in CODE
        assert field["label"]
        assert field["description"]
    assert all(f"source.{name}" in CODE for name in MANIFEST["properties"])


def test_only_the_prompt_must_be_there() -> None:
    needed = {
        name for name, field in fields().items() if field["type"] == "codehinter" and field.get("mandatory", True)
    }
    assert needed == {"completion.prompt", "chat.prompt"}


def test_the_fields_of_the_official_plugin_have_their_keys() -> None:
    """So that what was saved with it means the same."""
    kept = {"prompt", "max_tokens", "temperature", "stop_sequence", "suffix"}
    groups = OPERATIONS["properties"]
    assert kept <= groups["completion"].keys()
    assert kept | {"system_prompt", "message_history"} <= groups["chat"].keys()
    assert MANIFEST["properties"].keys() >= {"apiKey", "organizationId"}


def test_the_list_of_models_is_asked_for_by_a_method_that_there_is() -> None:
    field = fields()[".model"]
    assert (field["type"], field["autoFetch"], field["fxEnabled"]) == ("dynamic-selector", True, True)
    assert f'"{field["operation"]["invokeMethod"]}"' in CODE


def test_the_plugin_needs_nothing_but_node() -> None:
    assert not re.search(r"\brequire\(|^import |\bimport\(", CODE, re.MULTILINE)


def test_the_icon_is_a_drawing_and_nothing_else() -> None:
    root = ElementTree.fromstring((INSIDE / "lib/icon.svg").read_text())
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "circle"}


def checked(file: Path) -> "subprocess.CompletedProcess[str]":
    compiler = [nodes()["own"], MODULES / "typescript/bin/tsc", *STRICT, "--typeRoots", MODULES / "@types", file]
    return subprocess.run(compiler, capture_output=True, text=True)


def test_the_types_hold() -> None:
    done = checked(PLUGIN)
    assert done.returncode == 0, done.stdout


def test_a_type_that_does_not_hold_would_be_found(tmp_path: Path) -> None:
    broken = tmp_path / "index.js"
    broken.write_text(f"{CODE}\nconnectionOf(1);\n")
    assert "not assignable" in checked(broken).stdout
