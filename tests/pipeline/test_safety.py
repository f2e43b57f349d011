"""An ingest that is stopped at any moment loses and doubles nothing, and the next run finishes it."""

import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import pytest

from banwatch import reference
from banwatch.pipeline import commit
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from banwatch.store.bookkeeping import Entry
from banwatch.store.tables import MEASURED
from tests.pipeline.measurement_lines import line, uid, write

FILES, LINES = 5, 24
SMALL_SEGMENTS = """
import sys
from banwatch import reference
from banwatch.model.errors import BanwatchError
from banwatch.pipeline import commit
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store
commit.Committer.__init__.__kwdefaults__["segment_bytes"] = 40_000
{before}
try:
    with Store.open(sys.argv[1]) as store:
        ingest(store, [sys.argv[2]], reference.load(), progress=lambda done, total: None)
except BanwatchError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
"""
MOMENTS = {
    "before a segment is renamed": """
import os
true, count = os.replace, 0
def replace(*names):
    global count
    count += 1
    if count == 3: os._exit(9)
    true(*names)
os.replace = replace
""",
    "between a segment and its rows": """
import os
true, count = commit.Committer._write, 0
def _write(self, pending, row):
    global count
    count += 1
    if count == 3: os._exit(9)
    true(self, pending, row)
commit.Committer._write = _write
""",
    "among the rows": """
import os
from banwatch.store.engines.duckdb_tiers import TierTables
true, count = TierTables.add, 0
def add(self, name, rows):
    global count
    count += name == "step"
    if count == 3: os._exit(9)
    true(self, name, rows)
TierTables.add = add
""",
    "after a commit": """
import os
true, count = commit.Committer.commit, 0
def run(self):
    global count
    true(self)
    count += 1
    if count == 3: os._exit(9)
commit.Committer.commit = run
""",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make files with new, repeated, conflicting and unreadable lines."""
    folder = tmp_path_factory.mktemp("corpus")
    for number in range(FILES):
        lines = [line(number * LINES + n, padding="x" * 500) for n in range(LINES)]
        write(folder / f"{number}.jsonl.gz", [*lines, b"broken", line(0, padding="x" * 500)])
    return folder


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the digests of an ingest that runs to its end."""
    with Store.open(tmp_path_factory.mktemp("whole") / "s.duckdb") as store:
        ingest(store, [corpus], reference.load())
        return {name: store.digest(name) for name in MEASURED}


def _run(store: Path, corpus: Path, before: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SMALL_SEGMENTS.format(before=before), store, corpus]
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)  # type: ignore[call-overload, no-any-return]  # options of `run`


def _assert_complete(path: Path) -> None:
    with Store.open(path, read_only=True) as store:
        found = audit(store)
        assert found.problems == ()
        assert found.measurements == FILES * LINES
        assert found.conflicts == 0
        assert found.quarantined == FILES
        assert queries.counts(store)["verdict"] == FILES * LINES
        assert queries.raw(store, uid(FILES * LINES - 1)) == line(FILES * LINES - 1, padding="x" * 500)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_the_worst_moments(
    tmp_path: Path, corpus: Path, undisturbed: dict[str, str], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "s.duckdb"
    assert _run(path, corpus, MOMENTS[moment]).returncode == 9
    with Store.open(path) as store:
        halfway = audit(store)
        assert halfway.problems == ()
        assert 0 < halfway.measurements < FILES * LINES
        monkeypatch.setattr(commit.Committer.__init__, "__kwdefaults__", {"segment_bytes": 40_000})
        ingest(store, [corpus], reference.load())
    _assert_complete(path)
    with Store.open(path, read_only=True) as store:
        assert {name: store.digest(name) for name in MEASURED} == undisturbed


def test_killed_again_and_again_at_any_moment(tmp_path: Path, corpus: Path) -> None:
    path = tmp_path / "s.duckdb"
    rng = random.Random(7)
    command = [sys.executable, "-c", SMALL_SEGMENTS.format(before=""), str(path), str(corpus)]
    for _ in range(2):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(0.6 + rng.random() * 0.8)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if path.exists():
            with Store.open(path) as store:
                assert audit(store).problems == ()
    assert _run(path, corpus).returncode == 0
    _assert_complete(path)


@pytest.mark.slow
def test_a_file_that_may_not_grow(tmp_path: Path, corpus: Path) -> None:
    """A limit on the size of files gives the error of a full disk."""
    path = tmp_path / "s.duckdb"
    with Store.open(path):
        pass
    limit = 60_000  # the first segment has room, the rows of the first commit do not

    def restrict() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = _run(path, corpus, preexec_fn=restrict)
    assert done.returncode == 1
    (message,) = done.stderr.strip().splitlines()
    assert "run the same command again" in message
    with Store.open(path) as store:
        assert audit(store).problems == ()
    assert _run(path, corpus).returncode == 0
    _assert_complete(path)


def _can_mount() -> bool:
    probe = ["unshare", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return (
        which("unshare") is not None
        and subprocess.run(probe, check=False, capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not _can_mount(), reason="no small file system can be mounted here")
@pytest.mark.parametrize("room_kib", [70, 130])
@pytest.mark.slow
def test_a_full_disk(tmp_path: Path, corpus: Path, room_kib: int) -> None:
    mount, kept = tmp_path / "small", tmp_path / "kept"
    mount.mkdir()
    kept.mkdir()
    program = SMALL_SEGMENTS.format(before="")
    script = (
        f'mount -t tmpfs -o size={room_kib}k none {mount} || exit 7; "$0" -c "$1" {mount}/s.duckdb {corpus}; '
        f"code=$?; cp -a {mount}/. {kept}/ || exit 8; exit $code"
    )
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, sys.executable, program],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert "no space left" in done.stderr.lower()
    assert "Traceback" not in done.stderr
    path = kept / "s.duckdb"
    if path.exists():
        with Store.open(path) as store:
            assert audit(store).problems == ()
    assert _run(path, corpus).returncode == 0
    _assert_complete(path)


def test_a_lost_segment_is_found_and_named(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit.Committer.__init__, "__kwdefaults__", {"segment_bytes": 1})
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [corpus], reference.load())
        names = store.archive.names()
        store.archive.path_of(names[0]).unlink()
        data = bytearray(store.archive.path_of(names[1]).read_bytes())
        data[len(data) // 2] ^= 1
        store.archive.path_of(names[1]).write_bytes(data)
        problems = audit(store).problems
    assert len(problems) == 2
    assert any(names[0] in p and "missing" in p for p in problems)
    assert any(names[1] in p and "damaged" in p for p in problems)


def test_a_lost_line_is_whole_again_when_it_comes_again(tmp_path: Path) -> None:
    reference_data = reference.load()
    file = write(tmp_path / "a.jsonl", [line(0)])
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [file], reference_data)
        store.archive.path_of(store.archive.names()[0]).unlink()
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [write(tmp_path / "b.jsonl", [line(0), line(1)])], reference_data)
        again = [entry for entry in store.rows(Entry) if entry.measurement_uid == uid(0)]
        assert store.archive.line(again[-1].segment, again[-1].position) == line(0)
        assert queries.measurement(store, uid(1)) is not None
