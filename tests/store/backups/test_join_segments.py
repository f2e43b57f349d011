"""Small segments are joined: every line stays where rows say, also if the join is stopped at any moment."""

import subprocess
import sys
from pathlib import Path

import pytest

from banwatch import reference
from banwatch.pipeline.rebuild import rebuild
from banwatch.store import Store
from banwatch.store.audit import audit
from banwatch.store.backups import join_segments as joining
from banwatch.store.backups.join_segments import finish_join, join_segments
from banwatch.store.bookkeeping import Quarantined
from tests.store.backups.archived import fill, raw_lines

TIERS = ("measurement", "observation", "evidence", "verdict")
STOPPED = """
import os, sys
from banwatch.store import Store
from banwatch.store.backups import join_segments as joining
{before}
with Store.open(sys.argv[1]) as store:
    joining.join_segments(store)
"""
MOMENTS = {
    "before the rows change": "Store.transaction = lambda self: os._exit(9)",
    "before the small ones are deleted": """
true, count = joining.finish_join, 0
def finish(store):
    global count
    count += 1
    if count == 2: os._exit(9)
    true(store)
joining.finish_join = finish
""",
}


def test_lines_quarantine_and_tiers_are_as_before(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path)
        lines = raw_lines(store)
        digests = {name: store.digest(name) for name in TIERS}
        bad = [store.archive.line(q.segment, q.position) for q in store.rows(Quarantined)]
        report = join_segments(store)
        assert (report.before, report.after, report.lines) == (3, 1, 15)
        assert len(store.segments()) == len(store.archive.names()) == 1
        assert raw_lines(store) == lines
        assert [store.archive.line(q.segment, q.position) for q in store.rows(Quarantined)] == bad
        assert audit(store).sound
        assert join_segments(store).before == 0  # one segment has no neighbour
        rebuild(store, reference.load())
        assert {name: store.digest(name) for name in TIERS} == digests
        assert raw_lines(store) == lines


def test_large_segments_and_few_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path, files=2)
        before = store.segments()
        assert join_segments(store, at_least=3).after == 0
        monkeypatch.setattr(joining, "SMALL_BYTES", 10)
        assert join_segments(store).after == 0
        assert store.segments() == before


def test_a_damaged_segment_is_not_joined_and_nothing_changes(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path, files=2)
        path = store.archive.path_of(store.segments()[0].segment)
        path.write_bytes(path.read_bytes()[:-3])
        with pytest.raises(Exception, match="damaged"):
            join_segments(store)
        assert len(store.segments()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("moment", sorted(MOMENTS))
@pytest.mark.parametrize("then", ["join", "rebuild"])
def test_a_join_that_is_killed_loses_and_doubles_nothing(tmp_path: Path, moment: str, then: str) -> None:
    path = tmp_path / "s.duckdb"
    with Store.open(path) as store:
        fill(store, tmp_path)
        lines = raw_lines(store)
    script = STOPPED.format(before=MOMENTS[moment])
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=120).returncode == 9
    with Store.open(path) as store:
        assert raw_lines(store) == lines
        if then == "join":
            join_segments(store)
            assert len(store.segments()) == len(store.archive.names()) == 1
        else:
            assert rebuild(store, reference.load()).measurements == len(lines)
            finish_join(store)
        assert raw_lines(store) == lines
        assert audit(store).sound
        assert not audit(store).unreferenced
