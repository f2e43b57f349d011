"""The owner of a store works for other processes, and reports the outcome to them."""

import subprocess
from pathlib import Path

import msgspec
import pytest

import banwatch
from banwatch.collector import own, writable
from banwatch.collector.ownership import OwnerClient, OwnerRequest
from banwatch.model.errors import BanwatchError
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from banwatch.store.engines.owner import OwnerEngine, socket_of
from tests.collector.serving import command, serving
from tests.pipeline.measurement_lines import line, uid, write


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """Make an empty store."""
    Store.open(tmp_path / "s.duckdb").close()
    return tmp_path / "s.duckdb"


def test_another_command_ingests_through_the_owner(store_path: Path, tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [line(n) for n in range(5)])
    words = command("ingest", "a.jsonl", "--store", store_path, "--json")
    with own(store_path) as owned:
        assert owned
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        with Store.open(store_path, read_only=True) as reader:
            assert len(queries.verdicts(reader)) == 5
    assert msgspec.json.decode(done.stdout)["accepted"] == 5
    assert not socket_of(store_path).exists()


def test_every_kind_of_work(store_path: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [line(n) for n in range(5)])
    with own(store_path):
        writer = OwnerClient.reach(store_path)
        assert writer is not None
        assert writer.ingest([str(file)]).accepted == 5
        assert writer.rebuild().measurements == 5
        assert writer.detect().cells > 0


def test_what_comes_on_the_standard_input_goes_through_the_owner_too(store_path: Path) -> None:
    with own(store_path):
        done = subprocess.run(
            command("ingest", "-", "--store", store_path, "--json"),
            input=line(1),
            capture_output=True,
            check=True,
        )
    assert msgspec.json.decode(done.stdout)["accepted"] == 1


def test_judging_again_goes_through_the_owner(store_path: Path, tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [line(n) for n in range(5)])
    (tmp_path / "rules.toml").write_text('version = "mine"\nwithout = ["tls.reset"]\n')
    with own(store_path) as owner:
        OwnerClient(store_path).ingest([str(tmp_path / "a.jsonl")])
        words = command("judge", "--store", store_path, "--ruleset", tmp_path / "rules.toml", "--json")
        done = subprocess.run(words, capture_output=True, check=True)
        assert msgspec.json.decode(done.stdout) == {"measurements": 5, "ruleset": "mine"}
        assert owner is not None
        assert {verdict.ruleset for verdict in queries.verdicts(owner.store)} == {"mine"}
        with pytest.raises(BanwatchError, match="the ruleset cannot be read"):
            OwnerClient(store_path).rejudge("version = 1")


def test_a_notebook_reads_through_the_owner(store_path: Path, tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [line(n) for n in range(5)])
    with serving(store_path) as served:
        subprocess.run(
            command("ingest", tmp_path / "a.jsonl", "--store", store_path), check=True, capture_output=True
        )
        with banwatch.open(str(store_path)) as tables:
            verdicts = tables.verdicts(cc="KP", since="2016-04-01")
            assert verdicts.count().to_pyarrow().as_py() == 5
            rows = verdicts.group_by("target").agg(n=verdicts.count()).order_by("target").to_pyarrow()
            assert rows.to_pylist()[-1] == {"target": "youtube.com", "n": 2}
            assert sum(batch.num_rows for batch in verdicts.to_pyarrow_batches()) == 5
            assert verdicts.limit(2).to_pyarrow().num_rows == 2
            steps = tables.observations()
            assert steps.semi_join(verdicts, "measurement_uid").count().to_pyarrow().as_py() == 15
            assert served.process.poll() is None
    assert not socket_of(store_path).exists()  # ended by a signal, it leaves nothing behind


def test_another_process_reads_through_the_owner(store_path: Path, tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [line(n) for n in range(5)])
    words = command("verdicts", "--json", "--store", store_path)
    with own(store_path):
        OwnerClient(store_path).ingest([str(tmp_path / "a.jsonl")])
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stdout.count('"target":"youtube.com"') == 2
        with (
            Store.over(OwnerEngine(store_path), tmp_path / "s.duckdb.archive", read_only=True) as away,
            Store.open(store_path, read_only=True) as here,
        ):
            assert audit(away) == audit(here)
            assert queries.verdicts(away) == queries.verdicts(here)
            assert queries.verdicts(away, target="none") == []
            assert queries.raw(away, uid(3)) == line(3)
            assert away.digest("observation") == here.digest("observation")
            with pytest.raises(BanwatchError, match="reading only"), away.transaction():
                pass


def test_an_owner_answers_questions_and_nothing_else(store_path: Path) -> None:
    with own(store_path):
        reader = OwnerEngine.reach(store_path)
        assert reader is not None
        assert "verdict" in reader.table_names()
        with pytest.raises(BanwatchError, match="answers questions only"):
            reader.query('DELETE FROM "verdict"')
        with pytest.raises(BanwatchError, match="which alone writes"):
            reader.clear("verdict")
    assert OwnerEngine.reach(store_path) is None


def test_what_goes_wrong_is_said_to_whom_asked(store_path: Path, tmp_path: Path) -> None:
    with own(store_path):
        with pytest.raises(BanwatchError, match="there is no file") as caught:
            OwnerClient(store_path).ingest([str(tmp_path / "none")])
        assert caught.value.do == "Check the path"
        with pytest.raises(BanwatchError, match="does not know the work"):
            OwnerClient(store_path).ask(OwnerRequest(work="cake"))


def test_where_nobody_owns_it_nobody_answers(store_path: Path) -> None:
    assert OwnerClient.reach(store_path) is None
    with pytest.raises(BanwatchError, match="ended before the work was done"):
        OwnerClient(store_path).detect()


def test_a_socket_that_was_left_behind_is_replaced(store_path: Path) -> None:
    socket_of(store_path).write_text("left")
    with own(store_path) as owned:
        assert owned
        assert OwnerClient(store_path).detect() is not None


def test_what_is_no_store_is_not_owned(tmp_path: Path) -> None:
    (tmp_path / "s.duckdb").write_bytes(b"not a database" * 1000)
    with own(tmp_path / "s.duckdb") as owned:
        assert not owned


def test_only_the_same_user_may_ask(store_path: Path) -> None:
    with own(store_path):
        assert socket_of(store_path).stat().st_mode & 0o777 == 0o600


def test_a_store_that_nobody_holds_is_written_directly(store_path: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [line(n) for n in range(5)])
    with writable(store_path) as writer:
        assert writer.ingest([str(file)]).accepted == 5
        assert writer.rejudge().measurements == 5
    with pytest.raises(BanwatchError, match="the ruleset cannot be read"), writable(store_path) as writer:
        writer.rejudge("version = 1")


def test_an_owner_takes_no_share(store_path: Path) -> None:
    with own(store_path), pytest.raises(BanwatchError, match="takes all files alone"):
        OwnerClient(store_path).ingest(["-"], share=(2, 16))
