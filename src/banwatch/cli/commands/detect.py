"""`banwatch detect`: from cells to changes and incidents."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from banwatch.model.errors import BanwatchError

if TYPE_CHECKING:
    from datetime import datetime

    from banwatch.model.verdict import Verdict


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("detect")(_detect)


def _detect(
    store: Annotated[
        str,
        typer.Option("--store", help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE"),
    ] = "banwatch.duckdb",
    verdicts: Annotated[
        Path | None,
        typer.Option("--verdicts", help="CSV or Parquet file of verdicts, instead of a store."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="With --store: what was said then, from the log. With --verdicts: as if it were then.",
        ),
    ] = None,
    signals: Annotated[
        list[str] | None,
        typer.Option(
            "--signals",
            metavar="FILE|URL",
            help="What others report: IODA's events, Cloudflare's annotations or CSV. May be given again.",
        ),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Say what speaks for and against each, and what was set aside.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object an incident.")] = False,
) -> None:
    """Find what began, where, how wide, and whether it ended."""
    from banwatch.cli.views.incident_lines import aside_lines, incident_lines, said_lines
    from banwatch.detect.incidents.past_views import view_at
    from banwatch.formats.verdict_table import parse_moment
    from banwatch.model.errors import WireError
    from banwatch.pipeline.fetch_signals import signals_from

    try:
        now = parse_moment(as_of) if as_of else None
    except WireError as error:
        raise BanwatchError(f"--as-of: {error.reason}", "Give a time like 2016-04-01T12:00:00Z.") from error
    if verdicts is not None:
        from datetime import datetime

        from banwatch.detect import find_changes, fold, group
        from banwatch.formats.verdict_table import Refused, read_verdicts
        from banwatch.model.verdict import Verdict

        refused = Refused()
        arrivals: dict[str, datetime] = {}

        def note(row: Verdict, at: datetime) -> None:
            arrivals[row.measurement_uid] = at

        rows = read_verdicts(verdicts, on_bad=refused.note, on_arrival=note if now else None)
        cells = fold(row for row in refused.counted(rows) if now is None or _arrived(row, arrivals) <= now)
        for line in refused.lines():
            print(line, file=sys.stderr)
        if not refused.read:
            raise BanwatchError(f"{verdicts} holds no verdict", "docs/detect.md names the columns.")
        changes = find_changes(cells, through=now)
        incidents = group(changes, cells)
    else:
        from banwatch.collector import writable
        from banwatch.store import Store, queries
        from banwatch.store.bookkeeping import LogEntry

        if now is not None:
            with Store.open(store, read_only=True) as opened:
                entries = [(entry.said_at, entry.subject, entry.says) for entry in opened.rows(LogEntry)]
            for line in said_lines(view_at(entries, now), as_json=as_json):
                print(line)
            return
        with writable(store) as writer:
            writer.detect()
        with Store.open(store, read_only=True) as opened:
            incidents = tuple(queries.incidents(opened))
            changes = tuple(queries.changes(opened)) if why else ()
            cells = tuple(queries.cells(opened)) if why else ()
    others = [signal for source in signals for signal in signals_from(source)] if signals else None
    for line in incident_lines(
        incidents,
        as_json=as_json,
        cells=cells if why else None,
        signals=others,
        plain=verdicts is not None and not why,
    ):
        print(line)
    if why:
        for line in aside_lines(changes, cells, as_json=as_json):
            print(line)


def _arrived(row: "Verdict", arrivals: dict[str, "datetime"]) -> "datetime":
    """When a foreign verdict was there: as its row says, else its id, else when it was measured."""
    from banwatch.detect.votes.cells import arrived_at

    said = arrivals.get(row.measurement_uid) or arrived_at(row.measurement_uid)
    return max(said, row.measurement_start_time) if said else row.measurement_start_time
