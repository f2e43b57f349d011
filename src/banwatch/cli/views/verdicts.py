"""Verdicts as a table, as CSV and as JSON lines."""

import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import chain, islice

from rich.console import Console
from rich.table import Table
from rich.text import Text

from banwatch.cli.options import RowFormat
from banwatch.cli.views.json_lines import print_json_lines, render_json, to_plain
from banwatch.cli.views.messages import note
from banwatch.formats.json_views import VerdictJson
from banwatch.model.ids import render_asn
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.pipeline.reading.verdict_filter import VerdictFilter
from banwatch.store import Store

SHORT_ID = 8
"""Characters of a measurement's id that a table shows: its end, which is random."""
TERMINAL_ROWS = 200
"""Rows that a terminal gets unless asked for more."""
MEASURED_ROWS = 500
"""Rows that set the widths of columns where the number of rows is not known."""
NARROW = 100
"""Columns of a terminal below which rows are a list instead of a table."""
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


def short_id(uid: str) -> str:
    """Return the end of a measurement's id, by which `banwatch explain` finds it."""
    return uid[-SHORT_ID:]


def show_count(wanted: VerdictFilter, store: Store, row_format: RowFormat, limit: int | None) -> None:
    """Print how many verdicts match, at most `limit`."""
    found = wanted.count(store)
    number = found if limit is None else min(found, limit)
    print(render_json({"verdicts": number}) if row_format is RowFormat.JSONL else number)
    _explain_none(number, wanted, store)


def show_verdicts(wanted: VerdictFilter, store: Store, row_format: RowFormat, limit: int | None) -> None:
    """Print verdicts in order of time; where none matches, say why on stderr.

    A terminal gets 200 rows of a table unless `limit` says otherwise; all else gets every row, whole.
    """
    on_terminal = row_format is RowFormat.TABLE and Console().is_terminal
    most = limit or (TERMINAL_ROWS if on_terminal else None)
    found = wanted.read(store, most)
    first = next(found, None)
    if first is None:
        _explain_none(0, wanted, store)
        return
    rows = chain([first], found)
    if row_format is RowFormat.JSONL:
        print_json_lines(map(VerdictJson.from_verdict, rows))
    elif row_format is RowFormat.CSV:
        _print_csv(rows)
    elif not on_terminal:
        sys.stdout.writelines(_plain_rows(rows))
    else:
        _show_on_terminal(list(rows), wanted, store)


def _explain_none(number: int, wanted: VerdictFilter, store: Store) -> None:
    if number == 0:
        note(f"banwatch: {wanted.why_none(store)}")


def _print_csv(verdicts: Iterable[Verdict]) -> None:
    names = [field.name for field in fields(VerdictJson)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for verdict in verdicts:
        plain = to_plain(VerdictJson.from_verdict(verdict))
        writer.writerow([_csv_value(plain.get(name)) for name in names])


def _csv_value(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else value


def _network(verdict: Verdict) -> str:
    parts = (verdict.probe_cc, render_asn(verdict.probe_asn), verdict.access_tier)
    return " ".join(part for part in parts if part)


def _plain_rows(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Render rows without cutting anything; columns are as wide as the first rows want them."""
    rows = (
        (
            f"{one.measurement_start_time:%Y-%m-%d %H:%M}",
            _network(one),
            one.target,
            str(one.state),
            ",".join(one.mechanisms) or "-",
            short_id(one.measurement_uid),
            " ".join(one.sentence.split()),
        )
        for one in verdicts
    )
    head = ("time (UTC)", "network", "target", "state", "mechanisms", "id", "why")
    first = [head, *islice(rows, MEASURED_ROWS)]
    widths = [max(len(row[column]) for row in first) for column in range(len(head) - 1)]
    for row in chain(first, rows):
        cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip() + "\n"


def _show_on_terminal(verdicts: list[Verdict], wanted: VerdictFilter, store: Store) -> None:
    console = Console(highlight=False)
    if console.width < NARROW:
        for one in verdicts:
            console.print(Text(f"{one.measurement_start_time:%Y-%m-%d %H:%M} UTC  {one.target}", "bold"))
            console.print(Text.assemble((one.state, style_of(one.state)), f"  {', '.join(one.mechanisms)}"))
            console.print(Text(f"  {_network(one)}, id {short_id(one.measurement_uid)}"))
            console.print(Text(f"  {one.sentence}"))
    else:
        console.print(_table(verdicts))
    total = wanted.count(store)
    more = f"{len(verdicts):,} of {total:,} shown; --limit for more, --format csv or jsonl for all. "
    note(f"{more if len(verdicts) < total else ''}Why: banwatch explain ID")


def _table(verdicts: Iterable[Verdict]) -> Table:
    """Make a table, one line a verdict; only the mechanisms and the sentence are cut where it is too wide."""
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True, padding=(0, 1, 0, 0))
    rows = list(verdicts)
    for name, width in (
        ("time (UTC)", 16),
        ("network", max(len(_network(one)) for one in rows)),
        ("target", max(6, *(len(one.target) for one in rows))),
        ("state", max(5, *(len(one.state) for one in rows))),
    ):
        table.add_column(name, no_wrap=True, min_width=width)
    table.add_column("mechanisms", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("id", no_wrap=True, min_width=SHORT_ID)
    table.add_column("why", no_wrap=True, overflow="ellipsis", ratio=1)
    for one in rows:
        table.add_row(
            f"{one.measurement_start_time:%Y-%m-%d %H:%M}",
            Text(_network(one)),
            Text(one.target),
            Text(one.state, style=style_of(one.state)),
            Text(", ".join(one.mechanisms)),
            short_id(one.measurement_uid),
            Text(one.sentence),
        )
    return table
