"""`banwatch verify BUNDLE`: check an evidence bundle without a network."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def verify(
        bundle: Annotated[Path, typer.Argument(help="An evidence bundle, as a bulletin carries it.")],
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
    ) -> None:
        """Check that a bundle is whole, and judge its measurements again; exit code 1 where it fails."""
        from banwatch.bulletin.verification_text import verification_json, verification_lines
        from banwatch.bulletin.verify import verify_bundle
        from banwatch.cli.views.progress import piece_progress

        with piece_progress("judging again") as report:
            found = verify_bundle(bundle, report)
        for line in verification_json(found) if as_json else verification_lines(found):
            print(line)
        if not found.holds:
            raise typer.Exit(1)
