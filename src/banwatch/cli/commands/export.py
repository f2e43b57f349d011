"""`banwatch export`: carry a tier out of the store."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def export(
        tier: Annotated[
            str,
            typer.Argument(
                help="measurement, observation, evidence, verdict, cell, change, incident or comparison."
            ),
        ] = "verdict",
        out: Annotated[Path, typer.Option(help="Folder for the data and what belongs to them.")] = Path(
            "export"
        ),
        format_name: Annotated[str, typer.Option("--format", help="parquet, csv or jsonl.")] = "parquet",
        store: Annotated[
            str, typer.Option(help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE")
        ] = "banwatch.duckdb",
        cc: Annotated[str | None, typer.Option(help="Country, such as KP.")] = None,
        asn: Annotated[str | None, typer.Option(help="Network, such as AS131279.")] = None,
        target: Annotated[str | None, typer.Option(help="Target, such as youtube.com.")] = None,
        since: Annotated[datetime | None, typer.Option(formats=_DATES, help="From then on (UTC).")] = None,
        until: Annotated[
            datetime | None, typer.Option(formats=_DATES, help="Until before then (UTC).")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Report as one JSON object.")] = False,
    ) -> None:
        """Write a tier as Parquet, CSV or JSON lines, with a datapackage.json, licence and citation."""
        import msgspec
        from rich.console import Console

        from banwatch.model.errors import BanwatchError
        from banwatch.model.ids import parse_asn
        from banwatch.store import Store
        from banwatch.store.export import ExportFilter, export

        if asn is not None and not parse_asn(asn.upper()):
            raise BanwatchError(f"{asn!r} is no network", "Give its AS number, such as AS131279")
        wanted = ExportFilter(
            probe_cc=cc.upper() if cc else None,
            probe_asn=parse_asn(asn.upper()) if asn else None,
            target=target,
            since=since,
            until=until,
        )
        console = Console(stderr=True)
        with Store.open(store, read_only=True) as opened, console.status("Exporting"):
            done = export(opened, tier, format_name, out, wanted)
        if as_json:
            print(msgspec.json.encode(done).decode())
        else:
            console.print(f"{done.rows:,} rows in {out / done.files[0]}", highlight=False)
