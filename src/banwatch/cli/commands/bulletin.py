"""`banwatch bulletin ID`: a publishable page with its pictures and its evidence."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, StoreFileOption


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def bulletin(
        subject: Annotated[
            str, typer.Argument(metavar="ID", help="A ban's name or an incident's id, e.g. dprk-2016.")
        ],
        store: StoreFileOption = Path(DEFAULT_STORE),
        to: Annotated[
            Path | None, typer.Option("--to", help="Directory to write to; by default bulletin-ID.")
        ] = None,
        key: Annotated[
            Path | None,
            typer.Option(
                "--key", help="File of the publisher's private key: signs the evidence; made if missing."
            ),
        ] = None,
        as_json: JsonOption = False,
    ) -> None:
        """Write a directory to publish: pages, pictures, feed and evidence bundle."""
        import json

        from banwatch.bulletin import publish
        from banwatch.bulletin.signing import signing_with
        from banwatch.cli.views.messages import note
        from banwatch.cli.views.progress import piece_progress
        from banwatch.pages.links import slug
        from banwatch.store import Store

        folder = to or Path(f"bulletin-{slug(subject.lower())}")
        sign = signing_with(
            key,
            announce=lambda public: note(f"signed by the key {public}: publish it where readers look for it"),
        )
        with (
            Store.open(store, read_only=True) as opened,
            piece_progress("pages") as progress,
        ):
            index = publish(opened, subject, folder, progress=progress, sign=sign)
        print(json.dumps({"subject": subject, "index": str(index)}) if as_json else index)
