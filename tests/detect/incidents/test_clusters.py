"""Grouping many changes: what belongs together, and that the time it takes grows with their number alone."""

import time

import pytest

from banwatch.detect.incidents.clusters import clusters_of
from banwatch.detect.incidents.common_cause import set_aside
from banwatch.detect.incidents.select import select_changes
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.incident import Change, IncidentKind
from tests.detect.making import START, hours

MANY = 20_000


def _change(
    onset_h: float,
    *,
    width_h: float = 1.0,
    target: int = 0,
    asn: int = 1,
    cc: str = "KP",
    onset_known: bool = True,
    lasts_h: float = 0.0,
) -> Change:
    latest = START + hours(onset_h)
    return Change(
        target=TargetName(f"t{target}.com"),
        probe_cc=CountryCode(cc),
        probe_asn=Asn(asn),
        access_tier="",
        kind=IncidentKind.BLOCKING,
        onset_earliest=latest - hours(width_h) if onset_known else latest,
        onset_latest=latest,
        onset_known=onset_known,
        end_earliest=latest + hours(lasts_h) if lasts_h else None,
        end_latest=latest + hours(lasts_h + 1) if lasts_h else None,
        share=1.0,
        measurements=10,
        probes=3,
        confidence=0.99,
        mechanisms=(),
        witness=MeasurementUid(f"{target}-{asn}"),
    )


def _cell(change: Change) -> Cell:
    return Cell(
        target=change.target,
        probe_cc=change.probe_cc,
        probe_asn=change.probe_asn,
        access_tier="",
        hour=change.onset_latest.replace(minute=0, second=0),
        blocked=4,
        likely_blocked=0,
        tampered=0,
        impaired=0,
        down=0,
        ok=0,
        insufficient=0,
        probes=4,
        reports=4,
        mechanisms=(),
        silent=0,
        first_at=change.onset_latest,
        last_at=change.onset_latest,
        witness=change.witness,
        accusers=("a", "b", "c", "d"),
    )


MANIES = {
    "at once": [_change(100, target=n // 20, asn=n % 20) for n in range(MANY)],
    "one after the other": [_change(12 * n, target=n) for n in range(MANY)],
    "the same target again and again": [_change(200 * n, lasts_h=50) for n in range(MANY)],
    "wide": [_change(12 * n, width_h=24 * (n % 50), target=n % 700, asn=n % 30) for n in range(MANY)],
    "in many countries": [
        _change(7 * n, target=n % 500, cc=f"{chr(65 + n % 26)}{chr(65 + n % 7)}") for n in range(MANY)
    ],
    "never seen to begin": [_change(n, target=n, onset_known=False) for n in range(MANY)],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MANIES))
def test_twenty_thousand_changes_are_grouped_at_once(name: str) -> None:
    changes = MANIES[name]
    cells = [_cell(change) for change in changes]
    began = time.process_time()
    select_changes(changes, cells)
    assert time.process_time() - began < 20.0  # that nothing is quadratic: pairs would take minutes


def test_what_began_at_once_is_one_and_what_did_not_is_not() -> None:
    assert len(clusters_of(MANIES["at once"])) == 1
    assert len(clusters_of(MANIES["one after the other"])) == MANY


def test_a_rollout_is_one_and_brackets_of_weeks_join_nothing_else() -> None:
    rollout = [_change(100 + 30 * n, asn=n) for n in range(4)]
    other = [_change(400, target=1, asn=n) for n in range(4)]
    vague = [_change(500, width_h=450, target=2, asn=9)]
    found = clusters_of([*rollout, *other, *vague])
    assert sorted(len(cluster) for cluster in found) in ([4, 5], [5, 4])


def test_simultaneous_countries_are_those_whose_brackets_meet() -> None:
    near = [_change(100 + n, cc=cc) for n, cc in enumerate(("AA", "BB", "CC"))]
    far = [_change(100 + 60, cc="DD")]
    cells = [_cell(change) for change in (*near, *far)]
    assert set(set_aside([*near, *far], cells)) == set(near)
    wide = [_change(100 + 60, cc="DD", width_h=49)]  # too wide to say anything
    assert set(set_aside([*near, *wide], cells)) >= set(near)
