"""Every tier, every query and every digest is the same on DuckDB and on ClickHouse's engine."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import banwatch
from banwatch import reference
from banwatch.bans import load_bans
from banwatch.detect import fold
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import MeasurementUid, RuleId
from banwatch.model.resolver import ResolverKind
from banwatch.model.state import State
from banwatch.pipeline import commit
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.rebuild import rebuild, rejudge
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from banwatch.store.counting import overview
from banwatch.store.exporting.export import TIERS, ExportFilter, export
from banwatch.store.tables import MEASURED, TABLES
from tests.pipeline.measurement_lines import line, uid, write
from tests.store.engines.embedded_clickhouse import open_embedded, served
from tests.store.test_cells import UIDS
from tests.store.verdict_rows import START, silent, verdict

COMPARED = [name for name in TABLES if name not in ("log", "property")]
READS: dict[str, Callable[[Store], object]] = {
    "verdicts": queries.verdicts,
    "verdicts of a target": lambda s: queries.verdicts(s, target="youtube.com", state="ok", limit=3),
    "verdicts of a time": lambda s: queries.verdicts(s, since=START, until=START + timedelta(minutes=5)),
    "measurements": queries.measurements,
    "a measurement": lambda s: queries.measurement(s, uid(3, day=4)),
    "no measurement": lambda s: queries.measurement(s, "nothing"),
    "observations": lambda s: queries.observations_of(s, [uid(n, day=1 + n) for n in range(5)]),
    "evidence": lambda s: queries.evidence_of(s, [uid(n, day=1 + n) for n in range(5)]),
    "raw": lambda s: queries.raw(s, uid(2, day=3)),
    "copies": lambda s: queries.copies(s, uid(0)),
    "conflicts": queries.conflicts,
    "cells": queries.cells,
    "cells of a target": lambda s: queries.cells(s, target="youtube.com", probe_cc="KP"),
    "changes": queries.changes,
    "incidents": queries.incidents,
    "comparisons": queries.comparisons,
    "comparisons of a ban": lambda s: queries.comparisons(s, "dprk-2016"),
    "quarantine": queries.quarantined,
    "labs": overview.labs,
    "audit": lambda s: audit(s).problems,
}


def _fill(store: Store, folder: Path) -> None:
    reference_data = reference.load()
    files = [
        write(folder / "1.jsonl", [*(line(n, day=1 + n % 5) for n in range(60)), b"broken"]),
        write(folder / "2.jsonl", [line(0, probe_cc="IR"), line(5), line(70, day=6)]),
    ]
    ingest(store, files, reference_data)
    detect(store, load_bans().values())


@pytest.fixture(scope="module")
def both(chdb_session: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Store]:
    """Give stores on both engines with the same measurements."""
    files = tmp_path_factory.mktemp("files")
    here = Store.open(tmp_path_factory.mktemp("duck") / "s.duckdb")
    beyond = open_embedded(chdb_session, tmp_path_factory.mktemp("click"))
    for store in (here, beyond):
        _fill(store, files)
    return here, beyond


@pytest.mark.parametrize("name", COMPARED)
def test_every_table_has_the_same_digest(both: tuple[Store, Store], name: str) -> None:
    here, beyond = both
    assert here.count(here.table(name)) == beyond.count(beyond.table(name))
    assert here.digest(name) == beyond.digest(name)


@pytest.mark.parametrize("name", READS)
def test_every_query_gives_the_same(both: tuple[Store, Store], name: str) -> None:
    here, beyond = both
    found = READS[name](here)
    assert repr(READS[name](beyond)) == repr(found)


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_is_exported_to_the_same_bytes(
    both: tuple[Store, Store], tmp_path: Path, tier: str
) -> None:
    for name, store in zip(("here", "beyond"), both, strict=True):
        export(store, tier, "jsonl", tmp_path / name, ExportFilter(probe_cc="KP"))
    data = [(tmp_path / name / f"{tier}.jsonl").read_bytes() for name in ("here", "beyond")]
    assert data[0] == data[1]
    assert data[0] or tier in ("change", "incident")


@pytest.mark.parametrize("tier", ["observation", "evidence", "verdict"])
@pytest.mark.parametrize("since", [None, START + timedelta(days=2)])
def test_every_tier_is_rebuilt_to_the_same_content(
    any_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str, since: datetime | None
) -> None:
    monkeypatch.setattr(commit.Committer.__init__, "__kwdefaults__", {"segment_bytes": 1})
    _fill(any_store, tmp_path)
    before = {name: any_store.digest(name) for name in COMPARED}
    rebuild(any_store, reference.load(), from_tier=tier, since=since)
    rejudge(any_store)
    detect(any_store, load_bans().values())
    assert {name: any_store.digest(name) for name in COMPARED} == before


def test_the_same_files_again_change_nothing(any_store: Store, tmp_path: Path) -> None:
    _fill(any_store, tmp_path)
    before = {name: any_store.digest(name) for name in COMPARED}
    _fill(any_store, tmp_path)
    assert {name: any_store.digest(name) for name in COMPARED} == before


def test_cells_of_hard_rows(any_store: Store) -> None:
    rows = [
        verdict(0, state=State.BLOCKED, mechanisms=("dns.nxdomain", "tcp.reset"), probe_id="p"),
        verdict(1, state=State.BLOCKED, report_id="r", probe_id="p1"),
        verdict(2, state=State.BLOCKED, report_id="r", probe_id="p2"),
        verdict(3, state=State.OK, report_id="", probe_id=""),
        silent(4),
        verdict(61, target="ü.example", access_tier=""),
        verdict(5, resolver_kind=ResolverKind.PUBLIC, rules=(RuleId("a"), RuleId("b"))),
        verdict(6, resolver_kind=ResolverKind.PUBLIC, rules=(RuleId("a"),)),
        *(
            verdict(10 + n, measurement_uid=MeasurementUid(f"{uid}_{n}"), target=f"t{n}")
            for n, uid in enumerate(UIDS)
        ),
    ]
    with any_store.transaction():
        any_store.append("verdict", rows)
    assert repr(tuple(queries.cells(any_store))) == repr(fold(rows))


def test_strings_that_need_quoting(any_store: Store) -> None:
    strange = "it's \\ \" `x` \N{PILE OF POO} \n; DROP TABLE verdict --"
    with any_store.transaction():
        any_store.append("verdict", [verdict(0, target=strange), verdict(1)])
    assert [v.target for v in queries.verdicts(any_store, target=strange)] == [strange]
    with any_store.transaction():
        any_store.delete("verdict", "target", [strange])
    assert queries.verdicts(any_store) == [verdict(1)]


@pytest.mark.slow
def test_over_the_wire(chdb_session: Any, tmp_path: Path) -> None:
    pytest.importorskip("clickhouse_connect", reason="clickhouse-connect is not installed")
    with served(chdb_session, tmp_path) as port:
        address = f"clickhouse://default@127.0.0.1:{port}/wired?archive={tmp_path}/wired.archive"
        with Store.open(address) as store:
            _fill(store, tmp_path)
            found = {name: store.digest(name) for name in COMPARED}
            assert audit(store).problems == ()
            assert [len(b) for b in queries.verdicts_in_batches(store, equal={})] == [61]
            answers = {name: repr(read(store)) for name, read in READS.items()}
            for tier in TIERS:
                export(store, tier, "jsonl", tmp_path / "wired", ExportFilter(probe_cc="KP"))
            for tier in ("observation", "evidence", "verdict"):
                rebuild(store, reference.load(), from_tier=tier)
            rebuild(store, reference.load(), since=START + timedelta(days=2))
            rejudge(store)
            # what detection keeps of a country is dropped where its cells are made again
            same = [name for name in COMPARED if name != "kept_findings"]
            assert {name: store.digest(name) for name in same} == {name: found[name] for name in same}
            assert store.count(store.table("kept_findings")) == 0
        with Store.open(address, read_only=True) as again:
            assert queries.raw(again, uid(2, day=3)) == line(2, day=3)
        with banwatch.open(address) as tables:
            verdicts = tables.verdicts(cc="KP", since="2016-04-02")
            counted = verdicts.group_by("state").agg(n=verdicts.count()).order_by("state")
            rows = counted.to_pyarrow().to_pylist()
    with Store.open(tmp_path / "s.duckdb") as here:
        _fill(here, tmp_path)
        assert {name: here.digest(name) for name in COMPARED} == found
        assert {name: repr(read(here)) for name, read in READS.items()} == answers
        for tier in TIERS:
            export(here, tier, "jsonl", tmp_path / "here", ExportFilter(probe_cc="KP"))
            wired, local = (tmp_path / name / f"{tier}.jsonl" for name in ("wired", "here"))
            assert wired.read_bytes() == local.read_bytes()
    with banwatch.open(str(tmp_path / "s.duckdb")) as tables:
        verdicts = tables.verdicts(cc="KP", since="2016-04-02")
        counted = verdicts.group_by("state").agg(n=verdicts.count()).order_by("state")
        assert counted.to_pyarrow().to_pylist() == rows


@pytest.mark.slow
def test_workers_share_the_files_without_asking_each_other(chdb_session: Any, tmp_path: Path) -> None:
    """Two stateless workers with overlapping files give the same tables as one worker."""
    pytest.importorskip("clickhouse_connect", reason="clickhouse-connect is not installed")
    files = [write(tmp_path / f"{n}.jsonl", [line(k) for k in range(n, n + 4)]) for n in range(0, 24, 2)]
    with served(chdb_session, tmp_path) as port:
        address = f"clickhouse://default@127.0.0.1:{port}/shared?archive={tmp_path}/shared.archive"
        Store.open(address).close()
        words = [sys.executable, "-m", "banwatch.cli.main", "ingest", *map(str, files), "--jobs=1"]
        workers = [
            subprocess.Popen([*words, f"--store={address}", f"--share={part}/2"], stderr=subprocess.PIPE)
            for part in (1, 2)
        ]
        said = [worker.communicate()[1] for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0], said
        with Store.open(address, read_only=True) as store:
            assert audit(store).problems == ()
            found = {name: store.digest(name) for name in MEASURED}
    with Store.open(tmp_path / "s.duckdb") as here:
        ingest(here, files, reference.load())
        assert {name: here.digest(name) for name in found} == found


def test_what_a_server_says_is_told(chdb_session: Any, tmp_path: Path) -> None:
    pytest.importorskip("clickhouse_connect", reason="clickhouse-connect is not installed")
    with served(chdb_session, tmp_path) as port:
        address = f"clickhouse://default@127.0.0.1:{port}/told?archive={tmp_path}/told.archive"
        store = Store.open(address)
        with pytest.raises(BanwatchError, match=r"failed: .*nowhere"):
            list(store.answer("SELECT * FROM nowhere"))
        store.close()
