"""`banwatch reference`: the data that verdicts rest on, in snapshots."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonLinesOption, StoreFileOption

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="BANWATCH_REFERENCE", help="Directory of imported snapshots."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The data that verdicts rest on, in snapshots.", no_args_is_help=True)
    app.add_typer(group, name="reference")

    @group.command("ls")
    def list_snapshots(data_dir: DataDir = None, as_json: JsonLinesOption = False) -> None:
        """List every snapshot: shipped, installed with packages, imported."""
        from banwatch.cli.views.reference import show_snapshots
        from banwatch.reference import snapshots

        show_snapshots(snapshots.list_all(data_dir or snapshots.default_data_dir()), as_json=as_json)

    @group.command("import")
    def import_files(
        paths: Annotated[
            list[Path],
            typer.Argument(help="Fingerprint CSVs; test lists (folder, clone, zip); network CSVs."),
        ],
        as_of: Annotated[
            datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date of the data; by default today.")
        ] = None,
        source: Annotated[str, typer.Option(help="Source of the data.")] = "",
        licence: Annotated[str, typer.Option(help="Licence of the data.")] = "",
        countries: Annotated[
            Path | None, typer.Option(help="With network CSVs: file with columns first, last, country code.")
        ] = None,
        data_dir: DataDir = None,
        as_json: JsonLinesOption = False,
    ) -> None:
        """Import files of one kind as one snapshot; the newest of each kind is used from then on."""
        from datetime import UTC

        from banwatch.cli.views.messages import note
        from banwatch.cli.views.reference import show_snapshots
        from banwatch.reference.importing import import_files as run

        snapshot = run(
            paths,
            as_of=(as_of or datetime.now(UTC)).date(),
            source=source,
            licence=licence,
            countries=countries,
            data_dir=data_dir,
            note=note,
        )
        show_snapshots([snapshot], as_json=as_json)

    @group.command()
    def diff(
        earlier: Annotated[str, typer.Argument(help="Id of the earlier snapshot.")],
        later: Annotated[str, typer.Argument(help="Id of the later one.")],
        data_dir: DataDir = None,
        as_json: JsonLinesOption = False,
    ) -> None:
        """Show what changed from one snapshot to another."""
        from banwatch.cli.views.reference import show_difference
        from banwatch.reference.comparing import compare_snapshots

        show_difference(compare_snapshots(earlier, later, data_dir=data_dir), as_json=as_json)

    @group.command()
    def suggest(
        store: StoreFileOption = Path(DEFAULT_STORE),
        min_targets: Annotated[int, typer.Option(min=2, help="Unrelated sites that must share a page.")] = 3,
        as_json: JsonLinesOption = False,
    ) -> None:
        """Find pages that many unrelated sites share on one network: suspected block pages."""
        from banwatch.cli.views.reference import show_suggestions
        from banwatch.pipeline.reading.shared_pages import suggest_fingerprints

        show_suggestions(suggest_fingerprints(store, min_targets=min_targets), as_json=as_json)
