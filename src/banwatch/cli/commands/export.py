"""`banwatch export`: carry a tier out of the store."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import (
    DEFAULT_STORE,
    CountryOption,
    JsonOption,
    NetworkOption,
    SinceOption,
    StoreOption,
    TargetOption,
    UntilOption,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(_export)


def _export(
    tier: Annotated[
        str,
        typer.Argument(
            help="Tier: measurement, observation, evidence, verdict, cell, change, incident or comparison."
        ),
    ] = "verdict",
    out: Annotated[
        Path, typer.Option(help="Directory for the data, their description, licence and citation.")
    ] = Path("export"),
    format_name: Annotated[
        str, typer.Option("--format", help="File format: parquet, csv or jsonl.")
    ] = "parquet",
    store: StoreOption = DEFAULT_STORE,
    cc: CountryOption = None,
    asn: NetworkOption = None,
    target: TargetOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a tier as Parquet, CSV or JSON lines, with a datapackage.json, licence and citation."""
    from banwatch.cli.views.progress import status
    from banwatch.cli.views.store_work import show_export
    from banwatch.pipeline.trust.decisions import copy_decisions
    from banwatch.store import Store
    from banwatch.store.exporting.export import ExportFilter, export

    wanted = ExportFilter(
        probe_cc=cc,
        probe_asn=asn,
        target=target,
        since=since,
        until=until,
    )
    with Store.open(store, read_only=True) as opened, status("Exporting"):
        done = export(opened, tier, format_name, out, wanted)
        copy_decisions(opened, out, done)
    show_export(done, out, as_json=as_json)
