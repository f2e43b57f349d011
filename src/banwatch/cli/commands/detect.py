"""`banwatch detect`: from cells to changes and incidents."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, StoreOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("detect")(_detect)


def _detect(
    store: StoreOption = DEFAULT_STORE,
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
    from banwatch.cli.views.detected import show_detected, show_past_view
    from banwatch.cli.views.messages import note
    from banwatch.observatory import work
    from banwatch.pipeline.detect_table import detect_in_table, parse_as_of, read_signals
    from banwatch.pipeline.read_store import read_past_view

    moment = parse_as_of(as_of)
    if verdicts is None and moment is not None:
        show_past_view(read_past_view(store, moment), as_json=as_json)
        return
    if verdicts is not None:
        found = detect_in_table(verdicts, moment, note)
    else:
        found = work.detect(store, with_cells=why)
    show_detected(
        found,
        signals=read_signals(signals),
        why=why,
        is_foreign=verdicts is not None,
        as_json=as_json,
    )
