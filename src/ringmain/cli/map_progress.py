"""How far a run over many rows is: a bar where somebody looks on, a line now and then where it is written down."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ringmain.cli.show import say
from ringmain.rows import Progress, Watch
from ringmain.rows.telling import told_progress

NOW_AND_THEN = 30.0
"""Seconds between two lines where nobody looks on."""


@contextmanager
def watched(total: int) -> Iterator[Watch]:
    """What is told of the progress, while the block lasts."""
    if sys.stderr.isatty():
        with _bar(total) as watch:
            yield watch
    else:
        yield _lines()


@contextmanager
def _bar(total: int) -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda progress: bar.update(task, completed=progress.done, description=told_progress(progress))


def _lines() -> Watch:
    last = time.monotonic()

    def watch(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= NOW_AND_THEN:
            last = time.monotonic()
            say(f"{progress.done} of {progress.total} rows: {told_progress(progress)}")

    return watch
