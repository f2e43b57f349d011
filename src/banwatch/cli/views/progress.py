"""Progress bars on stderr, for work that is counted in bytes or in pieces."""

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
def byte_progress(label: str) -> Iterator[Progress]:
    """Show bytes done, the rate and the time left."""
    with _show(label, DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()) as progress:
        yield progress


@contextmanager
def piece_progress(label: str) -> Iterator[Progress]:
    """Show pieces done and the time left."""
    with _show(label, MofNCompleteColumn(), TimeRemainingColumn()) as progress:
        yield progress


@contextmanager
def status(label: str) -> Iterator[None]:
    """Show a spinner, for work that cannot be counted."""
    with Console(stderr=True).status(label):
        yield


@contextmanager
def _show(label: str, *columns: ProgressColumn) -> Iterator[Progress]:
    console = Console(stderr=True)
    bars = ProgressBars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,  # a bar would leave an empty line in logs
    )
    with bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)
