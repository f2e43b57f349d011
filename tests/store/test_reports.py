"""Readers' reports survive crashes, have limits without identities, and change no measurement."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from banwatch.bans import load_bans
from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.report import Claim, ReaderReport, ReportState
from banwatch.model.state import State
from banwatch.pipeline.conclude import detect
from banwatch.store import Store, queries, reports
from banwatch.store.reports import (
    MAX_ALIKE_PER_HOUR,
    MAX_PER_HOUR,
    RefusedError,
    ReportBook,
    reports_path,
)
from banwatch.store.tables import TABLES
from tests.store.verdict_rows import START, verdict

NOW = datetime(2026, 1, 15, 18, 42, tzinfo=UTC)
HOUR = timedelta(hours=1)


def claim(target: str = "youtube.com", asn: int = 131279, at: datetime = START, note: str = "") -> Claim:
    return Claim(
        target=TargetName(target), probe_cc=CountryCode("KP"), probe_asn=Asn(asn), seen_at=at, note=note
    )


@pytest.fixture
def book(tmp_path: Path) -> ReportBook:
    return ReportBook(tmp_path / "s.duckdb.reports.jsonl")


def test_a_report_waits_until_it_is_decided_upon(book: ReportBook) -> None:
    assert list(book.reports()) == []
    filed = book.file(claim(note="since noon"), NOW)
    assert filed.state is ReportState.PENDING
    assert filed.received_at == NOW.replace(minute=0)  # a finer time could tell who it was
    assert list(book.reports(ReportState.ACCEPTED)) == []
    book.decide([filed.report_id], ReportState.ACCEPTED, NOW)
    (accepted,) = ReportBook(book.path).reports(ReportState.ACCEPTED)
    assert (accepted.report_id, accepted.claim) == (filed.report_id, filed.claim)
    book.decide([filed.report_id], ReportState.REJECTED, NOW)
    assert list(book.reports(ReportState.ACCEPTED)) == []
    assert len(book.reports(ReportState.REJECTED)) == 1


def test_decisions_are_for_all_that_are_named_or_for_none(book: ReportBook) -> None:
    with pytest.raises(BanwatchError, match="no readers' reports yet"):
        book.decide(["x"], ReportState.ACCEPTED, NOW)
    assert not book.path.exists()
    filed = book.file(claim(), NOW)
    with pytest.raises(BanwatchError, match="no report is called 'x'"):
        book.decide([filed.report_id, "x"], ReportState.ACCEPTED, NOW)
    assert [report.state for report in book.reports()] == [ReportState.PENDING]


def test_so_many_on_one_target_network_and_hour(book: ReportBook) -> None:
    for _ in range(MAX_ALIKE_PER_HOUR):
        book.file(claim(), NOW)
    with pytest.raises(RefusedError, match="Enough"):
        book.file(claim(), NOW)
    with pytest.raises(RefusedError, match="Enough"):
        book.file(claim(at=START + HOUR), NOW)  # another hour is named, but it is sent in the same
    with pytest.raises(RefusedError, match="Enough"):
        book.file(claim(), NOW + HOUR)  # sent in another hour, about the same
    book.file(claim(asn=64512), NOW)
    book.file(claim("bbc.com"), NOW)
    book.file(claim(at=START + HOUR), NOW + HOUR)


def test_so_many_from_everybody_together(book: ReportBook, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PER_HOUR > MAX_ALIKE_PER_HOUR
    monkeypatch.setattr(reports, "MAX_PER_HOUR", 30)
    for number in range(30):
        book.file(claim(f"x{number}.example"), NOW)
    with pytest.raises(RefusedError, match="this hour"):
        book.file(claim("another.example"), NOW)
    book.file(claim("another.example"), NOW + HOUR)


def test_a_full_file_takes_no_more_but_can_be_decided_upon(book: ReportBook) -> None:
    filed = book.file(claim(), NOW)
    full = ReportBook(book.path, max_bytes=book.path.stat().st_size)
    with pytest.raises(RefusedError, match="No more"):
        full.file(claim("bbc.com"), NOW)
    full.decide([filed.report_id], ReportState.ACCEPTED, NOW)
    assert len(full.reports(ReportState.ACCEPTED)) == 1


def test_a_line_torn_by_a_crash_costs_only_itself(book: ReportBook) -> None:
    first = book.file(claim(), NOW)
    torn = book.path.read_bytes()[:-20]
    book.path.write_bytes(book.path.read_bytes() + torn)
    second = book.file(claim("bbc.com"), NOW)
    assert [report.report_id for report in book.reports()] == [first.report_id, second.report_id]


def test_many_writers_lose_nothing(book: ReportBook) -> None:
    def write(writer: int) -> None:
        mine = ReportBook(book.path)
        for number in range(5):
            mine.file(claim(f"x{writer}-{number}.example"), NOW)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({report.claim.target for report in book.reports()}) == 30


def test_only_the_owner_may_read_the_file_and_a_link_is_not_followed(
    book: ReportBook, tmp_path: Path
) -> None:
    book.file(claim(), NOW)
    assert book.path.stat().st_mode & 0o777 == 0o600
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "link.jsonl").symlink_to(elsewhere)
    with pytest.raises(BanwatchError, match="cannot be used"):
        ReportBook(tmp_path / "link.jsonl").file(claim(), NOW)
    assert not elsewhere.exists()


def test_where_the_reports_of_a_store_are() -> None:
    assert reports_path("a/b.duckdb") == Path("a/b.duckdb.reports.jsonl")
    assert reports_path("clickhouse://u@h:9000/d?archive=/x/y") == Path("/x/y.reports.jsonl")


def _filled(path: Path) -> Iterator[tuple[str, object]]:
    """Run detection in a store with a block, and return all of its results."""
    with Store.open(path) as store:
        if not queries.verdicts(store, limit=1):
            with store.transaction():
                store.append("verdict", [_made(number) for number in range(192)])
        detect(store, load_bans().values(), now=datetime(2016, 5, 1, tzinfo=UTC))
        yield "cells", queries.cells(store)
        for name in TABLES:
            yield name, store.digest(name)


def _made(number: int) -> object:
    blocked = number >= 80
    return verdict(
        number,
        target=TargetName("youtube.com"),
        measurement_start_time=START + timedelta(hours=6 * (number // 4), minutes=number % 4),
        state=State.LIKELY_BLOCKED if blocked else State.OK,
        mechanisms=("tls.reset.sni",) if blocked else (),
    )


def test_reports_change_nothing_of_what_was_measured_and_concluded(tmp_path: Path) -> None:
    path, other = tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    before = dict(_filled(path))
    assert before["incident"] != dict(_empty(tmp_path / "c.duckdb"))["incident"]  # something was concluded
    book = ReportBook(reports_path(path))
    for number in range(MAX_ALIKE_PER_HOUR):
        filed = book.file(claim(at=START + timedelta(hours=number)), NOW)
        book.file(claim("never-measured.example", at=START + timedelta(hours=number)), NOW)
        book.decide([filed.report_id], ReportState.ACCEPTED, NOW)
    assert dict(_filled(path)) == before
    reports_path(other).write_bytes(book.path.read_bytes())  # there before anything is measured
    assert dict(_filled(other)) == before


def _empty(path: Path) -> Iterator[tuple[str, object]]:
    with Store.open(path) as store:
        for name in TABLES:
            yield name, store.digest(name)


def test_a_moderator_at_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    filed = ReportBook(reports_path(path)).file(claim(note="seit \u202egestern"), NOW)
    run, app = CliRunner(), create_app()
    store = ["--store", str(path)]
    shown = run.invoke(app, ["reports", "ls", *store]).stdout
    assert filed.report_id in shown
    assert "\u202e" not in shown
    accepted = run.invoke(app, ["reports", "accept", filed.report_id, "--json", *store])
    assert msgspec.json.decode(accepted.stdout, type=ReaderReport).state is ReportState.ACCEPTED
    assert run.invoke(app, ["reports", "ls", "--state", "pending", "--json", *store]).stdout == ""
    assert run.invoke(app, ["reports", "reject", filed.report_id, *store]).exit_code == 0
    assert "rejected" in run.invoke(app, ["reports", "ls", *store]).stdout
    assert isinstance(run.invoke(app, ["reports", "accept", "none", *store]).exception, BanwatchError)
    missing = run.invoke(app, ["reports", "ls", "--store", str(tmp_path / "none.duckdb")])
    assert isinstance(missing.exception, BanwatchError)
    assert isinstance(run.invoke(app, ["reports", "ls", "--state", "odd", *store]).exception, BanwatchError)
