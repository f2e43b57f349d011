"""One client does not fill the inbox, and one file does not stop it."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from banwatch.collector.inbox import FILE, Inbox
from banwatch.collector.incoming_file import FullError
from banwatch.collector.ingest_thread import _WAITING_BYTES, FULL_BYTES, MANY_BYTES, IngestThread
from banwatch.collector.intake import MAX_SUBMISSION_BYTES
from banwatch.collector.keys import load_keys
from banwatch.model.errors import BanwatchError
from tests.pipeline.measurement_lines import line


@pytest.fixture
def thread(tmp_path: Path) -> Any:
    with Inbox(tmp_path / "inbox", max_bytes=1 << 20) as inbox:
        yield IngestThread(None, inbox, load_keys(tmp_path / "key", make=True))  # type: ignore[arg-type]  # no store is reached


def test_one_client_has_a_share_of_the_inbox(tmp_path: Path) -> None:
    with Inbox(tmp_path / "inbox", max_bytes=80_000) as inbox:
        for _ in range(9):
            inbox.keep(b"x" * 1_000, b"flood").result()
        with pytest.raises(FullError, match="one place"):
            inbox.keep(b"x" * 1_000, b"flood").result()
        incoming = inbox.begin_file(b"flood")
        with pytest.raises(FullError, match="one place"):
            incoming.write(b"x" * 1_000)
        incoming.drop()
        inbox.keep(b"x" * 1_000, b"honest").result()
        inbox.finish_journal()
        for path in inbox.waiting():
            inbox.done(path)
        inbox.keep(b"x" * 1_000, b"flood").result()  # what is in the store counts no more


def put_file(thread: Any, data: bytes) -> Path:
    incoming = thread._inbox.begin_file(b"sender")
    incoming.write(data)
    incoming.finish()
    (path,) = [path for path in thread._inbox.waiting() if path.suffix == FILE]
    return path


def test_copies_of_a_line_are_one(thread: Any) -> None:
    copies = gzip.compress((line(1) + b"\n") * 3_000 + line(2) + b"\n")
    assert len(copies) < 50_000
    path = put_file(thread, copies)
    assert len(list(thread._lines_of(path))) == 2
    assert thread.counts.duplicates == 2_999
    thread._open_file(path)
    assert thread._inbox.waiting_bytes < 3 * len(line(1)) + 2_000  # 3,000 copies would be more than all of it


def test_a_file_that_unpacks_beyond_all_measure_is_cut(thread: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banwatch.collector.ingest_thread.MAX_UNPACKED_BYTES", 10 * len(line(1)))
    path = put_file(thread, b"\n".join(line(number) for number in range(50)))
    assert 0 < len(list(thread._lines_of(path))) <= 10
    assert "unpacks" in thread._refusals[-1].reason


def test_a_poisoned_file_is_put_aside_after_two_attempts(
    thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_file(thread, b"poison")

    def fail(_: Path) -> None:
        raise RuntimeError("poison")

    monkeypatch.setattr(thread, "_ingest", fail)
    with pytest.raises(RuntimeError):
        thread._ingest_or_postpone(path)
    thread._ingest_or_postpone(path)
    assert (thread._inbox.waiting(), thread._inbox.waiting_bytes) == ([], 0)
    assert [kept.name for kept in thread._inbox.aside()] == [path.name]
    assert "put aside" in thread._refusals[-1].reason


def test_a_full_disk_puts_nothing_aside(thread: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put_file(thread, b"honest")

    def fail(_: Path) -> None:
        raise BanwatchError("no space left", "Make room")

    monkeypatch.setattr(thread, "_ingest", fail)
    for _ in range(5):
        with pytest.raises(BanwatchError):
            thread._ingest_or_postpone(path)
    assert thread._inbox.waiting() == [path]
    monkeypatch.setattr(thread, "_ingest", lambda path: thread._inbox.done(path))
    thread._ingest_or_postpone(path)
    assert thread._inbox.waiting() == []


def test_no_single_file_starts_worker_processes_or_waits_in_memory(
    thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    journals: list[int] = []
    largest = 0

    def ingested() -> None:
        journals.append(thread._inbox.journal_bytes)
        thread._inbox.finish_journal()
        for path in thread._inbox.waiting():
            if path.suffix != FILE:
                thread._inbox.done(path)

    true = Inbox.keep

    def keep(self: Inbox, data: bytes, client: bytes = b"") -> Any:
        nonlocal largest
        kept = true(self, data, client)
        largest = max(largest, self._queue.qsize())
        return kept

    monkeypatch.setattr(Inbox, "keep", keep)
    monkeypatch.setattr(thread, "_ingest_journals", ingested)
    monkeypatch.setattr("banwatch.collector.ingest_thread.FULL_BYTES", 20_000)
    monkeypatch.setattr("banwatch.collector.ingest_thread._WAITING_BYTES", 5_000)
    thread._open_file(put_file(thread, gzip.compress(b"\n".join(map(line, range(100))))))
    assert len(journals) >= 2
    assert max(journals) <= 20_000 + 5_000 + 2 * len(line(1)) + 400
    assert largest * len(line(1)) <= 5_000 + 2 * len(line(1))
    assert MANY_BYTES > FULL_BYTES + MAX_SUBMISSION_BYTES + _WAITING_BYTES
