"""Receipt time: a measurement from the future proves a wrong clock, and no detection listens to it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from banwatch import reference
from banwatch.detect import fold
from banwatch.formats.verdict_table import parse_verdict_untrusted
from banwatch.model.receipt import (
    NO_RECEIPT,
    Receipt,
    SourceClass,
    arrival_in_uid,
    parse_receipt,
    receipt_hour_of,
)
from banwatch.model.verdict import Verdict
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.rebuild import rebuild
from banwatch.pipeline.trust.receipts import FROM_INBOX_0_1, split_receipts, with_receipt
from banwatch.store import Store, queries
from tests.adversary.verdicts import START, story, verdict
from tests.pipeline.measurement_lines import line

REFERENCE = reference.load()
NOW = datetime(2026, 3, 21, tzinfo=UTC)
EXAMPLE_UID = "20260301000607.000001_KE_webconnectivity_2b491044d5e34124"


def _years_ahead() -> Iterator[Verdict]:
    """Make two submissions of 2026 that say they are of 2031."""
    for voice in ("one", "two"):
        at = START.replace(year=2031)
        yield verdict(voice, at, received_at=NOW)


def test_two_submissions_from_the_future_change_nothing(tmp_path: Path) -> None:
    """Two submissions dated years ahead withdrew every shutdown of every country."""
    honest, forged = list(story()), list(_years_ahead())
    assert fold([*honest, *forged]) == fold(honest)
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", honest)
        detect(store, [], now=NOW)
        before = queries.incidents(store)
        with store.transaction():
            store.append("verdict", forged)
        report = detect(store, [], now=NOW)
        assert before
        assert queries.incidents(store) == before
        assert report.wrong_clocks == 2
        assert queries.cells(store) == list(fold([*honest, *forged]))


@pytest.mark.parametrize(
    ("ahead", "counts"),
    [
        (timedelta(minutes=-30), True),
        (timedelta(minutes=59), True),
        (timedelta(hours=1, minutes=14), True),  # the hour of receipt, and the tolerance
        (timedelta(hours=1, minutes=16), False),
        (timedelta(hours=6), False),
        (timedelta(days=-3), True),  # late, as after a shutdown
    ],
)
def test_only_the_future_is_left_out(ahead: timedelta, counts: bool) -> None:
    row = verdict("one", START + ahead, received_at=START)
    assert bool(fold([row])) is counts


def test_unknown_receipt_proves_nothing() -> None:
    row = parse_verdict_untrusted(
        {
            "measurement_uid": "m1",
            "measurement_start_time": "2031-01-01 00:00:00",
            "probe_cc": "KE",
            "probe_asn": "AS64500",
            "target": "news.example",
            "state": "ok",
            "mechanisms": "",
        }
    )
    assert row.received_at is None
    assert len(fold([row])) == 1


def test_uid_of_a_collector_tells_the_hour() -> None:
    started = datetime(2026, 3, 1, 0, 5, 47, tzinfo=UTC)
    assert receipt_hour_of(EXAMPLE_UID, started) == datetime(2026, 3, 1, tzinfo=UTC)
    assert arrival_in_uid("20269999000607.000001_KE") is None
    assert receipt_hour_of("not-a-time", started) is None


def test_uid_that_was_made_from_the_start_tells_nothing() -> None:
    started = datetime(2026, 3, 1, 0, 6, 7, tzinfo=UTC)
    assert receipt_hour_of("20260301000607.000000_KE_webconnectivity_2b491044d5e34124", started) is None


def test_receipt_survives_the_inbox_and_the_archive(tmp_path: Path) -> None:
    receipt = Receipt(
        received_at=datetime(2026, 3, 2, 5, tzinfo=UTC),
        source_class=SourceClass.ANONYMOUS,
        voice="a1b2",
        origin_agrees=False,
    )
    assert parse_receipt(receipt.render()) == receipt
    plain = line(1)
    journal = tmp_path / "00000001-aa.jsonl"
    journal.write_bytes(with_receipt(plain, receipt) + b"\n")
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [journal], REFERENCE, from_inbox=True)
        (row,) = queries.verdicts(store)
        assert (row.received_at, row.source_class) == (receipt.received_at, SourceClass.ANONYMOUS)
        assert (row.receipt_voice, row.origin_agrees) == ("a1b2", False)
        assert queries.raw(store, row.measurement_uid) == plain.strip()  # the archive has the line as it came
        for tier in ("observation", "evidence", "verdict"):
            rebuild(store, REFERENCE, from_tier=tier)
            assert queries.verdicts(store) == [row]


def test_line_of_an_earlier_inbox_is_anybodys() -> None:
    lines, receipts = split_receipts([b'{"a":1}', with_receipt(b'{"a":1}', NO_RECEIPT)])
    assert lines == (b'{"a":1}', b'{"a":1}')
    assert receipts == (FROM_INBOX_0_1, NO_RECEIPT)


def test_claimed_receipt_in_a_file_is_ignored(tmp_path: Path) -> None:
    """A file that is brought in by hand cannot give itself a class."""
    forged = with_receipt(line(1), Receipt(source_class=SourceClass.OWN))
    path = tmp_path / "f.jsonl"
    path.write_bytes(forged + b"\n")
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [path], REFERENCE, source_class=SourceClass.ANONYMOUS)
        (row,) = queries.verdicts(store)
    assert row.source_class is SourceClass.ANONYMOUS
