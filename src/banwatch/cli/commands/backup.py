"""`banwatch backup`, `restore` and `check`: copies of a store that prove themselves."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, StoreOption

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the backups.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup")(_backup)
    app.command("restore")(_restore)
    app.command("check")(_check)


def _backup(
    folder: FolderArgument,
    store: StoreOption = DEFAULT_STORE,
    keep: Annotated[int, typer.Option(min=1, help="Number of backups that stay.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Back up a store, also while it serves: what was copied before is not copied again.

    Database, archive, inbox, keys and logs are in it: keep the folder as safe as the store. Exit code 1
    where a part of the store is damaged and in no earlier backup.
    """
    from banwatch.cli.views.backup import show_backup
    from banwatch.cli.views.progress import piece_progress
    from banwatch.observatory.backup import back_up

    with piece_progress("Backing up") as progress:
        report = back_up(store, folder, keep=keep, progress=progress)
    show_backup(report, as_json=as_json)
    if report.damaged:
        raise typer.Exit(1)


def _restore(
    folder: FolderArgument,
    store: StoreOption = DEFAULT_STORE,
    generation: Annotated[
        int | None, typer.Option(min=1, help="Number of the backup; the last by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a store from a backup, to a path where there is none; every byte is compared with its hash."""
    from banwatch.cli.views.backup import show_restored
    from banwatch.cli.views.progress import piece_progress
    from banwatch.observatory.backup import restore

    with piece_progress("Restoring") as progress:
        restored = restore(folder, store, number=generation, progress=progress)
    show_restored(restored, store, as_json=as_json)


def _check(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Read every byte of a folder of backups; exit code 1 where one is missing or damaged.

    `banwatch archive check` does the same for a store.
    """
    from banwatch.cli.views.backup import show_backup_check
    from banwatch.observatory.backup import check

    found = check(folder)
    show_backup_check(found, as_json=as_json)
    if not found.sound:
        raise typer.Exit(1)
