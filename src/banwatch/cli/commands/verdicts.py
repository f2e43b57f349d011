"""`banwatch verdicts`: what was judged."""

from datetime import datetime
from typing import Annotated

import typer

_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def verdicts(
        store: Annotated[
            str, typer.Option(help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE")
        ] = "banwatch.duckdb",
        cc: Annotated[str | None, typer.Option(help="Country, such as KP.")] = None,
        asn: Annotated[str | None, typer.Option(help="Network, such as AS131279.")] = None,
        tier: Annotated[str | None, typer.Option(help="Access tier, such as visitor.")] = None,
        target: Annotated[str | None, typer.Option(help="Target, such as youtube.com.")] = None,
        state: Annotated[str | None, typer.Option(help="State, such as blocked.")] = None,
        since: Annotated[datetime | None, typer.Option(formats=_DATES, help="From then on (UTC).")] = None,
        until: Annotated[
            datetime | None, typer.Option(formats=_DATES, help="Until before then (UTC).")
        ] = None,
        limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, all of them.")] = False,
    ) -> None:
        """Show what was judged, in order of time."""
        import sys

        from banwatch.cli.views.verdict_rows import show_table, to_line
        from banwatch.model.errors import BanwatchError
        from banwatch.model.ids import parse_asn
        from banwatch.model.state import State
        from banwatch.store import Store, queries

        if state is not None and state not in set(State):
            raise BanwatchError(f"there is no state {state!r}", f"Choose one of {', '.join(State)}")
        if asn is not None and not parse_asn(asn.upper()):
            raise BanwatchError(f"{asn!r} is no network", "Give its AS number, such as AS131279")
        equal = {
            "probe_cc": cc.upper() if cc else None,
            "probe_asn": parse_asn(asn.upper()) if asn else None,
            "access_tier": tier,
            "target": target,
            "state": state,
        }
        with Store.open(store, read_only=True) as opened:
            batches = queries.verdicts_in_batches(
                opened, equal=equal, since=since, until=until, limit=limit if as_json else limit or 200
            )
            if as_json:
                for batch in batches:
                    sys.stdout.writelines(f"{to_line(verdict)}\n" for verdict in batch)
            else:
                total = queries.count_verdicts(opened, equal=equal, since=since, until=until)
                show_table([verdict for batch in batches for verdict in batch], total)
