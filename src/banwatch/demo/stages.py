"""Progress of a run in stages, on stderr: a live bar on terminals, plain lines for files and pipes."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as ProgressBars

from banwatch.model.progress import Progress

PLAIN_LINE_EVERY_S = 5.0
"""Time between two progress lines of a stage without a terminal."""


class Stages:
    """Shows the stages of one run, one at a time."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(file=sys.stderr, highlight=False)

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.console.print(text, soft_wrap=True)

    @contextmanager
    def stage(self, title: str) -> Iterator[Progress]:
        """Show one stage while it runs, and how long it took."""
        started_s = time.monotonic()
        if self.console.is_terminal:
            with self._bar(title) as report:
                yield report
        else:
            self.say(f"{title} ...")
            yield self._plain(title)
        self.say(f"[green]done[/] {title}, {time.monotonic() - started_s:.0f} s")

    @contextmanager
    def _bar(self, title: str) -> Iterator[Progress]:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with ProgressBars(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(title, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total or None)

    def _plain(self, title: str) -> Progress:
        last_s = time.monotonic()

        def report(done: int, total: int) -> None:
            nonlocal last_s
            now_s = time.monotonic()
            if now_s - last_s >= PLAIN_LINE_EVERY_S:
                last_s = now_s
                self.say(f"  {title}: {done} of {total}" if total else f"  {title}: {done}")

        return report
