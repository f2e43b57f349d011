"""`banwatch verdicts`: the verdicts of a store."""

from typing import Annotated

import typer

from banwatch.cli.options import (
    DEFAULT_STORE,
    CountryOption,
    JsonLinesOption,
    NetworkOption,
    RowFormat,
    RowFormatOption,
    SinceOption,
    StateOption,
    StoreOption,
    TargetOption,
    TierOption,
    UntilOption,
)
from banwatch.cli.parsing import parse_states


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verdicts")(_verdicts)


def _verdicts(
    store: StoreOption = DEFAULT_STORE,
    cc: CountryOption = None,
    asn: NetworkOption = None,
    tier: TierOption = None,
    target: TargetOption = None,
    state: StateOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Largest number of rows; 200 on a terminal, else all.",
            show_default="all",
        ),
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Print the number of verdicts alone.")] = False,
    row_format: RowFormatOption = RowFormat.TABLE,
    as_json: JsonLinesOption = False,
) -> None:
    """Show verdicts in order of time, whole: as a table, as CSV or as JSON lines.

    Example: banwatch verdicts --country "North Korea" --state blocked,likely_blocked --since 2016-04-01
    """
    from banwatch.cli.views.verdicts import show_count, show_verdicts
    from banwatch.pipeline.reading.verdict_filter import VerdictFilter
    from banwatch.store import Store

    wanted = VerdictFilter(
        probe_cc=cc,
        probe_asn=asn,
        access_tier=tier,
        target=target,
        state=parse_states(state),
        since=since,
        until=until,
    )
    with Store.open(store, read_only=True) as opened:
        show = show_count if count else show_verdicts
        show(wanted, opened, RowFormat.JSONL if as_json else row_format, limit)
