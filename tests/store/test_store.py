"""A store is opened, read and written, and its errors say why it cannot be opened."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn
from banwatch.model.state import State
from banwatch.store import Store, queries
from tests.store.verdict_rows import START, verdict


def _filled(path: Path) -> None:
    with Store.open(path) as store, store.transaction():
        store.append("verdict", [verdict(n) for n in range(5)])


def test_rows_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    _filled(tmp_path / "s.duckdb")
    with Store.open(tmp_path / "s.duckdb", read_only=True) as store:
        assert queries.verdicts(store) == [verdict(n) for n in range(5)]
        assert queries.counts(store)["verdict"] == 5


def test_filters_of_verdicts(tmp_path: Path) -> None:
    rows = [
        verdict(0),
        verdict(1, probe_cc="IR"),
        verdict(2, probe_asn=Asn(1)),
        verdict(3, state=State.DOWN, target="b.com"),
        verdict(4, access_tier=""),
    ]
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", rows[::-1])
        assert queries.verdicts(store, probe_cc="IR") == [rows[1]]
        assert queries.verdicts(store, probe_asn=1) == [rows[2]]
        assert queries.verdicts(store, state="down") == [rows[3]]
        assert queries.verdicts(store, target="b.com") == [rows[3]]
        assert queries.verdicts(store, access_tier="") == [rows[4]]
        since, until = START + timedelta(minutes=1), START + timedelta(minutes=3)
        assert queries.verdicts(store, since=since, until=until) == rows[1:3]
        assert queries.verdicts(store, limit=2) == rows[:2]


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with pytest.raises(ZeroDivisionError), store.transaction():
            store.append("verdict", [verdict()])
            raise ZeroDivisionError
        assert queries.verdicts(store) == []


def test_the_digest_is_of_the_content_not_of_its_order(tmp_path: Path) -> None:
    digests = []
    for name, numbers in (("a", range(5)), ("b", range(4, -1, -1)), ("c", range(4))):
        with Store.open(tmp_path / name) as store:
            with store.transaction():
                store.append("verdict", [verdict(n) for n in numbers])
            digests.append(store.digest("verdict"))
    assert digests[0] == digests[1] != digests[2]


def test_several_threads_read_at_once(tmp_path: Path) -> None:
    _filled(tmp_path / "s.duckdb")
    found: list[int] = []
    with Store.open(tmp_path / "s.duckdb", read_only=True) as store:

        def read() -> None:
            found.extend(len(queries.verdicts(store)) for _ in range(10))

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [5] * 40


def test_one_process_may_have_it_open_twice(tmp_path: Path) -> None:
    _filled(tmp_path / "s.duckdb")
    with Store.open(tmp_path / "s.duckdb"), Store.open(tmp_path / "s.duckdb", read_only=True) as reader:
        assert len(queries.verdicts(reader)) == 5
        with pytest.raises(BanwatchError, match="reading only"), reader.transaction():
            pass


def test_who_holds_the_lock_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    with Store.open(path):
        program = "import sys; from banwatch.store import Store; Store.open(sys.argv[1])"
        done = subprocess.run(
            [sys.executable, "-c", program, path], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    message = done.stderr.strip().splitlines()[-1]
    assert f"is in use by process {os.getpid()}" in message
    assert "Wait until it has finished" in message


def test_there_is_no_store_to_read(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="there is no store"):
        Store.open(tmp_path / "s.duckdb", read_only=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "s.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(BanwatchError, match="is no database of Banwatch, but a text") as caught:
        Store.open(path, read_only=read_only)
    assert "--store" in caught.value.do
    assert path.read_bytes() == b"not a database" * 1000


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    _filled(path)
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 3] = os.urandom(8192)
    path.write_bytes(data)
    with pytest.raises(BanwatchError):
        Store.open(path)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    with duckdb.connect(str(path)) as other:
        other.execute("CREATE TABLE mine (a INT)")
    with pytest.raises(BanwatchError, match="not one of Banwatch's"):
        Store.open(path)


def test_another_versions_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    _filled(path)
    with duckdb.connect(str(path)) as other:
        other.execute("UPDATE property SET value = 'other' WHERE name = 'shape'")
    with pytest.raises(BanwatchError, match="another version"):
        Store.open(path)


def test_an_empty_database_is_one_that_was_stopped_early(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    duckdb.connect(str(path)).close()
    with Store.open(path) as store:
        assert queries.counts(store)["verdict"] == 0


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="is a folder"):
        Store.open(tmp_path)


def test_an_empty_file_that_a_crash_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "s.duckdb").touch()
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.count(store.table("verdict")) == 0
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []
