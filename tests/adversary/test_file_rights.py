"""Files that tell what was measured are for their owner alone, whatever the umask says."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from banwatch.probe.consent import give_consent
from banwatch.probe.run import _for_owner
from banwatch.probe.spool.sealing import make_keys
from banwatch.probe.spool.spool import Spool
from tests.collector.serving import serving
from tests.pipeline.measurement_lines import line


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    try:
        yield
    finally:
        os.umask(before)


def rights_in(folder: Path) -> dict[str, int]:
    """Return the rights of everything below a folder."""
    found = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in found}


def test_a_probe_writes_for_its_owner(tmp_path: Path, open_umask: None) -> None:
    spool = Spool(tmp_path / "spool", make_keys()[1].hex())
    spool.put(b"{}")
    spool.export(tmp_path / "carried.zip")
    with open(tmp_path / "out.jsonl", "ab", opener=_for_owner) as out:
        out.write(b"{}\n")
    give_consent(tmp_path / "config" / "consent.json", datetime(2026, 11, 28, tzinfo=UTC))
    files = {name: mode for name, mode in rights_in(tmp_path).items() if (tmp_path / name).is_file()}
    assert len(files) == 5
    assert set(files.values()) == {0o600}


def test_a_collector_writes_for_its_owner(tmp_path: Path, open_umask: None) -> None:
    folder = tmp_path / "collector"
    folder.mkdir()
    store = folder / "s.duckdb"
    with serving(store, "--per-minute", "0") as served:
        assert served.ask("POST", "/measurement", line(1))[0] == 200
        assert served.ask("POST", "/api/v1/bundles", line(2) + b"\nnonsense")[0] == 200
        assert served.ask("POST", "/measurement", b"refused")[0] == 422
        during = rights_in(folder)  # an inbox with what waits
        served.wait_for("/api/v2/verdicts?limit=10", b'"target"', 60)
        during |= rights_in(folder)
    after = rights_in(folder)
    for rights in (during, after):
        assert {"s.duckdb", "s.duckdb.collector-key", "s.duckdb.archive"} <= rights.keys()
        assert {name: oct(mode) for name, mode in rights.items() if mode & 0o077} == {}
    assert any("archive/" in name for name in after)
