"""A progress bar on stderr for work that is measured in bytes or in pieces."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as ProgressBars

from banwatch.model.progress import Progress


@contextmanager
def byte_progress(console: Console, what: str) -> Iterator[Progress]:
    """Show bytes done, the rate and the time left."""
    with _shown(console, what, DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()) as report:
        yield report


@contextmanager
def piece_progress(console: Console, what: str) -> Iterator[Progress]:
    """Show pieces done and the time left."""
    with _shown(console, what, MofNCompleteColumn(), TimeRemainingColumn()) as report:
        yield report


@contextmanager
def _shown(console: Console, what: str, *columns: ProgressColumn) -> Iterator[Progress]:
    shown = ProgressBars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,  # else an empty line is left in logs
    )
    with shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total or None)
