"""`banwatch rebuild`: make the tiers again from the archive."""

from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, SinceOption, StoreOption, UntilOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rebuild")(_rebuild)


def _rebuild(
    store: StoreOption = DEFAULT_STORE,
    from_tier: Annotated[
        str, typer.Option("--from", help="First tier to make again: observation, evidence or verdict.")
    ] = "observation",
    since: SinceOption = None,
    until: UntilOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make every tier above the archive again; the same archive gives the same content.

    Prints a digest of each tier, by which two stores can be compared.
    """
    from banwatch.cli.views.progress import piece_progress
    from banwatch.cli.views.store_work import show_rebuild
    from banwatch.observatory import work
    from banwatch.pipeline.reading.read_store import digest_measured

    with piece_progress("Rebuilding") as progress:
        report = work.rebuild(store, from_tier=from_tier, since=since, until=until, progress=progress)
    show_rebuild(report, digest_measured(store), as_json=as_json)
