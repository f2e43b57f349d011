"""Results of backups, restores and checks of backups."""

from banwatch.cli.views.json_lines import print_json
from banwatch.observatory.backup import BackupCheck, BackupReport
from banwatch.store.backups.backup_folder import Generation


def show_backup(report: BackupReport, *, as_json: bool) -> None:
    """Print what a backup holds, and what it could not copy."""
    if as_json:
        print_json(report)
        return
    print(f"backup {report.generation}: {report.files:,} files, {report.size_bytes:,} bytes")
    for problem in report.damaged:
        print(f"problem: {problem}")


def show_restored(generation: Generation, store: str, *, as_json: bool) -> None:
    """Print which backup was restored."""
    if as_json:
        print_json({"generation": generation.number, "made_at": generation.made_at, "store": store})
        return
    print(f"{store} is as it was at {generation.made_at:%Y-%m-%d %H:%M} UTC (backup {generation.number})")


def show_backup_check(found: BackupCheck, *, as_json: bool) -> None:
    """Print the generations of a backup, and its problems."""
    if as_json:
        print_json(found)
        return
    print(f"{len(found.generations):,} whole lists of backups: {', '.join(map(str, found.generations))}")
    for problem in found.problems:
        print(f"problem: {problem}")
    print("sound" if found.sound else "NOT sound")
