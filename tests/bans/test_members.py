"""Bans are held against the rows of incidents: target, network and time of one row must agree."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from banwatch.bans import load_bans
from banwatch.bans.unannounced import announced_members, announces
from banwatch.model.ban import Ban, BoundNetwork, Source
from banwatch.model.ids import Asn, CountryCode, IncidentId, TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.member import Member

DAY = timedelta(days=1)
BEGINS = datetime(2024, 6, 1, tzinfo=UTC)


def _ban(**changes: object) -> Ban:
    ban = Ban(
        ban_id="xx-2024",
        title="Ban",
        country=CountryCode("XX"),
        authority="Ministry",
        targets=(TargetName("one.org"),),
        categories=(),
        category_targets=(),
        binds=(),
        begins=BEGINS.date(),
        ends="unspecified",
        penalty="unspecified",
        sources=(),
        notes="",
    )
    return replace(ban, **changes)  # type: ignore[arg-type]  # fields by name


def _member(target: str, asn: int, onset: datetime, end: datetime | None, *windows: str) -> Member:
    return Member(
        target=TargetName(target),
        probe_asn=Asn(asn),
        access_tier="",
        onset_earliest=onset,
        onset_latest=onset,
        onset_known=True,
        end_earliest=end,
        end_latest=end,
        last_at=end or onset + DAY,
        mechanisms=(),
        phases=(),
        hours=(),
        share=1.0,
        interfered=9,
        measurements=9,
        probes=3,
        windows=windows,
        witnesses=(),
    )


def _incident(*members: Member, kind: IncidentKind = IncidentKind.BLOCKING) -> Incident:
    ends = [one.end_latest for one in members]
    return Incident(
        incident_id=IncidentId("XX-2024-0001"),
        kind=kind,
        probe_cc=CountryCode("XX"),
        asns=tuple(sorted({one.probe_asn for one in members})),
        access_tiers=("",),
        targets=tuple(sorted({one.target for one in members if one.target})),
        mechanisms=(),
        onset_earliest=min(one.onset_earliest for one in members),
        onset_latest=min(one.onset_latest for one in members),
        onset_known=True,
        end_earliest=None,
        end_latest=None if None in ends else max(end for end in ends if end),
        measurements=9,
        probes=3,
        confidence=0.99,
        witnesses=(),
        sentence="",
        members=members,
    )


def test_target_network_and_time_must_agree_in_one_row() -> None:
    """The whole names target, network and time of the ban, and no row has all three."""
    early, late = BEGINS - 200 * DAY, BEGINS + DAY
    ban = _ban(binds=(BoundNetwork(asn=Asn(1), name="One", access_tier=""),))
    crossed = _incident(
        _member("one.org", 2, late, None),
        _member("two.org", 1, late, None),
        _member("one.org", 1, early, early + DAY),
    )
    assert not announces(ban, crossed)
    agreed = _incident(*crossed.members, _member("one.org", 1, late, None))
    assert announces(ban, agreed)
    assert announced_members(ban, agreed) == (("one.org", 1, ""),)


def test_an_unspecified_beginning_is_that_of_the_first_report() -> None:
    report = Source(
        publisher="Paper", title="", published=date(2024, 6, 1), precision="day", url="", cites=""
    )
    ban = _ban(begins=None, sources=(report,))
    years_before = BEGINS - 800 * DAY
    assert not announces(ban, _incident(_member("one.org", 1, years_before, years_before + 3 * DAY)))
    assert announces(ban, _incident(_member("one.org", 1, BEGINS - 5 * DAY, None)))
    assert announces(ban, _incident(_member("one.org", 1, years_before, None)))  # it lasts into the ban


WINDOWS = tuple(f"2024-06-0{day}T03:00Z/2024-06-0{day}T05:00Z" for day in (3, 4, 6))


def test_a_ban_that_recurs_is_matched_by_what_comes_and_goes() -> None:
    """Its hours are announced for years; three weeks of silence are not."""
    ban = _ban(targets=(), shutdown=True, begins=None, recurs="On mornings of examinations.")
    recurring = _incident(_member("", 1, BEGINS, BEGINS + 9 * DAY, *WINDOWS), kind=IncidentKind.SHUTDOWN)
    one_morning = _incident(_member("", 1, BEGINS, BEGINS + timedelta(hours=5)), kind=IncidentKind.SHUTDOWN)
    three_weeks = _incident(_member("", 1, BEGINS, BEGINS + 21 * DAY), kind=IncidentKind.SHUTDOWN)
    lasting = _incident(_member("", 1, BEGINS, None), kind=IncidentKind.SHUTDOWN)
    assert [announces(ban, one) for one in (recurring, one_morning, three_weeks, lasting)] == [
        True,
        True,
        False,
        False,
    ]


def test_hours_between_recurring_times_are_no_part_of_it() -> None:
    """The times end in June; a ban of the winter is not matched by the year between two seasons."""
    winter = _ban(targets=(), shutdown=True, begins=date(2025, 1, 1), ends="2025-01-05")
    seasons = _member("", 1, BEGINS, BEGINS + 400 * DAY, *WINDOWS, "2025-07-05T03:00Z/2025-07-05T05:00Z")
    assert not announces(winter, _incident(seasons, kind=IncidentKind.SHUTDOWN))
    assert announces(_ban(targets=(), shutdown=True), _incident(seasons, kind=IncidentKind.SHUTDOWN))


@pytest.mark.parametrize("year", [2019, 2024])
def test_mornings_in_iraq_were_announced_in_each_year(year: int) -> None:
    windows = tuple(f"{year}-06-{day}T03:00Z/{year}-06-{day}T05:00Z" for day in (11, 13, 16))
    onset = datetime(year, 6, 11, 3, tzinfo=UTC)
    found = _incident(_member("", 1, onset, onset + 6 * DAY, *windows), kind=IncidentKind.SHUTDOWN)
    assert announces(load_bans()["iq-exams"], replace(found, probe_cc=CountryCode("IQ")))
