"""What a running probe shows: a live table on a terminal, plain lines into a file, JSON to machines."""

import time
from collections import Counter, deque
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from banwatch.cli.views.verdict_rows import style_of, to_line
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.probe.run import InFlight, RunView

_LINES_BESIDE = 6
"""Of the screen, what is left to the summary, the heading and the shell's own line."""
_FEWEST_ROWS, _MOST_ROWS = 3, 40
_NO_TROUBLE = frozenset({State.OK, State.DOWN})
_ORDER = (
    State.BLOCKED,
    State.LIKELY_BLOCKED,
    State.TAMPERED,
    State.IMPAIRED,
    State.INSUFFICIENT,
    State.DOWN,
    State.OK,
)
"""How the table at the end is sorted: trouble first."""


def choose_view(in_flight: InFlight, *, as_json: bool) -> RunView:
    """Choose the display for machines, for a terminal, or for a file."""
    out, err = Console(), Console(stderr=True)
    if as_json:
        return JsonView(err)
    return LiveView(out, in_flight) if out.is_terminal else PlainView(out, err)


class LiveView:
    """A table that grows on a terminal.

    Args:
        console: the terminal.
        in_flight: what is being measured now.
    """

    def __init__(self, console: Console, in_flight: InFlight) -> None:
        self._console = console
        self._in_flight = in_flight
        self._all: list[Verdict] = []
        self._recent: deque[Verdict] = deque(maxlen=_MOST_ROWS)
        self._total = 0
        self._done = 0
        self._began_s = time.monotonic()
        self._live = Live(console=console, refresh_per_second=5, transient=True, get_renderable=self._render)

    def __enter__(self) -> Self:
        """Take the terminal."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        self._live.stop()

    def begin(self, total: int) -> None:
        """Count from nothing."""
        self._total, self._done = total, 0

    def add(self, verdict: Verdict) -> None:
        """Add a row; where there is trouble, a sentence that stays."""
        self._all.append(verdict)
        self._recent.append(verdict)
        self._done += 1
        if verdict.state not in _NO_TROUBLE:
            self._live.console.print(_trouble(verdict), soft_wrap=True)

    def note(self, text: str) -> None:
        """Print above the table."""
        self._live.console.print(Text(text), soft_wrap=True)

    def end(self, summary: str) -> None:
        """Show everything once more, trouble first, and the summary."""
        self._live.stop()
        if self._all:
            self._console.print(_table(sorted(self._all, key=_rank)))
        self._console.print(Text(summary))

    def _render(self) -> RenderableType:
        rows = max(_FEWEST_ROWS, min(_MOST_ROWS, self._console.height - _LINES_BESIDE))
        counts = Counter(verdict.state for verdict in self._all)
        line = Text(f"{self._done} of {self._total}", style="bold")
        for state in _ORDER:
            if counts[state]:
                line.append(f" · {counts[state]} {state.value}", style=style_of(state))
        minutes, seconds = divmod(int(time.monotonic() - self._began_s), 60)
        line.append(f" · {minutes}:{seconds:02}", style="dim")
        now = list(self._in_flight())
        busy = Text("measuring " + ", ".join(now[:6]) if now else "waiting", style="dim", no_wrap=True)
        if len(now) > 6:
            busy.append(f" and {len(now) - 6} more")
        busy.overflow = "ellipsis"
        recent = list(self._recent)[-rows:]
        return Group(*([_table(recent)] if recent else []), line, busy)


class PlainView:
    """A line for each verdict: what a file, a pipe or a log wants."""

    def __init__(self, out: Console, err: Console) -> None:
        self._out = out
        self._err = err

    def __enter__(self) -> Self:
        """Nothing is taken."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is given back."""

    def begin(self, total: int) -> None:
        """Nothing to show."""

    def add(self, verdict: Verdict) -> None:
        """Print state, input, mechanisms and sentence, between tabs."""
        fields = (
            verdict.state.value,
            what_of(verdict),
            ",".join(verdict.mechanisms) or "-",
            verdict.sentence,
        )
        print(*(_one_line(field) for field in fields), sep="\t", flush=True)

    def note(self, text: str) -> None:
        """Say it on stderr."""
        self._err.print(Text(text), soft_wrap=True)

    def end(self, summary: str) -> None:
        """Say it on stderr."""
        self._err.print(Text(summary), soft_wrap=True)


class JsonView:
    """An object for each verdict on stdout; for people, a bar and a sentence for each trouble on stderr."""

    def __init__(self, err: Console) -> None:
        self._err = err
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task = self._progress.add_task("measuring", total=None)

    def __enter__(self) -> Self:
        """Show the bar, where somebody is there to see it."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it away."""
        self._progress.stop()

    def begin(self, total: int) -> None:
        """Begin the bar anew."""
        self._progress.reset(self._task, total=total)

    def add(self, verdict: Verdict) -> None:
        """Print the object, and say what is wrong."""
        print(to_line(verdict), flush=True)
        self._progress.advance(self._task)
        if verdict.state not in _NO_TROUBLE:
            self._err.print(Text(f"{what_of(verdict)}: {_one_line(verdict.sentence)}"), soft_wrap=True)

    def note(self, text: str) -> None:
        """Say it on stderr."""
        self._err.print(Text(text), soft_wrap=True)

    def end(self, summary: str) -> None:
        """Say it on stderr."""
        self._progress.stop()
        self._err.print(Text(summary), soft_wrap=True)


def what_of(verdict: Verdict) -> str:
    """What was measured, in words that are safe to print."""
    return _one_line(verdict.input or verdict.test_name)


def _rank(verdict: Verdict) -> tuple[int, str, str]:
    return (_ORDER.index(verdict.state), verdict.target, verdict.input)


def _one_line(text: str) -> str:
    """A page's title may hold anything: nothing of it may move a terminal's cursor or begin a line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _trouble(verdict: Verdict) -> Text:
    line = Text(verdict.state.value, style=style_of(verdict.state))
    line.append(f" {what_of(verdict)}: ", style="bold not dim")
    line.append(_one_line(verdict.sentence), style="default")
    return line


def _table(verdicts: Iterable[Verdict]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True, padding=(0, 1, 0, 0))
    table.add_column("state", no_wrap=True)
    table.add_column("target", no_wrap=True, max_width=34)
    table.add_column("mechanisms", no_wrap=True, max_width=22)
    table.add_column("why", no_wrap=True, overflow="ellipsis", ratio=1)
    for verdict in verdicts:
        table.add_row(
            Text(verdict.state.value, style=style_of(verdict.state)),
            Text(what_of(verdict).removeprefix("https://").removesuffix("/")),
            Text(", ".join(verdict.mechanisms)),
            Text(_one_line(verdict.sentence)),
        )
    return table
