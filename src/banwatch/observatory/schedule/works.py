"""Work that an observatory does by itself: ingest, detection, backup and retention."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from banwatch.collector.inbox import inbox_path
from banwatch.collector.owner import Owner
from banwatch.collector.ownership import DirectWriter
from banwatch.model.duration import parse_duration
from banwatch.net.linux.capacity import usable_cores
from banwatch.observatory.backup import back_up
from banwatch.observatory.schedule.scheduler import Task
from banwatch.observatory.settings.tables import Settings
from banwatch.store import Store
from banwatch.store.rebuilding import past_verdicts_before


def scheduled_tasks(settings: Settings, owner: Owner) -> Iterator[Task]:
    """Give the tasks that the settings ask for; those of messages come from `alerting`."""
    if settings.ingest.sources:
        yield Task(
            name="ingest",
            every=parse_duration(settings.ingest.every),
            work=lambda: _ingest(settings, owner),
        )
    if settings.ingest.sources or settings.collector.enabled:
        every = parse_duration(settings.detect.every)
        # each ingest is followed by a detection: the first one of the clock alone has time
        yield Task(name="detect", every=every, first_after=every, work=lambda: _detect(owner))
    if settings.backup.folder:
        yield Task(
            name="backup", every=parse_duration(settings.backup.every), work=lambda: _back_up(settings)
        )
    if settings.retention.aside or settings.retention.past_verdicts:
        yield Task(
            name="retention",
            every=parse_duration(settings.retention.every),
            work=lambda: _retain(settings, owner, datetime.now(UTC)),
        )


def _ingest(settings: Settings, owner: Owner) -> str:
    """Bring in what is new; the turn is given back between sources, and detection follows."""
    accepted = quarantined = 0
    for source in settings.ingest.sources:
        with owner.turn:
            report = DirectWriter(owner.store).ingest(
                [source], jobs=usable_cores(), source_class=settings.ingest.source_class
            )
        accepted += report.accepted
        quarantined += report.quarantined
    if accepted:
        _detect(owner)
    return f"{accepted} new measurements, {quarantined} set aside in quarantine"


def _detect(owner: Owner) -> str:
    with owner.turn:
        report = DirectWriter(owner.store).detect()
    return f"{report.incidents} incidents, {report.unconfirmed} of them unconfirmed"


def _back_up(settings: Settings) -> str:
    report = back_up(settings.store, Path(settings.backup.folder), keep=settings.backup.keep)
    damage = f", {len(report.damaged)} segments damaged" if report.damaged else ""
    return f"backup {report.generation}: {report.files} files{damage}"


def _retain(settings: Settings, owner: Owner, now: datetime) -> str:
    """Delete what has passed its time."""
    files = rows = 0
    if settings.retention.aside:
        oldest = (now - parse_duration(settings.retention.aside)).timestamp()
        folder = inbox_path(Path(owner.store.archive.folder)) / "aside"
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.stat().st_mtime < oldest:
                path.unlink()
                files += 1
    if settings.retention.past_verdicts:
        before = now - parse_duration(settings.retention.past_verdicts)
        with owner.turn:
            rows = _forget_past_verdicts(owner.store, before)
    return f"{files} files and {rows} measurements' replaced verdicts deleted"


def _forget_past_verdicts(store: Store, before: datetime) -> int:
    count = 0
    while uids := past_verdicts_before(store, before):
        with store.transaction():
            store.delete("past_verdict", "measurement_uid", uids)
        count += len(uids)
    return count
