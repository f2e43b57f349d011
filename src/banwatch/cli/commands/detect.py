"""`banwatch detect`: from cells to changes and incidents."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, CountryOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("detect")(_detect)


def _detect(
    incident: Annotated[
        str | None, typer.Argument(metavar="[INCIDENT]", help="Id of one incident; by default all are shown.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    cc: CountryOption = None,
    verdicts: Annotated[
        Path | None,
        typer.Option("--verdicts", help="CSV or Parquet file of verdicts, instead of a store."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="With --store: what was published then, from the log. With --verdicts: detect as of then.",
        ),
    ] = None,
    signals: Annotated[
        list[str] | None,
        typer.Option(
            "--signals",
            metavar="FILE|URL",
            help="Reports of others: IODA's events, Cloudflare's annotations or CSV. May be repeated.",
        ),
    ] = None,
    why: Annotated[
        bool,
        typer.Option(
            "--why", help="Give reasons for and against each incident, and the changes that make none."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object an incident.")] = False,
) -> None:
    """Find incidents: what began, where, how wide, and whether it ended."""
    from banwatch.cli.views.incidents import show_detected, show_past_view
    from banwatch.cli.views.messages import note
    from banwatch.observatory import work
    from banwatch.pipeline.reading.detect_table import detect_in_table, parse_as_of, read_signals
    from banwatch.pipeline.reading.read_store import read_past_view

    moment = parse_as_of(as_of)
    if verdicts is None and moment is not None:
        show_past_view(read_past_view(store, moment), as_json=as_json)
        return
    if verdicts is not None:
        found = detect_in_table(verdicts, moment, note)
    else:
        found = work.detect(store, with_cells=why)
    show_detected(
        found.only(incident_id=incident and incident.upper(), probe_cc=cc),
        signals=read_signals(signals, note),
        why=why,
        is_foreign=verdicts is not None,
        as_json=as_json,
    )
