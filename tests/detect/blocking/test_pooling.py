"""Networks of one target are weighed together: half a case on each is a case, and one bad network is none."""

from itertools import product
from random import Random

import pytest

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Change
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

NETWORKS = tuple(range(64512, 64520))
BEGINS = 600.0


def _rows(
    *, failing: int, votes: float, seed: int = 0, accused: float = 1.0, apart_h: float = 0.0
) -> list[Verdict]:
    """Measure three targets sparsely on eight networks; of the first, some begin to fail after 600 hours."""
    rng = Random(seed)
    rows: list[Verdict] = []
    for place, (asn, target) in enumerate(product(NETWORKS, ("one.org", "two.org", "three.org"))):
        at = rng.uniform(0, 12)
        begins = BEGINS + apart_h * NETWORKS.index(asn)
        after = 0
        while at < BEGINS + 30 * 24:
            hit = target == "one.org" and asn in NETWORKS[:failing] and at >= begins
            after += hit
            if hit and after > votes:
                break
            bad = rng.random() < (accused if hit else 0.05)
            rows.append(
                verdict(
                    START + hours(at),
                    State.LIKELY_BLOCKED if bad else State.OK,
                    target=target,
                    asn=asn,
                    probe=f"{asn}p{rng.randrange(3)}",
                    serial=place,
                )
            )
            at += rng.uniform(8, 16)
    return rows


def _changes(rows: list[Verdict]) -> list[Change]:
    return [change for change in find_changes(fold(rows)) if change.target == "one.org"]


@pytest.mark.parametrize("seed", range(3))
def test_two_failures_on_each_of_several_networks_are_a_change_of_each(seed: int) -> None:
    """Two in a row are too few on one network alone."""
    assert len(_changes(_rows(failing=1, votes=2, seed=seed))) == 0
    together = _changes(_rows(failing=5, votes=2, seed=seed))
    assert len({change.probe_asn for change in together}) >= 4
    assert all(change.probe_asn in NETWORKS[:5] for change in together)


def test_eighteen_of_twenty_failures_over_eight_networks_make_one_incident() -> None:
    cells = fold(_rows(failing=8, votes=2.5, seed=4, accused=0.9))
    (incident,) = group(find_changes(cells), cells)
    assert incident.targets == ("one.org",)
    assert len(incident.asns) >= 5


def test_networks_that_fail_weeks_apart_do_not_support_each_other() -> None:
    apart = _changes(_rows(failing=5, votes=2, seed=1, apart_h=130))
    assert len({change.probe_asn for change in apart}) <= 2


def test_a_network_that_goes_on_working_is_not_drawn_in() -> None:
    """Four networks are blocked for good; the others do not fail."""
    changes = _changes(_rows(failing=4, votes=1000, seed=2))
    assert {change.probe_asn for change in changes} == set(NETWORKS[:4])
