"""Cut off from abroad: sites elsewhere fail together while those of the country load; and its twins."""

from itertools import count

import pytest

from banwatch.detect import find_changes, fold, group
from banwatch.detect.shutdowns.cut_off import is_domestic
from banwatch.detect.wording.reasons import reasons
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

ABROAD = ("instagram.com", "wikipedia.org", "github.com", "bbc.co.uk")
HOME = ("farsnews.ir", "aparat.ir")
DAYS = 24
CUT = range(12 * 24, 19 * 24)
OK, BAD, NOTHING = State.OK, State.LIKELY_BLOCKED, State.INSUFFICIENT


def _rows(abroad: State, home: State, *, only: tuple[str, ...] = ABROAD) -> list[Verdict]:
    """Two networks, measured every four hours by a report of their own; `abroad` in the cut."""
    serial = count()
    rows = []
    for hour in range(0, DAYS * 24, 4):
        for asn in (58224, 44244):
            for target in (*ABROAD, *HOME):
                state = OK
                if hour in CUT:
                    state = abroad if target in only else home if target in HOME else OK
                at = START + hours(hour + asn % 7 / 10)
                report = f"{asn}-{hour}"
                rows.append(
                    verdict(at, state, target=target, cc="IR", asn=asn, report=report, serial=next(serial))
                )
    return rows


def _incidents(rows: list[Verdict]) -> tuple[Incident, ...]:
    cells = fold(rows)
    return group(find_changes(cells), cells)


@pytest.mark.parametrize("state", [BAD, NOTHING, State.IMPAIRED, State.DOWN])
def test_a_week_without_abroad_is_one_incident_whatever_the_failures_are_called(state: State) -> None:
    (found,) = _incidents(_rows(state, OK))
    assert (found.kind, found.asns, found.targets) == (IncidentKind.SHUTDOWN, (44244, 58224), ())
    assert found.reached == tuple(sorted(HOME))
    assert found.onset_earliest <= START + hours(CUT[0]) <= found.onset_latest
    assert found.end_earliest is not None
    assert found.end_latest is not None
    assert found.end_earliest <= START + hours(CUT[-1] + 1) <= found.end_latest
    assert "cut off from abroad" in found.sentence
    assert "aparat.ir and farsnews.ir loaded" in found.sentence


def test_a_member_of_a_network_cut_off_does_not_say_that_nothing_answered() -> None:
    rows = _rows(BAD, OK)
    (found,) = _incidents(rows)
    lines = [line for line in reasons(found, fold(rows)) if line.startswith("Member:")]
    assert len(lines) == 2
    assert all("measurements of sites abroad failed" in line for line in lines)
    assert all("nothing answered" not in line for line in lines)


def test_where_sites_of_the_country_fail_too_it_is_not_cut_off() -> None:
    assert not any(one.reached for one in _incidents(_rows(NOTHING, NOTHING)))


def test_one_blocked_site_is_a_block() -> None:
    (found,) = _incidents(_rows(BAD, OK, only=("instagram.com",)))
    assert (found.kind, found.targets, found.reached) == (IncidentKind.BLOCKING, ("instagram.com",), ())


def test_a_country_whose_own_sites_nobody_measures_says_nothing_of_them() -> None:
    rows = [row for row in _rows(NOTHING, OK) if row.target not in HOME]
    assert not any(one.reached for one in _incidents(rows))


def test_the_country_of_a_name_is_its_last_label() -> None:
    assert is_domestic(TargetName("farsnews.ir"), CountryCode("IR"))
    assert is_domestic(TargetName("bbc.co.uk"), CountryCode("GB"))
    assert not is_domestic(TargetName("ir.com"), CountryCode("IR"))


def test_the_reasons_of_a_cut_off_count_sites_abroad_alone() -> None:
    cells = fold(_rows(State.IMPAIRED, OK))
    (found,) = group(find_changes(cells), cells)
    why = reasons(found, cells)
    assert why[0].startswith(f"For it: {found.measurements} measurements of sites abroad failed on AS44244")
    assert why[2] == "Against it: 0 measurements of sites abroad loaded in that time."
