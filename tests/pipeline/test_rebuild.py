"""Rebuilt tiers equal the earlier ones in every value."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from msgspec.structs import replace

from banwatch import reference
from banwatch.judge import judge
from banwatch.model.errors import BanwatchError
from banwatch.model.evidence import Evidence
from banwatch.model.reference import Reference
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.pipeline import commit, worker
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.rebuild import rebuild, rejudge
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from banwatch.store.bookkeeping import LogEntry
from banwatch.store.tables import MEASURED
from tests.pipeline.measurement_lines import line, uid, write

EVERYTHING = (*MEASURED, "entry", "segment", "quarantine")


@pytest.fixture(scope="module")
def reference_data() -> Reference:
    """Give the shipped reference data."""
    return reference.load()


@pytest.fixture
def store_path(tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a store of several segments, with conflicts, duplicates and quarantine."""
    monkeypatch.setattr(commit.Committer.__init__, "__kwdefaults__", {"segment_bytes": 1})
    files = [
        write(tmp_path / "1.jsonl", [line(n) for n in range(6)] + [b"broken"]),
        write(tmp_path / "2.jsonl", [line(0, probe_cc="IR"), line(3), line(7, day=2)]),
        write(tmp_path / "3.jsonl", [line(0, probe_cc="CN"), b"[]", line(8, day=3), line(9, day=3)]),
    ]
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, files, reference_data)
    return tmp_path / "s.duckdb"


def _digests(store: Store) -> dict[str, str]:
    return {name: store.digest(name) for name in EVERYTHING}


@pytest.mark.parametrize("tier", ["observation", "evidence", "verdict"])
@pytest.mark.parametrize("since", [None, datetime(2016, 4, 2, tzinfo=UTC)])
def test_rebuilt_from_any_tier_it_is_the_same(
    store_path: Path, reference_data: Reference, tier: str, since: datetime | None
) -> None:
    with Store.open(store_path) as store:
        before = _digests(store)
        report = rebuild(store, reference_data, from_tier=tier, since=since)
        assert report.measurements == (3 if since else 9)
        assert _digests(store) == before


@pytest.mark.parametrize("name", MEASURED)
def test_what_was_changed_by_hand_is_put_right(
    store_path: Path, reference_data: Reference, name: str
) -> None:
    with Store.open(store_path) as store:
        before = _digests(store)
        with store.transaction():
            store.delete(name, "measurement_uid", [uid(1), uid(2)])
        assert _digests(store) != before
        assert audit(store).problems != () or name == "observation"
        rebuild(store, reference_data)
        assert _digests(store) == before


def test_a_lost_database_is_made_again_from_the_archive(store_path: Path, reference_data: Reference) -> None:
    with Store.open(store_path) as store:
        before = _digests(store)
    store_path.unlink()
    with Store.open(store_path) as store:
        rebuild(store, reference_data)
        assert _digests(store) == before
        assert queries.copies(store, uid(0)) == [line(0), line(0, probe_cc="IR"), line(0, probe_cc="CN")]
        assert audit(store).problems == ()


def test_a_line_that_we_could_not_read_is_read_when_we_can(
    tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = worker.judge_wire  # type: ignore[attr-defined]  # what the module imported

    def fail(*anything: object, **more: object) -> object:
        raise ZeroDivisionError

    with Store.open(tmp_path / "s.duckdb") as store:
        monkeypatch.setattr(worker, "judge_wire", fail)
        assert ingest(store, [write(tmp_path / "a.jsonl", [line(0)])], reference_data).quarantined == 1
        monkeypatch.setattr(worker, "judge_wire", true)
        assert rebuild(store, reference_data).measurements == 1
        assert queries.counts(store)["quarantine"] == 0
        assert audit(store).problems == ()


def test_a_missing_segment_stops_a_rebuild_and_changes_nothing(
    store_path: Path, reference_data: Reference
) -> None:
    """A disk that is not there must not empty the tables."""
    with Store.open(store_path) as store:
        before = _digests(store)
        victim = store.archive.path_of(store.archive.names()[1])
        kept = victim.read_bytes()
        victim.unlink()
    with Store.open(store_path) as store:
        with pytest.raises(BanwatchError, match="the archive is damaged"):
            rebuild(store, reference_data)
        assert _digests(store) == before
        assert len(audit(store).problems) == 1
        victim.write_bytes(kept)
    with Store.open(store_path) as store:
        rebuild(store, reference_data)
        assert _digests(store) == before


def _measured(store: Store) -> dict[str, str]:
    """Digest the tiers; places of lines differ after a salvage."""
    return {name: store.digest(name) for name in MEASURED}


@pytest.mark.parametrize("place", ["first frame", "index", "cut"])
def test_what_is_whole_of_a_damaged_segment_is_kept(
    tmp_path: Path, reference_data: Reference, place: str
) -> None:
    path, sources = tmp_path / "s.duckdb", [write(tmp_path / f"{n}.jsonl", [line(n)]) for n in range(3)]
    with Store.open(path) as store:
        ingest(store, [*sources, write(tmp_path / "b.jsonl", [line(3), line(4)])], reference_data)
        before = _measured(store)
        (name,) = store.archive.names()
        index = store.archive.index(name)
        assert len(index.frame_sizes) == 4
    victim = store.archive.path_of(name)
    data = bytearray(victim.read_bytes())
    end_of_frames = index.frame_offsets[-1] + index.frame_sizes[-1]
    at = {"first frame": 30, "index": end_of_frames + 40, "cut": -1}[place]
    data[at] ^= 4
    victim.write_bytes(data[: end_of_frames + 9] if place == "cut" else data)
    with Store.open(path) as store:
        report = rebuild(store, reference_data)
        (salvage,) = report.salvaged
        lost = 1 if place == "first frame" else 0
        assert (salvage.segment, salvage.lines) == (name, 5 - lost)
        assert salvage.lost_lines in (lost, -1)
        assert report.measurements == 5 - lost
        assert audit(store).sound
        assert (_measured(store) == before) is not bool(lost)
        assert (store.archive.folder / "damaged" / victim.name).is_file()
        assert rebuild(store, reference_data).salvaged == ()
        ingest(store, [write(tmp_path / "again.jsonl", [line(n) for n in range(5)])], reference_data)
        assert _measured(store) == before


def test_a_database_copied_without_its_log_gets_the_rest_from_the_archive(
    store_path: Path, reference_data: Reference, tmp_path: Path
) -> None:
    stale = store_path.read_bytes()
    with Store.open(store_path) as store:
        ingest(store, [write(tmp_path / "late.jsonl", [line(50), line(51)])], reference_data)
        before = _digests(store)
    store_path.write_bytes(stale)
    with Store.open(store_path) as store:
        assert _digests(store) != before
        assert len(audit(store).unreferenced) == 1
        assert rebuild(store, reference_data).adopted == 1
        assert _digests(store) == before
        assert audit(store).unreferenced == ()


def test_every_page_of_the_tables_is_read(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(store_path) as store:
        true = store.batches

        def fail(expression: Any, rows: int = 8192) -> Any:
            if "observation" in str(expression.get_name()):
                raise BanwatchError("a block is damaged", "Rebuild")
            return true(expression, rows)

        monkeypatch.setattr(store, "batches", fail)
        assert any("observation" in problem and "block" in problem for problem in audit(store).problems)


def test_judged_again_it_says_the_same(store_path: Path) -> None:
    with Store.open(store_path) as store:
        before = _digests(store)
        assert rejudge(store).measurements == 9
        assert _digests(store) == before


def test_verdicts_of_an_earlier_ruleset_stay_readable(store_path: Path) -> None:
    def otherwise(evidence: Evidence) -> Verdict:
        return replace(judge(evidence), ruleset="other", state=State.IMPAIRED)

    with Store.open(store_path) as store:
        before = _digests(store)
        old = queries.verdicts_of(store, uid(1))
        rejudge(store, judge=otherwise)
        assert queries.past_verdicts(store, uid(1)) == old
        (new,) = queries.verdicts_of(store, uid(1))
        assert (new.ruleset, new.state) == ("other", State.IMPAIRED)
        for _ in range(2):
            rejudge(store)
            rejudge(store, judge=otherwise, since=datetime(2016, 4, 2, tzinfo=UTC))
        rejudge(store)
        assert _digests(store) == before
        assert queries.past_verdicts(store, uid(1)) == sorted([*old, new], key=lambda v: v.ruleset)


def test_the_archive_alone_is_moved_to_another_machine(
    store_path: Path, reference_data: Reference, tmp_path: Path
) -> None:
    with Store.open(store_path) as store:
        before = _digests(store)
    there = tmp_path / "there" / "s.duckdb"
    shutil.copytree(store_path.with_name("s.duckdb.archive"), there.with_name("s.duckdb.archive"))
    with Store.open(there) as store:
        rebuild(store, reference_data)
        assert _digests(store) == before


def test_another_versions_store_is_made_again_in_place(store_path: Path, reference_data: Reference) -> None:
    with Store.open(store_path) as store:
        before = _digests(store)
        with store.transaction():
            store.append("log", [LogEntry(said_at=datetime(2016, 4, 1, tzinfo=UTC), subject="x", says="y")])
    with duckdb.connect(str(store_path)) as other:
        other.execute("UPDATE property SET value = 'other' WHERE name = 'shape'")
        other.execute("DROP VIEW evidence")
        other.execute("CREATE TABLE evidence (hops INT)")
    with pytest.raises(BanwatchError, match="another version") as caught:
        Store.open(store_path)
    assert "banwatch rebuild" in caught.value.do
    with Store.open(store_path, renew=True) as store:
        rebuild(store, reference_data)
        assert _digests(store) == before
        assert len(store.rows(LogEntry)) == 1


def test_there_is_no_such_tier(store_path: Path, reference_data: Reference) -> None:
    with Store.open(store_path) as store, pytest.raises(BanwatchError, match="no tier 'cake'"):
        rebuild(store, reference_data, from_tier="cake")
