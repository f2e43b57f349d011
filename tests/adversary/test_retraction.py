"""Retraction and redaction: both survive rebuilds, repeated ingests and judging again; one can be undone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from banwatch import reference
from banwatch.model.errors import BanwatchError
from banwatch.pipeline.deciding.redact import redact
from banwatch.pipeline.deciding.retract import restore, retract
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.rebuild import rebuild, rejudge
from banwatch.pipeline.trust.decisions import decisions_path, read_decisions
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from banwatch.store.tables import MEASURED
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
