"""Every measurement counts once, in any file; unreadable lines are quarantined and counted."""

import gzip
import importlib
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from banwatch import reference
from banwatch.formats.ooni import WireMeasurement
from banwatch.judge import Judged
from banwatch.model.errors import BanwatchError
from banwatch.model.reference import Reference
from banwatch.pipeline import commit, workers
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.line_batch import LineBatch, LineBatchResult
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from banwatch.store.tables import MEASURED
from tests.pipeline.measurement_lines import line, tar, uid, write

ingest_module = importlib.import_module(
    "banwatch.pipeline.ingest"
)  # the package gives the function of this name


@pytest.fixture(scope="module")
def reference_data() -> Reference:
    """Give the shipped reference data."""
    return reference.load()


def _digests(store: Store) -> dict[str, str]:
    return {name: store.digest(name) for name in (*MEASURED, "entry", "segment", "quarantine")}


def test_a_measurement_and_everything_made_of_it(tmp_path: Path, reference_data: Reference) -> None:
    file = write(tmp_path / "a.jsonl.gz", [line(n) for n in range(6)])
    with Store.open(tmp_path / "s.duckdb") as store:
        report = ingest(store, [file], reference_data)
        assert (report.accepted, report.duplicates, report.conflicts, report.quarantined) == (6, 0, 0, 0)
        assert (report.files, report.bytes) == (1, file.stat().st_size)
        found = queries.measurement(store, uid(4))
        assert found is not None
        assert (found.probe_cc, found.probe_asn, found.access_tier) == ("KP", 131279, "visitor")
        assert [o.step for o in queries.observations(store, uid(4))] == ["dns", "tcp", "tls"]
        assert queries.evidence(store, uid(4)) is not None
        assert len(queries.verdicts_of(store, uid(4))) == 1
        assert queries.raw(store, uid(4)) == line(4)
        assert queries.raw(store, "nothing") is None
        assert dict(queries.raws(store, [uid(1), uid(5)])) == {uid(1): line(1), uid(5): line(5)}
        assert set(queries.observations_of(store, [uid(1), uid(5), "nothing"])) == {uid(1), uid(5)}
        assert audit(store).problems == ()


def test_the_same_file_again_changes_nothing(tmp_path: Path, reference_data: Reference) -> None:
    file = write(tmp_path / "a.jsonl", [line(0), b"broken", line(1)])
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [file], reference_data)
        before = _digests(store)
        report = ingest(store, [file], reference_data)
        assert (report.accepted, report.duplicates, report.quarantined) == (0, 2, 1)
        assert _digests(store) == before


def test_once_in_whatever_file_it_comes(tmp_path: Path, reference_data: Reference) -> None:
    lines = [line(n) for n in range(4)]
    files = [
        write(tmp_path / "1.jsonl", lines),
        write(tmp_path / "2.jsonl.gz", [*lines[::-1], line(9)]),
        write(tmp_path / "3.jsonl.zst", [lines[0], lines[0]]),
        tmp_path / "4.tar",
    ]
    files[3].write_bytes(tar({"x.jsonl": b"\n".join(lines)}))
    with Store.open(tmp_path / "s.duckdb") as store:
        report = ingest(store, files, reference_data)
        assert (report.accepted, report.duplicates, report.conflicts) == (5, 10, 0)
        assert len(queries.verdicts(store)) == 5
        assert audit(store).problems == ()


def test_the_same_thing_spelled_otherwise_is_a_duplicate(tmp_path: Path, reference_data: Reference) -> None:
    spaced = line(0).replace(b'":', b'" : ')
    with Store.open(tmp_path / "s.duckdb") as store:
        report = ingest(store, [write(tmp_path / "a.jsonl", [line(0), spaced])], reference_data)
        assert (report.accepted, report.duplicates, report.conflicts) == (1, 1, 0)


@pytest.mark.parametrize("together", [True, False])
def test_conflicting_copies_are_both_kept_and_flagged(
    tmp_path: Path, reference_data: Reference, together: bool
) -> None:
    other = line(0, probe_cc="IR")
    files = (
        [write(tmp_path / "a.jsonl", [line(0), other, other, line(1)])]
        if together
        else [write(tmp_path / "a.jsonl", [line(0)]), write(tmp_path / "b.jsonl", [other, other, line(1)])]
    )
    with Store.open(tmp_path / "s.duckdb") as store:
        reports = [ingest(store, [file], reference_data) for file in files]
        assert sum(r.accepted for r in reports) == 2
        assert sum(r.conflicts for r in reports) == 1
        assert sum(r.duplicates for r in reports) == 1
        assert queries.copies(store, uid(0)) == [line(0), other]
        assert queries.conflicts(store) == [uid(0)]
        assert queries.raw(store, uid(0)) == line(0)
        assert [v.probe_cc for v in queries.verdicts_of(store, uid(0))] == ["KP"]
        assert audit(store).problems == ()


def test_what_cannot_be_read_goes_to_quarantine_with_file_line_and_reason(
    tmp_path: Path, reference_data: Reference
) -> None:
    lines = [line(0), b"{", b"", b"[1]", b"[" * 100_000, b"\xff\xfe\x00", b'{"test_name": "x"}', line(1)]
    file = write(tmp_path / "a.jsonl", lines)
    with Store.open(tmp_path / "s.duckdb") as store:
        report = ingest(store, [file], reference_data)
        assert (report.accepted, report.quarantined) == (2, 5)
        rows = queries.quarantined(store)
        assert [(r.source, r.line) for r in rows] == [(str(file), n) for n in (2, 4, 5, 6, 7)]
        assert all(r.reason for r in rows)
        assert [store.archive.line(r.segment, r.position) for r in rows] == [lines[r.line - 1] for r in rows]
        assert all(r.head.isprintable() for r in rows)


def test_a_line_over_the_limit_is_counted_and_not_kept(
    tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    import banwatch.pipeline.lines as limits

    monkeypatch.setattr(limits.split_lines, "__kwdefaults__", {"max_line_bytes": 10_000})
    file = write(tmp_path / "a.jsonl", [line(0), b"x" * 20_000, line(1)])
    with Store.open(tmp_path / "s.duckdb") as store:
        assert ingest(store, [file], reference_data).accepted == 2
        (row,) = queries.quarantined(store)
        assert (row.line, row.size_bytes, row.segment) == (2, 20_000, "")
        assert "line of 20000 bytes" in row.reason


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_a_file_cut_short_gives_what_it_has(tmp_path: Path, reference_data: Reference, name: str) -> None:
    file = write(tmp_path / name, [line(n, padding=str(n) * 3000) for n in range(50)])
    file.write_bytes(file.read_bytes()[:-20])
    with Store.open(tmp_path / "s.duckdb") as store:
        report = ingest(store, [file], reference_data)
        assert report.accepted + report.quarantined >= 1
        assert any(
            (r.line == 0 and "cut short" in r.reason) or "damaged" in r.reason
            for r in queries.quarantined(store)
        )
        assert audit(store).problems == ()


def test_an_error_of_ours_costs_one_line(
    tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    from banwatch.pipeline import worker

    true = worker.judge_wire  # type: ignore[attr-defined]  # what the module imported

    def judge_wire(wire: WireMeasurement, reference: Reference, **more: Any) -> Judged:
        judged = true(wire, reference, **more)
        if judged.measurement.measurement_uid == uid(1):
            raise ZeroDivisionError("division by zero")
        return judged

    monkeypatch.setattr(worker, "judge_wire", judge_wire)
    with Store.open(tmp_path / "s.duckdb") as store:
        report = ingest(store, [write(tmp_path / "a.jsonl", [line(n) for n in range(3)])], reference_data)
        assert (report.accepted, report.quarantined) == (2, 1)
        assert "our own reader failed: ZeroDivisionError" in queries.quarantined(store)[0].reason


def test_many_processes_give_the_same_store(tmp_path: Path, reference_data: Reference) -> None:
    lines = [line(n, padding="x" * 2000) for n in range(200)]
    lines[50:50] = [b"broken", lines[3], line(7, probe_cc="IR")]
    file = write(tmp_path / "a.jsonl.gz", lines)
    found = []
    for jobs in (1, 2):
        with Store.open(tmp_path / f"{jobs}.duckdb") as store:
            report = ingest(store, [file], reference_data, jobs=jobs)
            found.append((report, _digests(store)))
    assert found[0] == found[1]


def test_several_segments(tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit.Committer.__init__, "__kwdefaults__", {"segment_bytes": 1})
    files = [write(tmp_path / f"{n}.jsonl", [line(n), line(n + 10)]) for n in range(3)]
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, files, reference_data)
        assert queries.counts(store)["segment"] == 3
        assert [queries.raw(store, uid(n)) for n in (0, 11, 2)] == [line(0), line(11), line(2)]
        assert audit(store).problems == ()


def test_progress_grows_to_the_end(tmp_path: Path, reference_data: Reference) -> None:
    file = write(tmp_path / "a.jsonl.gz", [line(n) for n in range(10)])
    seen: list[tuple[int, int]] = []
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [file], reference_data, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (file.stat().st_size, file.stat().st_size)
    assert seen == sorted(seen)


def test_a_missing_path_is_said_and_nothing_is_done(tmp_path: Path, reference_data: Reference) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with pytest.raises(BanwatchError, match="there is no file"):
            ingest(store, [write(tmp_path / "a.jsonl", [line(0)]), tmp_path / "b.jsonl"], reference_data)
        assert queries.counts(store)["entry"] == 0


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_a_line(
    tmp_path: Path, reference_data: Reference
) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(b"\xef\xbb\xbf" + line(0) + b"\r\n\r\n" + line(1) + b"\r\n"))
    with Store.open(tmp_path / "s.duckdb") as store:
        assert ingest(store, [file], reference_data).accepted == 2
        assert queries.raw(store, uid(0)) == line(0)


def test_a_worker_that_dies_is_said_and_the_next_run_finishes(
    tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.jsonl", [line(n) for n in range(4)])
    true = workers.Workers.submit

    def submit(self: workers.Workers, line_batch: LineBatch) -> Future[LineBatchResult]:
        for process in self._processes._all:
            process.kill()
            process.wait()
        return true(self, line_batch)

    with Store.open(tmp_path / "s.duckdb") as store:
        monkeypatch.setattr(workers.Workers, "submit", submit)
        with pytest.raises(BanwatchError, match="a worker process died"):
            ingest(store, [file], reference_data, jobs=2)
        monkeypatch.setattr(workers.Workers, "submit", true)
        assert ingest(store, [file], reference_data, jobs=2).accepted == 4


def test_lines_that_cannot_be_read_are_committed_before_they_fill_the_memory(
    tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "SEGMENT_UNREADABLE", 10)
    monkeypatch.setattr(ingest_module, "LINE_BATCH_LINES", 10)
    commits: list[int] = []
    true = commit.Committer.commit

    def counted(self: commit.Committer) -> None:
        commits.append(1)
        true(self)

    monkeypatch.setattr(commit.Committer, "commit", counted)
    bad = [b"bad %d" % n for n in range(100)]
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [write(tmp_path / "a.jsonl", bad)], reference_data)
        assert len(commits) >= 10
        assert [row.line for row in queries.quarantined(store)] == list(range(1, 101))
        ingest(store, [write(tmp_path / "a.jsonl", [*bad, b"one more"])], reference_data)  # noted once
        assert [row.line for row in queries.quarantined(store)] == list(range(1, 102))


def test_lines_that_are_known_are_let_go_of(
    tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "SEGMENT_ROWS", 10)
    monkeypatch.setattr(ingest_module, "LINE_BATCH_LINES", 10)
    lines = [line(n) for n in range(40)]
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [write(tmp_path / "a.jsonl", lines)], reference_data)
        committer = commit.Committer(store)
        monkeypatch.setattr(ingest_module, "Committer", lambda store: committer)
        held: list[int] = []
        true = committer.commit_if_full

        def noted() -> None:
            held.append(len(committer._pending.copies))
            true()

        monkeypatch.setattr(committer, "commit_if_full", noted)
        report = ingest(store, [write(tmp_path / "b.jsonl", [*lines, line(99)])], reference_data)
        assert (report.accepted, report.duplicates) == (1, 40)
        assert max(held) <= 10


def test_a_collector_holds_little_at_a_time(
    tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "INBOX_BATCH_LINES", 5)
    monkeypatch.setattr(
        ingest_module, "INBOX_PORTION", commit.Portion(lines=10, raw_bytes=1 << 20, rows=1_000)
    )
    held: list[int] = []
    true = commit.Committer.commit

    def counted(self: commit.Committer) -> None:
        held.append(self._pending.received_lines)
        true(self)

    monkeypatch.setattr(commit.Committer, "commit", counted)
    lines = [line(n) for n in range(38)]
    path = write(tmp_path / "a.jsonl", lines)
    with Store.open(tmp_path / "s.duckdb") as store:
        report = ingest(store, [path], reference_data, from_inbox=True)
        assert report.accepted == 38
        assert max(held) == 10
        assert sum(held) == 38
    held.clear()
    with Store.open(tmp_path / "t.duckdb") as store:
        assert ingest(store, [path], reference_data).accepted == 38
        assert max(held) == 38  # a file of the operator's own is one commit, as before
