"""One request takes little memory, whatever is in it; the rest of the limits is in test_connections."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from banwatch.collector.inbox import Inbox
from banwatch.collector.ingest_thread import IngestThread
from banwatch.collector.intake import MAX_SUBMISSION_BYTES, READ_LIMITS, unpack_untrusted
from banwatch.collector.keys import load_keys
from banwatch.model.errors import WireError
from banwatch.pipeline.files.documents import open_documents
from banwatch.pipeline.files.sources import Source
from tests.pipeline.measurement_lines import line

BENCH = Path(__file__).parents[2] / "bench" / "adversary.py"
MAX_GROWN_MIB = 64


@pytest.fixture
def thread(tmp_path: Path) -> Any:
    with Inbox(tmp_path / "inbox", max_bytes=64 << 20) as inbox:
        yield IngestThread(None, inbox, load_keys(tmp_path / "key", make=True))  # type: ignore[arg-type]  # no store is reached


def lines_of(thread: Any, data: bytes) -> list[Any]:
    incoming = thread._inbox.begin_file(b"sender")
    incoming.write(data)
    incoming.finish()
    (path,) = thread._inbox.waiting()
    return list(thread._lines_of(path))


def test_a_body_is_unpacked_to_its_limit() -> None:
    body = gzip.compress(b"x" * MAX_SUBMISSION_BYTES)
    assert len(unpack_untrusted(body, "gzip")) == MAX_SUBMISSION_BYTES
    with pytest.raises(WireError, match="more than"):
        unpack_untrusted(gzip.compress(b"x" * (MAX_SUBMISSION_BYTES + 1)), "gzip")
    with pytest.raises(WireError, match="cut short"):
        unpack_untrusted(body[:-9], "gzip")


def test_a_long_line_of_a_file_is_refused_and_the_others_are_taken(thread: Any) -> None:
    long = line(2)[:-1] + b',"x":"' + b"x" * MAX_SUBMISSION_BYTES + b'"}'
    assert len(lines_of(thread, b"\n".join([line(1), long, line(3)]))) == 2
    (refusal,) = thread._refusals
    assert refusal.reason == f"line of {len(long)} bytes"


def test_a_zip_archive_of_very_many_members_is_not_opened(thread: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", line(1))
        for number in range(25_000):
            archive.writestr(str(number), b"")
    assert lines_of(thread, packed.getvalue()) == []
    assert "lists its members" in thread._refusals[-1].reason
    assert len(thread._refusals) == 1


def test_a_zip_archive_of_a_few_members_is_opened(thread: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", line(1))
        archive.comment = b"a comment"
    assert len(lines_of(thread, packed.getvalue())) == 1


def test_the_history_of_a_stream_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "wide.jsonl.zst"
    settings = zstandard.ZstdCompressionParameters.from_level(1, window_log=25)
    path.write_bytes(
        zstandard.ZstdCompressor(compression_params=settings).compress(line(1) + b" " * (33 << 20))
    )
    own = Source("own", path, path.stat().st_size)
    assert sum(len(c) for d in open_documents(own, lambda size: None) for c in d.chunks) > 33 << 20
    sent = Source("sent", path, path.stat().st_size, limits=READ_LIMITS)
    with pytest.raises(WireError, match="damaged"):
        for document in open_documents(sent, lambda size: None):
            for _ in document.chunks:
                pass


@pytest.mark.slow
def test_memory_and_others_under_the_worst_requests() -> None:
    worst = [f"--attack={name}" for name in ("longest_wide_text", "quotes", "empty_objects", "members")]
    ran = subprocess.run(
        [sys.executable, str(BENCH), "--json", *worst], capture_output=True, timeout=200, check=True
    )
    rows = [json.loads(row) for row in ran.stdout.splitlines()]
    assert len(rows) == len(worst)
    for row in rows:
        assert row["grown_mib"] <= MAX_GROWN_MIB, row
        assert row["others_not_served"] <= 1, row
