"""`banwatch archive`: the raw measurements, and the proof that all of them are there."""

from typing import Annotated

import typer

_Store = Annotated[str, typer.Option("--store", help="The database.", envvar="BANWATCH_STORE")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    archive = typer.Typer(help="The raw measurements as they came.", no_args_is_help=True)

    @archive.command()
    def check(
        store: _Store = "banwatch.duckdb",
        as_json: Annotated[bool, typer.Option("--json", help="Report as one JSON object.")] = False,
    ) -> None:
        """Check every segment's hash and every row's place; exit code 1 where something is wrong."""
        import msgspec

        from banwatch.cli.views.progress import piece_progress
        from banwatch.store import Store
        from banwatch.store.audit import audit

        with Store.open(store, read_only=True) as opened, piece_progress("Checking") as progress:
            found = audit(opened, progress)
        if as_json:
            print(msgspec.json.encode(found).decode())
        else:
            print(
                f"{found.segments:,} segments, {found.lines:,} lines, {found.measurements:,} measurements, "
                f"{found.conflicts:,} conflicting copies, {found.quarantined:,} in quarantine"
            )
            for problem in found.problems:
                print(f"problem: {problem}")
            for name in found.unreferenced:
                print(f"not referenced (an ingest was stopped there): {name}")
            print("sound" if found.sound else "NOT sound")
        if not found.sound:
            raise typer.Exit(1)

    @archive.command()
    def show(
        uid: Annotated[str, typer.Argument(metavar="UID")],
        store: _Store = "banwatch.duckdb",
        copies: Annotated[bool, typer.Option(help="All conflicting copies, one a line.")] = False,
    ) -> None:
        """Print a measurement as it came."""
        import sys

        from banwatch.model.errors import BanwatchError, WireError
        from banwatch.store import Store, queries

        with Store.open(store, read_only=True) as opened:
            try:
                lines = queries.copies(opened, uid)
            except WireError as error:
                raise BanwatchError(error.reason, "Look with `banwatch archive check`") from error
        if not lines:
            raise BanwatchError(f"there is no measurement {uid!r}", "Find ids with `banwatch verdicts`")
        for line in lines if copies else lines[:1]:
            sys.stdout.buffer.write(line + b"\n")

    @archive.command()
    def quarantine(
        store: _Store = "banwatch.duckdb",
        limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1000,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    ) -> None:
        """List what could not be read: file, line and reason."""
        import msgspec

        from banwatch.store import Store, queries

        with Store.open(store, read_only=True) as opened:
            for row in queries.quarantined(opened, limit):
                print(
                    msgspec.json.encode(row).decode() if as_json else f"{row.source}:{row.line}: {row.reason}"
                )

    app.add_typer(archive, name="archive")
