"""`banwatch detect`: from cells to changes and incidents."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.model.errors import BanwatchError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("detect")(_detect)


def _detect(
    store: Annotated[Path | None, typer.Option("--store", help="Database with the verdicts.")] = None,
    verdicts: Annotated[
        Path | None,
        typer.Option("--verdicts", help="CSV or Parquet file of verdicts, instead of a database."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object an incident.")] = False,
) -> None:
    """Find what began, where, how wide, and whether it ended."""
    from banwatch.detect.telling import incident_lines

    if (store is None) == (verdicts is None):
        raise BanwatchError("detect needs one place to read from", "Give --store DB or --verdicts FILE.")
    if verdicts is not None:
        from banwatch.detect import find_changes, fold, group
        from banwatch.formats.verdict_table import read_verdicts

        cells = fold(read_verdicts(verdicts))
        incidents = group(find_changes(cells), cells)
    else:
        from datetime import UTC, datetime

        from banwatch.bans import load_bans
        from banwatch.pipeline import detect
        from banwatch.store import Store, queries

        with Store.open(store or Path()) as opened:
            detect(opened, load_bans().values(), now=datetime.now(UTC))
            incidents = tuple(queries.incidents(opened))
    for line in incident_lines(incidents, as_json=as_json):
        print(line)
