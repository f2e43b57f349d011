"""A target that fails in most countries at once has its own trouble, though nobody dates it to the hour."""

from random import Random

import pytest

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Incident
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

COUNTRIES = ("AA", "BB", "CC", "DD")
BEGINS, ENDS = 700.0, 870.0


def _rows(failing: tuple[str, ...], *, from_start: tuple[str, ...] = (), seed: int = 3) -> list[Verdict]:
    """Measure two targets some four times a day in four countries; one fails by 70 % for a week in some."""
    rng = Random(seed)
    rows: list[Verdict] = []
    for place, country in enumerate(COUNTRIES):
        at = 0.0
        while at < 1200:
            at += rng.expovariate(1 / 6)
            for target in ("one.org", "two.org"):
                hit = target == "one.org" and (
                    country in from_start or (country in failing and BEGINS <= at < ENDS)
                )
                bad = rng.random() < (0.7 if hit else 0.03)
                rows.append(
                    verdict(
                        START + hours(at),
                        State.LIKELY_BLOCKED if bad else State.OK,
                        target=target,
                        cc=country,
                        asn=64512 + place,
                        probe=f"{country}{rng.randrange(4)}",
                        serial=len(rows),
                    )
                )
    return rows


def _incidents(rows: list[Verdict]) -> tuple[Incident, ...]:
    cells = fold(rows)
    return group(find_changes(cells), cells)


@pytest.mark.parametrize("seed", range(2))
def test_a_site_that_is_half_down_for_all_makes_no_incident(seed: int) -> None:
    assert _incidents(_rows(COUNTRIES, seed=seed)) == ()


@pytest.mark.parametrize("seed", range(1))
def test_its_twin_that_fails_in_one_country_does(seed: int) -> None:
    (incident,) = _incidents(_rows(("BB",), seed=seed))
    assert (incident.probe_cc, incident.targets) == ("BB", ("one.org",))


def test_a_target_that_others_have_blocked_all_along_is_not_failing_everywhere() -> None:
    found = _incidents(_rows(("AA",), from_start=("BB", "CC")))
    assert {one.probe_cc for one in found} == {"AA", "BB", "CC"}
