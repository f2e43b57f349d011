"""`banwatch rebuild`: make the tiers again from the archive."""

from datetime import datetime
from typing import Annotated

import typer

_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def rebuild(
        store: Annotated[
            str, typer.Option(help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE")
        ] = "banwatch.duckdb",
        from_tier: Annotated[
            str, typer.Option("--from", help="First tier to make again: observation, evidence or verdict.")
        ] = "observation",
        since: Annotated[datetime | None, typer.Option(formats=_DATES, help="From then on (UTC).")] = None,
        until: Annotated[
            datetime | None, typer.Option(formats=_DATES, help="Until before then (UTC).")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Report as one JSON object.")] = False,
    ) -> None:
        """Make every tier above the archive again; the same archive gives the same content.

        Prints a digest of each tier, by which two stores can be compared.
        """
        import msgspec
        from rich.console import Console

        from banwatch.cli.views.progress import piece_progress
        from banwatch.collector import writable
        from banwatch.store import Store
        from banwatch.store.tables import MEASURED

        console = Console(stderr=True)
        with piece_progress("Rebuilding") as progress, writable(store, renew=True) as writer:
            report = writer.rebuild(from_tier=from_tier, since=since, until=until, progress=progress)
        with Store.open(store, read_only=True) as opened:
            digests = {name: opened.digest(name) for name in MEASURED}
        if as_json:
            print(msgspec.json.encode({"measurements": report.measurements, "digests": digests}).decode())
        else:
            text = f"{report.measurements:,} measurements made again"
            if report.quarantined:
                text += f", {report.quarantined:,} lines cannot be read: see the table quarantine"
            console.print(text, highlight=False)
            for name, digest in digests.items():
                print(f"{name} {digest}")
