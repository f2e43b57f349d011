"""`banwatch retract` and `banwatch decisions`: measurements that do not count, and the public log of why."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonLinesOption, JsonOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("retract")(_retract)
    app.command("decisions")(_decisions)


def _retract(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="UID|PROBE|REPORT|WINDOW",
            help="A measurement, probe or report (uid:, probe: or report: before it decide), or a window: "
            "2026-03-01/2026-03-02,KE,AS64500.",
        ),
    ],
    why: Annotated[str, typer.Option("--why", help="Reason; it is public.")],
    store: StoreOption = DEFAULT_STORE,
    undo: Annotated[bool, typer.Option("--undo", help="Let the measurements count again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take measurements out of everything above the archive, and detect again.

    The raw lines stay. The decision is in a public, append-only log beside the store, which rebuilds follow.
    """
    from banwatch.cli.views.decisions import show_retraction
    from banwatch.observatory.decide import retract_measurements

    show_retraction(retract_measurements(store, subject, why, undo=undo), undo=undo, as_json=as_json)


def _decisions(
    store: StoreOption = DEFAULT_STORE,
    follow: Annotated[
        Path | None,
        typer.Option(
            "--follow",
            metavar="FILE",
            help="Take over the decisions in the log of the observatory that this store mirrors.",
        ),
    ] = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Print the public log: retractions, redactions, and incidents confirmed or rejected."""
    from banwatch.cli.views.decisions import show_decisions, show_followed
    from banwatch.observatory.decide import follow_log, read_public_log

    if follow is not None:
        show_followed(follow_log(store, follow))
    show_decisions(read_public_log(store), as_json=as_json)
