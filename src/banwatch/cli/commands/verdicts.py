"""`banwatch verdicts`: the verdicts of a store."""

from typing import Annotated

import typer

from banwatch.cli.options import (
    DEFAULT_STORE,
    CountryOption,
    JsonLinesOption,
    NetworkOption,
    SinceOption,
    StoreOption,
    TargetOption,
    UntilOption,
    parse_network,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verdicts")(_verdicts)


def _verdicts(
    store: StoreOption = DEFAULT_STORE,
    cc: CountryOption = None,
    asn: NetworkOption = None,
    tier: Annotated[str | None, typer.Option(help="Access tier, such as visitor.")] = None,
    target: TargetOption = None,
    state: Annotated[str | None, typer.Option(help="State, such as blocked.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Largest number of verdicts; by default 200, and with --json all."),
    ] = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Show verdicts in order of time."""
    from banwatch.cli.views.verdicts import print_verdicts, show_table
    from banwatch.pipeline.reading.verdict_filter import VerdictFilter, parse_state
    from banwatch.store import Store

    wanted = VerdictFilter(
        probe_cc=cc.upper() if cc else None,
        probe_asn=parse_network(asn),
        access_tier=tier,
        target=target,
        state=parse_state(state),
        since=since,
        until=until,
    )
    with Store.open(store, read_only=True) as opened:
        if as_json:
            print_verdicts(wanted.read(opened, limit))
        else:
            show_table(list(wanted.read(opened, limit or 200)), wanted.count(opened))
