"""`banwatch verify FILE`: check an evidence bundle, or a picture, without a network."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import JsonOption


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def verify(
        bundle: Annotated[
            Path,
            typer.Argument(help="An evidence bundle, as a bulletin carries it, or a picture (.svg, .png)."),
        ],
        publisher: Annotated[
            str | None,
            typer.Option(help="Public key, or its file: the bundle has to be signed by it."),
        ] = None,
        as_json: JsonOption = False,
    ) -> None:
        """Check that a bundle is whole, and judge its measurements again; exit code 1 where it fails.

        Of a picture, check that it and its data are as they were made.
        """
        if bundle.suffix.lower() in (".svg", ".png"):
            from banwatch.cli.views.picture_verification import show_picture

            if not show_picture(bundle, as_json=as_json):
                raise typer.Exit(1)
            return
        from banwatch.bulletin.verify import verify_bundle
        from banwatch.cli.views.progress import piece_progress
        from banwatch.cli.views.verification import show_verification

        with piece_progress("judging again") as progress:
            found = verify_bundle(bundle, progress, publisher=publisher)
        show_verification(found, as_json=as_json)
        if not found.consistent:
            raise typer.Exit(1)
