"""Verdicts as JSON lines for machines and as a table for people."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from banwatch.cli.views.json_lines import print_json_lines, render_json
from banwatch.formats.json_views import VerdictJson
from banwatch.model.ids import render_asn
from banwatch.model.state import State
from banwatch.model.verdict import Verdict

_STYLES = {
    State.BLOCKED: "bold red",
    State.LIKELY_BLOCKED: "red",
    State.TAMPERED: "magenta",
    State.IMPAIRED: "yellow",
    State.DOWN: "blue",
    State.OK: "green",
    State.INSUFFICIENT: "dim",
}


def style_of(state: State) -> str:
    """Return the style of a state on a terminal, in Rich's notation."""
    return _STYLES.get(state, "")


def to_line(verdict: Verdict) -> str:
    """Render one verdict as a JSON object."""
    return render_json(VerdictJson.from_verdict(verdict))


def print_verdicts(verdicts: Iterable[Verdict]) -> None:
    """Print verdicts as JSON lines."""
    print_json_lines(map(VerdictJson.from_verdict, verdicts))


def show_table(verdicts: Sequence[Verdict], total: int) -> None:
    """Print verdicts as a table, one line each, and say how many there are where not all are shown."""
    console = Console()
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True, padding=(0, 1, 0, 0))
    years = {v.measurement_start_time.year for v in verdicts}
    when = "%m-%d %H:%M" if len(years) == 1 else "%Y-%m-%d"
    table.add_column(f"{years.pop()} (UTC)" if len(years) == 1 else "day (UTC)", no_wrap=True)
    table.add_column("network", no_wrap=True)
    table.add_column("target", no_wrap=True, max_width=22)
    table.add_column("state", no_wrap=True)
    table.add_column("mechanisms", no_wrap=True, max_width=20)
    table.add_column("why", no_wrap=True, overflow="ellipsis", ratio=1)
    for v in verdicts:
        network = " ".join(part for part in (v.probe_cc, render_asn(v.probe_asn), v.access_tier) if part)
        table.add_row(
            f"{v.measurement_start_time:{when}}",
            Text(network),
            Text(v.target),
            Text(v.state, style=style_of(v.state)),
            Text(", ".join(v.mechanisms)),
            Text(v.sentence),
        )
    console.print(table)
    if len(verdicts) < total:
        Console(stderr=True).print(
            f"{len(verdicts):,} of {total:,} shown; --limit or --json for more", highlight=False
        )
