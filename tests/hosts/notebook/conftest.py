"""A real kernel that has loaded the extension, and a provider that does what it is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.notebook.cells import Cells, run_kernel
from tests.hosts.notebook.provider import Provider, run_provider

VARIABLES = ("OPENAI_BASE_URL", "OPENAI_API_KEY", "RINGMAIN_MODEL", "RINGMAIN_URL", "RINGMAIN_KEY", "RINGMAIN_DATA")


@pytest.fixture(scope="session")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    with run_kernel(tmp_path_factory.mktemp("kernel")) as cells:
        yield cells


@pytest.fixture
def cells(kernel: Cells, tmp_path: Path) -> Cells:
    """The kernel with no variables, in a folder and with a book of its own."""
    kernel.ok(f"""
%reset -f
import os
os.chdir({str(tmp_path)!r})
for name in {VARIABLES!r}: os.environ.pop(name, None)
os.environ["RINGMAIN_DATA"] = {str(tmp_path / "data")!r}
%reload_ext ringmain
""")
    return kernel


def ask_at(cells: Cells, base_url: str, model: str = "m") -> None:
    """Let the cells ask this provider."""
    cells.ok(f"import os; os.environ.update(OPENAI_BASE_URL={base_url!r}, RINGMAIN_MODEL={model!r})")


@pytest.fixture
def provider(cells: Cells) -> Iterator[Provider]:
    """A provider that the cells ask."""
    with run_provider() as provider:
        ask_at(cells, provider.base_url)
        yield provider
