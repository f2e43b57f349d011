"""`banwatch verify BUNDLE`: check an evidence bundle without a network."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import JsonOption


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def verify(
        bundle: Annotated[Path, typer.Argument(help="An evidence bundle, as a bulletin carries it.")],
        publisher: Annotated[
            str | None,
            typer.Option(help="Public key, or its file: the bundle has to be signed by it."),
        ] = None,
        as_json: JsonOption = False,
    ) -> None:
        """Check that a bundle is whole, and judge its measurements again; exit code 1 where it fails."""
        from banwatch.bulletin.verify import verify_bundle
        from banwatch.cli.views.progress import piece_progress
        from banwatch.cli.views.verification import show_verification

        with piece_progress("judging again") as progress:
            found = verify_bundle(bundle, progress, publisher=publisher)
        show_verification(found, as_json=as_json)
        if not found.consistent:
            raise typer.Exit(1)
