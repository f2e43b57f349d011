"""Readers' reports beside what was measured: which belong to a ban or an incident, and their counts."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.incident import IncidentKind
from banwatch.model.report import Claim, ReaderReport, ReportState
from banwatch.pages.views.reader_reports import MAX_LINES, on_ban, on_incident, view_readers
from tests.pages.made_up_country import ANNOUNCED, START, MadeUpReader, make_ban, make_country, make_incident


@pytest.fixture(scope="module")
def reader() -> MadeUpReader:
    return make_country(days=7, per_day=1)


def report(
    target: str = "youtube.com", cc: str = "KP", asn: int = 0, at: datetime = ANNOUNCED
) -> ReaderReport:
    said = Claim(target=TargetName(target), probe_cc=CountryCode(cc), probe_asn=Asn(asn), seen_at=at, note="")
    return ReaderReport(report_id="x", received_at=at, claim=said, state=ReportState.ACCEPTED)


def test_which_reports_belong_to_a_ban(reader: MadeUpReader) -> None:
    mine = [report(), report("YouTube.com", cc="", asn=64512), report("bet365.com")]
    others = [report(cc="UG"), report(cc=""), report(cc="", asn=1), report("elsewhere.example")]
    assert on_ban([*mine, *others], make_ban(), reader.rows) == mine


def test_which_reports_belong_to_an_incident() -> None:
    incident = replace(make_incident(), end_earliest=ANNOUNCED, end_latest=ANNOUNCED + timedelta(days=2))
    mine = [report(), report(at=ANNOUNCED + timedelta(days=3))]
    others = [
        report(at=START - timedelta(days=9)),
        report(at=ANNOUNCED + timedelta(days=4)),
        report("x.example"),
    ]
    assert on_incident([*mine, *others], incident) == mine
    shutdown = replace(incident, kind=IncidentKind.SHUTDOWN, targets=())
    assert on_incident([*mine, *others], shutdown) == [*mine, report("x.example")]


def test_counts_are_by_day_and_the_latest_come_first() -> None:
    same = [report(at=ANNOUNCED + timedelta(hours=hour), asn=64512) for hour in range(30)]
    view = view_readers(same)
    assert [(day.machine_day, day.network, day.count) for day in view.days] == [
        ("2016-04-02", "AS64512", "6"),
        ("2016-04-01", "AS64512", "24"),
    ]
    many = view_readers(report(at=ANNOUNCED + timedelta(days=day)) for day in range(MAX_LINES + 1))
    assert len(many.days) == MAX_LINES
    assert many.left_out == "one earlier line not shown."
