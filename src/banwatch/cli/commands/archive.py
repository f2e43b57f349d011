"""`banwatch archive`: the raw measurements, and the proof that all of them are there."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonLinesOption, JsonOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    archive = typer.Typer(help="The raw measurements as they came.", no_args_is_help=True)
    archive.command("check")(_check)
    archive.command("show")(_show)
    archive.command("quarantine")(_quarantine)
    archive.command("scrub")(_scrub)
    archive.command("redact")(_redact)
    archive.command("join")(_join)
    archive.command("freeze")(_freeze)
    archive.command("thaw")(_thaw)
    app.add_typer(archive, name="archive")


def _check(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Check every segment's hash and every row's place; exit code 1 where something is wrong."""
    from banwatch.cli.views.progress import piece_progress
    from banwatch.cli.views.store_work import show_audit
    from banwatch.pipeline.deciding.retract import retractions_of
    from banwatch.store import Store
    from banwatch.store.audit import audit

    with Store.open(store, read_only=True) as opened, piece_progress("Checking") as progress:
        found = audit(opened, progress, has_retractions=bool(retractions_of(opened)))
    show_audit(found, as_json=as_json)
    if not found.sound:
        raise typer.Exit(1)


def _show(
    uid: Annotated[str, typer.Argument(metavar="UID")],
    store: StoreOption = DEFAULT_STORE,
    copies: Annotated[bool, typer.Option(help="Print all conflicting copies, one a line.")] = False,
) -> None:
    """Print a measurement as it came."""
    from banwatch.cli.views.measurements import write_lines
    from banwatch.pipeline.reading.read_store import read_copies

    lines = read_copies(store, uid)
    write_lines(lines if copies else lines[:1])


def _quarantine(
    store: StoreOption = DEFAULT_STORE,
    limit: Annotated[int, typer.Option(min=1, help="Largest number of lines.")] = 1000,
    as_json: JsonLinesOption = False,
) -> None:
    """List the lines that could not be read: file, line and reason."""
    from banwatch.cli.views.measurements import show_quarantine
    from banwatch.store import Store, queries

    with Store.open(store, read_only=True) as opened:
        show_quarantine(queries.quarantined(opened, limit), as_json=as_json)


def _scrub(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Take the addresses of probes out of a store that an earlier version filled.

    Every copy in headers, pages and answers goes with them. Ids stay. The database file is written anew, so
    that no deleted page of it keeps an address. Nothing else may have the store open.
    """
    from banwatch.cli.views.progress import piece_progress
    from banwatch.cli.views.store_work import show_scrub
    from banwatch.observatory import work

    with piece_progress("Scrubbing") as progress:
        report = work.scrub(store, progress=progress)
    show_scrub(report, as_json=as_json)


def _redact(
    uid: Annotated[str, typer.Argument(metavar="UID")],
    why: Annotated[str, typer.Option("--why", help="Reason; it is public.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Remove the content of a measurement for good, where the law or a person's safety asks for it.

    Its hash and the reason stay, in the archive and in the public log. This cannot be undone. Copies and
    mirrors of the archive made before hold the content still.
    """
    from banwatch.cli.views.decisions import show_redaction
    from banwatch.observatory.decide import redact_measurement

    show_redaction(redact_measurement(store, uid, why), as_json=as_json)


def _join(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Join small segments: a journal brought in each minute leaves one each minute."""
    from banwatch.cli.views.store_work import show_join
    from banwatch.store import Store
    from banwatch.store.backups.join_segments import join_segments

    with Store.open(store) as opened:
        report = join_segments(opened)
    show_join(report, as_json=as_json)


def _freeze(
    to: Annotated[Path, typer.Option("--to", help="Folder of the cold store, on another disk.")],
    before: Annotated[str, typer.Option("--before", help="Time, like 2016-04-01.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Move the raw lines of old measurements to a folder elsewhere; verdicts and all other rows stay.

    While that folder is there, everything reads from it as before. A backup of the store does not hold it.
    """
    from banwatch.cli.parsing import parse_time
    from banwatch.cli.views.progress import piece_progress
    from banwatch.cli.views.store_work import show_move
    from banwatch.store import Store
    from banwatch.store.backups.cold_store import freeze

    at = parse_time(before)
    with Store.open(store) as opened, piece_progress("Moving") as progress:
        report = freeze(opened, to, at, progress)
    show_move(report, as_json=as_json)


def _thaw(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Bring all raw lines back from the cold store."""
    from banwatch.cli.views.progress import piece_progress
    from banwatch.cli.views.store_work import show_move
    from banwatch.store import Store
    from banwatch.store.backups.cold_store import thaw

    with Store.open(store) as opened, piece_progress("Moving") as progress:
        report = thaw(opened, progress)
    show_move(report, as_json=as_json)
