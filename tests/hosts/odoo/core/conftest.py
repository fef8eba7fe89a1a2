"""The addon's own files, loaded as they lie in the tree: they import nothing of Odoo, nor do these tests."""

import importlib.util
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).parents[4] / "src/ringmain/hosts/odoo/inside/19.0/ringmain/core"


def load(name):
    """The addon's core file of this name, as a module of a package of its own."""
    if "addon_core" not in sys.modules:
        package = importlib.util.spec_from_file_location(
            "addon_core", CORE / "__init__.py", submodule_search_locations=[str(CORE)]
        )
        sys.modules["addon_core"] = importlib.util.module_from_spec(package)
        package.loader.exec_module(sys.modules["addon_core"])
    return importlib.import_module(f"addon_core.{name}")


@pytest.fixture(scope="session")
def text():
    return load("text")


@pytest.fixture(scope="session")
def payload():
    return load("payload")
