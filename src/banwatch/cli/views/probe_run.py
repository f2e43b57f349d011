"""Display of a running probe: a live table on a terminal, plain lines into a file, JSON to machines."""

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

from banwatch.cli.views.verdicts import style_of, to_line
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.probe.run import InFlight, RunView

_LINES_BESIDE = 6
"""Lines of the screen that are kept for the summary, the heading and the shell's prompt."""
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
"""Order of the table at the end: trouble first."""


def choose_view(in_flight: InFlight, *, as_json: bool) -> RunView:
    """Choose the display for machines, for a terminal, or for a file."""
    out, err = Console(), Console(stderr=True)
    if as_json:
        return JsonView(err)
    return LiveView(out, in_flight) if out.is_terminal else PlainView(out, err)


class LiveView:
    """Table that grows on a terminal.

    Args:
        console: the terminal.
        in_flight: gives the inputs that are being measured now.
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
        """Begin to draw on the terminal."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to draw on the terminal."""
        self._live.stop()

    def begin(self, total: int) -> None:
        """Begin a round: count from 0."""
        self._total, self._done = total, 0

    def add(self, verdict: Verdict) -> None:
        """Add a row; print a sentence for trouble, which stays on the screen."""
        self._all.append(verdict)
        self._recent.append(verdict)
        self._done += 1
        if verdict.state not in _NO_TROUBLE:
            self._live.console.print(_trouble(verdict), soft_wrap=True)

    def note(self, text: str) -> None:
        """Print a message above the table."""
        self._live.console.print(Text(text), soft_wrap=True)

    def end(self, summary: str) -> None:
        """Print all verdicts, trouble first, and the summary."""
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
    """Line for each verdict, for a file, a pipe or a log."""

    def __init__(self, out: Console, err: Console) -> None:
        self._out = out
        self._err = err

    def __enter__(self) -> Self:
        """Do nothing: lines need no preparation."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def begin(self, total: int) -> None:
        """Do nothing: lines show no total."""

    def add(self, verdict: Verdict) -> None:
        """Print state, input, mechanisms and sentence, between tabs."""
        fields = (
            verdict.state.value,
            input_of(verdict),
            ",".join(verdict.mechanisms) or "-",
            verdict.sentence,
        )
        print(*(_one_line(field) for field in fields), sep="\t", flush=True)

    def note(self, text: str) -> None:
        """Print a message on stderr."""
        self._err.print(Text(text), soft_wrap=True)

    def end(self, summary: str) -> None:
        """Print a message on stderr."""
        self._err.print(Text(summary), soft_wrap=True)


class JsonView:
    """JSON object for each verdict on stdout; on stderr a bar, and a sentence for each trouble."""

    def __init__(self, err: Console) -> None:
        self._err = err
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task = self._progress.add_task("measuring", total=None)

    def __enter__(self) -> Self:
        """Show the bar, on a terminal."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar."""
        self._progress.stop()

    def begin(self, total: int) -> None:
        """Begin the bar again."""
        self._progress.reset(self._task, total=total)

    def add(self, verdict: Verdict) -> None:
        """Print the object, and a sentence for trouble."""
        print(to_line(verdict), flush=True)
        self._progress.advance(self._task)
        if verdict.state not in _NO_TROUBLE:
            self._err.print(Text(f"{input_of(verdict)}: {_one_line(verdict.sentence)}"), soft_wrap=True)

    def note(self, text: str) -> None:
        """Print a message on stderr."""
        self._err.print(Text(text), soft_wrap=True)

    def end(self, summary: str) -> None:
        """Print a message on stderr."""
        self._progress.stop()
        self._err.print(Text(summary), soft_wrap=True)


def input_of(verdict: Verdict) -> str:
    """Return the input or nettest of a verdict, in letters that are safe to print."""
    return _one_line(verdict.input or verdict.test_name)


def _rank(verdict: Verdict) -> tuple[int, str, str]:
    return (_ORDER.index(verdict.state), verdict.target, verdict.input)


def _one_line(text: str) -> str:
    """Replace letters that would move a terminal's cursor or begin a line: a page's title may hold any."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _trouble(verdict: Verdict) -> Text:
    line = Text(verdict.state.value, style=style_of(verdict.state))
    line.append(f" {input_of(verdict)}: ", style="bold not dim")
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
            Text(input_of(verdict).removeprefix("https://").removesuffix("/")),
            Text(", ".join(verdict.mechanisms)),
            Text(_one_line(verdict.sentence)),
        )
    return table
