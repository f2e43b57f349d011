"""A line whose segment was lost is taken again from its file; another line of its id is not."""

from pathlib import Path

import msgspec

from banwatch import reference
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store
from banwatch.store.audit import audit
from banwatch.store.backups.cold_store import freeze
from banwatch.store.bookkeeping import Entry
from tests.pipeline.measurement_lines import uid, write
from tests.store.backups.archived import fill, raw_lines
from tests.store.backups.test_cold_store import BEFORE

TIERS = ("measurement", "observation", "evidence", "verdict", "cell", "quarantine")


def _lose_first(store: Store) -> None:
    segment = store.segments()[0].segment
    store.archive.forget(segment)
    store.archive.path_of(segment).unlink()


def test_lost_lines_are_taken_again_and_all_is_as_before(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path, files=2)
        lines = raw_lines(store)
        digests = {name: store.digest(name) for name in TIERS if name != "quarantine"}
        _lose_first(store)
        assert not audit(store).sound
        report = ingest(store, [tmp_path / "0.jsonl"], reference.load())
        assert (report.accepted, report.duplicates, report.conflicts) == (0, 4, 0)
        assert raw_lines(store) == lines
        assert audit(store).sound
        assert audit(store).quarantined == 2
        assert {name: store.digest(name) for name in digests} == digests
        assert ingest(store, [tmp_path / "0.jsonl"], reference.load()).accepted == 0
        assert len(store.segments()) == 2


def test_the_files_of_other_segments_bring_nothing_twice(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path, files=2)
        _lose_first(store)
        before = store.segments()
        report = ingest(store, [tmp_path / "1.jsonl"], reference.load())
        assert (report.accepted, report.conflicts) == (0, 0)
        assert len(store.rows(Entry)) == 8
        assert [s.segment for s in store.segments()[:2]] == [s.segment for s in before]


def test_another_line_of_a_lost_id_is_a_conflict(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path, files=1)
        digest = store.digest("measurement")
        _lose_first(store)
        forged = msgspec.json.decode((tmp_path / "0.jsonl").read_bytes().splitlines()[0])
        forged["probe_asn"] = "AS64500"
        write(tmp_path / "forged.jsonl", [msgspec.json.encode(forged)])
        report = ingest(store, [tmp_path / "forged.jsonl"], reference.load())
        assert (report.accepted, report.conflicts) == (0, 1)
        assert store.digest("measurement") == digest
        places = {e.copy: e.segment for e in store.rows(Entry) if e.measurement_uid == uid(0)}
        assert places[0] != places[1]
        ingest(store, [tmp_path / "0.jsonl"], reference.load())
        assert b"AS131279" in raw_copy(store, 0)
        assert b"AS64500" in raw_copy(store, 1)
        assert audit(store).sound


def raw_copy(store: Store, copy: int) -> bytes:
    """Return one copy of the first measurement's line."""
    (entry,) = (e for e in store.rows(Entry) if e.measurement_uid == uid(0) and e.copy == copy)
    return store.archive.line(entry.segment, entry.position)


def test_nothing_is_lost_while_the_cold_store_is_away(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path, files=2)
        freeze(store, tmp_path / "cold", BEFORE)
        (tmp_path / "cold").rename(tmp_path / "away")
        report = ingest(store, [tmp_path / "0.jsonl"], reference.load())
        assert report.accepted == report.conflicts == 0
        assert len(store.segments()) == 2
