"""No address of a probe is kept: not by an ingest, and not by a store of an earlier version once scrubbed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from banwatch import reference
from banwatch.model.measurement import Measurement
from banwatch.model.reference import Reference
from banwatch.observatory import work
from banwatch.pipeline import worker
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.rebuild import rebuild
from banwatch.pipeline.scrub_archive import scrub_archive
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from banwatch.store.originals import path_of_originals, read_originals
from banwatch.store.tables import MEASURED
from tests.pipeline.measurement_lines import line, uid, write

OWN = "198.51.100.77"
_ADDRESS: dict[str, Any] = {"probe_ip": OWN, "annotations": {"access_tier": "visitor", "seen": f"from {OWN}"}}
FORMS = (OWN.encode(), b"198-51-100-77", b'seen":"from 198')


@pytest.fixture(scope="module")
def reference_data() -> Reference:
    return reference.load()


def _lines() -> list[bytes]:
    """Make ordinary lines, and with an address: one, one without an id, and one that is unreadable."""
    nameless = json.loads(line(4, **_ADDRESS))
    del nameless["measurement_uid"]
    broken = line(5, **_ADDRESS)[:-1]
    return [line(0), line(1, **_ADDRESS), line(2), json.dumps(nameless).encode(), broken, line(3)]


def _content(store: Store) -> dict[str, str]:
    return {name: store.digest(name) for name in MEASURED}


def _on_disk(folder: Path) -> bytes:
    """Give all bytes of the database file and of the lines in the archive."""
    with Store.open(folder / "s.duckdb", read_only=True) as store:
        names = store.archive.names()
        lines = [text for name in names for _, frame in store.archive.frames(name) for text in frame]
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(lines + files)


def test_an_ingest_keeps_no_address(tmp_path: Path, reference_data: Reference) -> None:
    lines = _lines()
    source = write(tmp_path / "in" / "a.jsonl.gz", lines)
    with Store.open(tmp_path / "out" / "s.duckdb") as store:
        report = ingest(store, [source], reference_data)
        assert (report.accepted, report.quarantined) == (5, 1)
        kept = queries.raw(store, uid(1))
        assert kept is not None
        assert json.loads(kept)["x_scrubbed"] == {"values": 2}
        assert json.loads(kept)["probe_ip"] == "127.0.0.1"
        assert queries.raw(store, uid(0)) == lines[0]
        assert read_originals(store.archive.folder)[uid(1)] == hashlib.sha256(lines[1]).hexdigest()
        assert len(read_originals(store.archive.folder)) == 2
        mode = path_of_originals(store.archive.folder).stat().st_mode
        assert mode & 0o077 == 0
        again = write(tmp_path / "in" / "b.jsonl", [lines[3], lines[1]])
        assert ingest(store, [again], reference_data).duplicates == 2
        before = _content(store)
        rebuild(store, reference_data)
        assert _content(store) == before
        assert audit(store).sound
    for form in FORMS:
        assert form not in _on_disk(tmp_path / "out")


def test_many_processes_keep_no_address(tmp_path: Path, reference_data: Reference) -> None:
    source = write(tmp_path / "in" / "a.jsonl", _lines())
    with Store.open(tmp_path / "out" / "s.duckdb") as store:
        ingest(store, [source], reference_data, jobs=2)
    assert OWN.encode() not in _on_disk(tmp_path / "out")


def _filled_by_0_1(path: Path, data: Reference, monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    """Fill a store as 0.1.0 did, which kept lines as they came."""
    with monkeypatch.context() as patched, Store.open(path) as store:
        patched.setattr(worker, "names_probe", lambda wire: False)
        patched.setattr(worker, "scrub_line", lambda text: text)
        ingest(store, [source], data)


def test_a_store_of_an_earlier_version_is_cleaned(
    tmp_path: Path, reference_data: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "in" / "a.jsonl", _lines())
    path = tmp_path / "out" / "s.duckdb"
    _filled_by_0_1(path, reference_data, monkeypatch, source)
    assert OWN.encode() in _on_disk(tmp_path / "out")
    with Store.open(path, read_only=True) as store:
        ids = sorted(row.measurement_uid for row in store.rows(Measurement))
    report = work.scrub(str(path), progress=lambda done, total: None)
    assert (report.segments, report.lines, report.measurements) == (1, 3, 2)
    for form in FORMS:
        assert form not in _on_disk(tmp_path / "out")
    with Store.open(path) as store:
        assert sorted(row.measurement_uid for row in store.rows(Measurement)) == ids
        assert audit(store).sound
        assert not audit(store).unreferenced
        assert queries.raw(store, uid(0)) == line(0)
        before = _content(store)
        rebuild(store, reference_data)
        assert _content(store) == before
        assert scrub_archive(store, reference_data).lines == 0


def test_a_store_without_addresses_stays_as_it_is(tmp_path: Path, reference_data: Reference) -> None:
    source = write(tmp_path / "in" / "a.jsonl", [line(n) for n in range(4)])
    path = tmp_path / "out" / "s.duckdb"
    with Store.open(path) as store:
        ingest(store, [source], reference_data)
    before = _on_disk(tmp_path / "out")
    assert work.scrub(str(path), progress=lambda done, total: None).lines == 0
    assert _on_disk(tmp_path / "out") == before
    assert not path_of_originals(tmp_path / "out" / "s.duckdb.archive").exists()
