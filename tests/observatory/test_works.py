"""Scheduled work on a real store: a folder is brought in, backed up beside it, and what is old goes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from banwatch.collector import own
from banwatch.collector.owner import Owner
from banwatch.observatory.backup import check
from banwatch.observatory.schedule.scheduler import Task
from banwatch.observatory.schedule.works import scheduled_tasks
from banwatch.observatory.settings.overrides import override
from banwatch.observatory.settings.tables import Settings
from banwatch.store import queries
from tests.pipeline.measurement_lines import line, write


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    with own(tmp_path / "s.duckdb") as owned:
        assert owned is not None
        yield owned


def _tasks(owner: Owner, tmp_path: Path, **options: object) -> dict[str, Task]:
    named = {key.replace("__", "."): value for key, value in options.items()}
    settings = override(Settings(store=str(tmp_path / "s.duckdb")), named)
    return {task.name: task for task in scheduled_tasks(settings, owner)}


def test_nothing_is_scheduled_that_nobody_asked_for(owner: Owner, tmp_path: Path) -> None:
    assert _tasks(owner, tmp_path) == {}
    assert list(_tasks(owner, tmp_path, collector__enabled=True)) == ["detect"]


def test_a_folder_is_brought_in_again_and_again_and_counts_once(
    owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banwatch.observatory.schedule.works.usable_cores", lambda: 1)
    folder = tmp_path / "incoming"
    folder.mkdir()
    write(folder / "a.jsonl", [line(1), line(2)])
    ingest = _tasks(owner, tmp_path, ingest__sources=[str(folder)])["ingest"]
    assert ingest.work() == "2 new measurements, 0 set aside in quarantine"
    write(folder / "b.jsonl", [line(2), line(3)])
    assert ingest.work().startswith("1 new measurement")
    assert ingest.work().startswith("0 new measurements")
    assert len(queries.verdicts(owner.store)) == 3


def test_a_backup_is_made_by_the_process_that_serves(owner: Owner, tmp_path: Path) -> None:
    backup = _tasks(owner, tmp_path, backup__folder=str(tmp_path / "backups"))["backup"]
    assert backup.work().startswith("backup 1: ")
    assert check(tmp_path / "backups").sound


def test_files_put_aside_go_after_their_time(owner: Owner, tmp_path: Path) -> None:
    aside = tmp_path / "s.duckdb.inbox" / "aside"
    aside.mkdir(parents=True)
    for name, age_s in (("old", 9 * 86_400), ("new", 60)):
        (aside / name).write_text("x")
        at = (aside / name).stat().st_mtime - age_s
        os.utime(aside / name, (at, at))
    retention = _tasks(owner, tmp_path, retention__aside="7d", retention__past_verdicts="30d")["retention"]
    assert retention.work() == "1 files and 0 measurements' replaced verdicts deleted"
    assert [path.name for path in aside.iterdir()] == ["new"]
