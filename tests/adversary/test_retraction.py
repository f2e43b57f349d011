"""Retraction and redaction: both survive rebuilds, repeated ingests and judging again; one can be undone."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from fastapi import FastAPI

from banwatch import reference
from banwatch.collector import own
from banwatch.collector.ownership import OwnerClient
from banwatch.explorer.decisions import add_decisions
from banwatch.model.errors import BanwatchError
from banwatch.pipeline.deciding.follow import FollowReport, follow
from banwatch.pipeline.deciding.redact import redact
from banwatch.pipeline.deciding.retract import restore, retract
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.rebuild import rebuild, rejudge
from banwatch.pipeline.trust.decisions import Action, copy_decisions, decisions_path, read_decisions
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from banwatch.store.exporting.export import ExportReport
from banwatch.store.tables import MEASURED
from tests.explorer.asgi_client import ask
from tests.pipeline.measurement_lines import line, uid, write

REFERENCE = reference.load()
NOW = datetime(2026, 3, 21, tzinfo=UTC)
FIRST_REPORT = {uid(n) for n in range(4)}


def _counting(store: Store) -> set[str]:
    return {row.measurement_uid for row in queries.verdicts(store)}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Make a store of eight measurements in two reports."""
    file = write(tmp_path / "a.jsonl", [line(n) for n in range(8)])
    opened = Store.open(tmp_path / "s.duckdb")
    ingest(opened, [file], REFERENCE)
    return opened


@pytest.mark.parametrize(
    ("subject", "taken"),
    [
        (uid(0), {uid(0)}),
        ("report-0", FIRST_REPORT),
        ("report:report-0", FIRST_REPORT),
        ("2016-04-01T00:02/2016-04-01T00:04,KP", {uid(2), uid(3)}),
    ],
)
def test_retraction_survives(store: Store, tmp_path: Path, subject: str, taken: set[str]) -> None:
    with store:
        every = _counting(store)
        digests = {name: store.digest(name) for name in MEASURED}
        assert retract(store, subject, "forged", NOW) == len(taken)
        left = {name: store.digest(name) for name in MEASURED}
        again = write(tmp_path / "b.jsonl", [line(n) for n in range(9)])
        assert ingest(store, [again], REFERENCE).accepted == 1
        retract(store, f"uid:{uid(8)}", "not in the first file", NOW)
        for tier in ("observation", "evidence", "verdict"):
            rebuild(store, REFERENCE, from_tier=tier)
            assert _counting(store) == every - taken
        rejudge(store)
        assert {name: store.digest(name) for name in MEASURED} == left
        for name in sorted(taken):
            assert queries.raw(store, name) is not None  # the archive keeps the line
        restore(store, subject, "it was real", NOW, REFERENCE)
        assert {name: store.digest(name) for name in MEASURED} == digests
        log = read_decisions(decisions_path(store.archive.folder))
        assert [str(d.action) for d in log] == ["retract", "retract", "restore"]
        assert [d.why for d in log] == ["forged", "not in the first file", "it was real"]


def test_retraction_needs_a_reason_and_a_subject(store: Store) -> None:
    with store:
        with pytest.raises(BanwatchError, match="reason"):
            retract(store, uid(0), "", NOW)
        with pytest.raises(BanwatchError, match="named"):
            retract(store, "nobody", "why", NOW)
        with pytest.raises(BanwatchError, match="window"):
            retract(store, "yesterday/today", "why", NOW)
        with pytest.raises(BanwatchError, match="not retracted"):
            restore(store, uid(0), "why", NOW, REFERENCE)
        assert read_decisions(decisions_path(store.archive.folder)) == ()


def test_decision_cut_short_never_came_into_force(store: Store) -> None:
    with store:
        retract(store, uid(0), "forged", NOW)
        path = decisions_path(store.archive.folder)
        path.write_bytes(path.read_bytes() + b'{"at":"2026')
        assert len(read_decisions(path)) == 1
        with pytest.raises(BanwatchError, match="no decision"):
            retract(store, uid(1), "forged", NOW)  # the broken line ends, and is seen


def test_redacted_content_is_gone_for_good(store: Store, tmp_path: Path) -> None:
    with store:
        original = queries.raw(store, uid(0))
        assert original is not None
        others = {name: queries.raw(store, name) for name in _counting(store) if name != uid(0)}
        assert redact(store, uid(0), "a person is named in it", NOW) == 1
        for path in Path(store.archive.folder).rglob("*.zst"):
            lines = [
                line
                for _, lines in store.archive.frames(path.name.removesuffix(".jsonl.zst"))
                for line in lines
            ]
            assert original not in lines
        assert audit(store).sound
        (kept,) = read_decisions(decisions_path(store.archive.folder))
        assert kept.sha256
        digests = {name: store.digest(name) for name in (*MEASURED, "quarantine", "entry")}
        rebuild(store, REFERENCE)
        assert {name: store.digest(name) for name in (*MEASURED, "quarantine", "entry")} == digests
        ingest(store, [write(tmp_path / "b.jsonl", [line(0)])], REFERENCE)
        assert uid(0) not in _counting(store)
        assert {name: queries.raw(store, name) for name in others} == others


def test_mirror_follows_the_log(store: Store, tmp_path: Path) -> None:
    """What is retracted, restored and redacted here is so in a store that took the same files."""
    with store, Store.open(tmp_path / "mirror.duckdb") as mirror:
        ingest(mirror, [tmp_path / "a.jsonl"], REFERENCE)
        retract(store, "report-0", "forged", NOW)
        retract(store, f"uid:{uid(5)}", "by mistake", NOW)
        redact(store, uid(6), "names a person", NOW)
        log = decisions_path(store.archive.folder)
        assert follow(mirror, read_decisions(log), REFERENCE) == FollowReport(3, 5)
        assert _counting(mirror) == _counting(store) == {uid(4), uid(7)}
        restore(store, f"uid:{uid(5)}", "it was sound", NOW, REFERENCE)
        assert follow(mirror, read_decisions(log), REFERENCE).decisions == 1
        assert follow(mirror, read_decisions(log), REFERENCE).decisions == 0
        rebuild(mirror, REFERENCE)
        assert _counting(mirror) == _counting(store) == {uid(4), uid(5), uid(7)}
        assert {name: mirror.digest(name) for name in MEASURED} == {n: store.digest(n) for n in MEASURED}
        kept = b"".join(
            line
            for name in mirror.archive.names()
            for _, lines in mirror.archive.frames(name)
            for line in lines
        )
        assert uid(6).encode() not in kept
        found = audit(mirror, has_retractions=True)
        assert (found.sound, found.retracted) == (True, 4)
        assert not audit(mirror).sound  # without a retraction they would be lost
        done = ExportReport("verdict")
        copy_decisions(mirror, tmp_path, done)
        assert read_decisions(tmp_path / "decisions.jsonl") == read_decisions(log)
        assert done.files == ["decisions.jsonl"]


def test_decisions_are_carried_out_by_the_process_that_serves(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [line(n) for n in range(8)])
    path = str(tmp_path / "s.duckdb")
    with own(path) as owner:
        assert owner is not None
        with owner.turn:
            ingest(owner.store, [file], REFERENCE)
        client = OwnerClient.reach(Path(path))
        assert client is not None
        assert client.decide(Action.RETRACT, "report-0", "forged").count == 4
        assert client.decide(Action.REDACT, uid(7), "names a person").count == 1
        assert client.decide(Action.RESTORE, "report:report-0", "sound after all").count == 7
        with pytest.raises(BanwatchError, match="nobody"):
            client.decide(Action.RETRACT, "nobody", "no such thing")
        assert _counting(owner.store) == {uid(n) for n in range(7)}
        app = FastAPI()
        add_decisions(app, Path(owner.store.archive.folder))
        answer = ask(app, "GET", "/decisions.jsonl")
        assert [msgspec.json.decode(row)["action"] for row in answer.body.splitlines()] == [
            "retract",
            "redact",
            "restore",
        ]
