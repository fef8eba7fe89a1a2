"""The room of notebooks as a person sees it: a real JupyterLab, in a real browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import DESKTOP
from tests.engine import require
from tests.hosts.notebook.provider import Provider, run_provider

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

START = 60.0

ANSWER = """say Press **New** and fill in its *name*:

1. a name
2. a price of \\(x > 0\\)

| field | means |
|---|---|
| name | what people read |

```python
product = shop.create(name="Chair")
```"""

HOSTILE = """say <img src=x onerror="window.hacked=1"> <script>window.hacked = 1</script> as text"""

PAGE = """say <h1>A page</h1><script>parent.hacked = 1; top.hacked = 1</script><img src=x onerror="parent.hacked=1">"""


@contextmanager
def run_lab(folder: Path, provider: Provider) -> Iterator[str]:
    """The address of a JupyterLab in this folder, whose kernels ask the provider."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = {name: str(folder / "home") for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "RINGMAIN_DATA")}
    asked = {"OPENAI_BASE_URL": provider.base_url, "RINGMAIN_MODEL": "m"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}"]
    command += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", "--LabApp.news_url=None"]
    with subprocess.Popen(
        command, env={**os.environ, **home, **asked}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(url := f"http://127.0.0.1:{port}")
            yield url
        finally:
            process.terminate()


def _wait(url: str) -> None:
    until = time.monotonic() + START
    while True:
        try:
            with urllib.request.urlopen(f"{url}/api/status", timeout=1):
                return
        except OSError:
            assert time.monotonic() < until, "JupyterLab did not start"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def lab(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    require("jupyterlab", "nbformat")
    folder = tmp_path_factory.mktemp("lab")
    with run_lab(folder, provider) as url:
        yield url, folder


@pytest.fixture
def desktop(chromium: "Browser") -> Iterator["Page"]:
    context = chromium.new_context(viewport={**DESKTOP, "height": 1200})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def run_all(page: "Page", lab: tuple[str, Path], name: str, *cells: str) -> None:
    """Open a notebook with these cells, and run them all."""
    import nbformat

    url, folder = lab
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / f"{name}.ipynb")
    page.goto(f"{url}/lab/tree/{name}.ipynb?reset")
    page.locator(".jp-Notebook .jp-Cell").nth(len(cells) - 1).wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def look(page: "Page", name: str) -> None:
    """Keep a picture, where RINGMAIN_SCREENSHOTS names a folder; the output fits its window."""
    assert page.evaluate(
        "[...document.querySelectorAll('.jp-OutputArea-output')].every(o => o.scrollWidth <= o.clientWidth + 1)"
    ), "an output is wider than its cell"
    if folder := os.environ.get("RINGMAIN_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"jupyterlab-{name}.png")


def test_three_cells_lead_from_pip_to_an_answer(desktop: "Page", lab: tuple[str, Path]) -> None:
    # Nothing is fetched: what is installed satisfies it.
    first = "%pip install --quiet --no-index 'ringmain[notebook]'"
    run_all(desktop, lab, "first", first, "%load_ext ringmain", f"%%ask\n{ANSWER}")
    answer = desktop.locator(".jp-RenderedHTMLCommon").filter(has_text="Press New")
    answer.locator("strong", has_text="New").wait_for()
    assert answer.locator("li").count() == 2
    assert answer.locator("table td").first.inner_text() == "name"
    assert answer.locator("pre code").inner_text().strip() == 'product = shop.create(name="Chair")'
    desktop.get_by_text("m, chat: 10 tokens in, 5 out, price unknown").wait_for()
    answer.locator("mjx-container").first.wait_for()
    look(desktop, "first")


def test_what_a_model_says_never_runs_in_the_notebook(desktop: "Page", lab: tuple[str, Path]) -> None:
    cells = (f"%%ask\n{HOSTILE}", f"%%ask --as html\n{PAGE}", "%ask say done")
    run_all(desktop, lab, "hostile", "%load_ext ringmain", *cells)
    desktop.get_by_text("done", exact=True).wait_for()
    frame = desktop.frame_locator("iframe[sandbox]").locator("h1")
    frame.wait_for()
    assert frame.inner_text() == "A page"
    desktop.wait_for_timeout(500)
    assert desktop.evaluate("window.hacked") is None
    look(desktop, "hostile")


def test_the_same_words_would_run_as_the_notebooks_own_markdown(desktop: "Page", lab: tuple[str, Path]) -> None:
    """Which is why the room does not hand them over."""
    cell = f"from IPython.display import Markdown, display\ndisplay(Markdown({HOSTILE!r}))"
    run_all(desktop, lab, "control", cell)
    desktop.wait_for_function("window.hacked === 1")


def test_rows_chats_errors_and_what_was_used_look_right(desktop: "Page", lab: tuple[str, Path]) -> None:
    rows = "import pandas\ndf = pandas.DataFrame({'city': ['Rome', 'Oslo', 'Bonn'], 'people': [2.7, 0.7, 0.3]})"
    cells = (
        rows,
        "%%ask --each df --column city --into answers\nsay In one word, what is it known for?",
        "%%chat products --system 'Be the help desk of a small shop.'\nsay Press New.",
        "%chat --show products",
        "%ask --demo hello",
        "%usage",
        "%connection",
        "%ask --modl m hello",
    )
    run_all(desktop, lab, "rest", "%load_ext ringmain", *cells)
    desktop.get_by_text("There is no flag 'modl'. Did you mean 'model'?").wait_for()
    assert "Traceback" not in desktop.locator(".jp-Notebook").inner_text()
    desktop.get_by_text("3 of 3 rows have an answer").wait_for()
    # Sums of money are not the ends of a formula.
    assert desktop.locator("mjx-container").count() == 0
    look(desktop, "rest")


def test_an_answer_grows_while_it_comes_and_the_stop_button_ends_it(
    desktop: "Page", lab: tuple[str, Path], provider: Provider
) -> None:
    run_all(desktop, lab, "slow", "%load_ext ringmain", "%ask drip 600")
    growing = desktop.locator(".jp-RenderedHTMLCommon").filter(has_text="0 1 2 3 4")
    growing.wait_for()
    early = len(growing.inner_text())
    desktop.wait_for_timeout(700)
    assert len(growing.inner_text()) > early
    assert growing.count() == 1
    desktop.keyboard.press("Escape")
    desktop.keyboard.press("i")
    desktop.keyboard.press("i")
    desktop.get_by_text("Interrupted: the provider was cut off, and the book has the line.").wait_for()
    assert provider.cut.wait(10)
    look(desktop, "stopped")
