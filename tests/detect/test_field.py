"""Measurements as the field gives them: by chance, uneven, dirty, with gaps; and sparse ones."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Change, Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

NETWORKS = (64512, 64513, 64514, 64515)
SOCIAL = ("facebook.com", "twitter.com", "whatsapp.com", "telegram.org")
OTHERS = tuple(f"site{n}.example" for n in range(40))
BLOCK_H, DARK_H, LIGHT_H, END_H = 30 * 24.0, 31.5 * 24, 35 * 24.0, 50 * 24.0
DAYS = 70


def country(seed: int, *, events: bool = True, runs_a_day: float = 4.0) -> list[Verdict]:
    """One report a run, of a third of the targets, no probe named; some targets, and some runs, are bad."""
    rng = Random(seed)
    trouble = {target: rng.choice((0.0, 0.01, 0.02, 0.03)) for target in (*SOCIAL, *OTHERS)}
    trouble |= {target: rng.uniform(0.05, 0.2) for target in rng.sample(OTHERS, 4)}
    rows: list[Verdict] = []
    for place, asn in enumerate(NETWORKS):
        at = 0.0
        while True:
            at += rng.expovariate(runs_a_day / 2**place / 24)
            if at > DAYS * 24:
                break
            if events and DARK_H <= at < LIGHT_H:
                continue
            bad_run = rng.random() < 0.04
            for number, target in enumerate(rng.sample((*SOCIAL, *OTHERS), 15)):
                hit = events and target in SOCIAL and BLOCK_H + 2 * place <= at
                hit = hit and (at < END_H or target == "facebook.com") and rng.random() < 0.97
                failed = hit or rng.random() < (0.5 if bad_run else trouble[target])
                state = State.LIKELY_BLOCKED if failed else State.OK
                if not hit and rng.random() < 0.05:
                    state = rng.choice((State.IMPAIRED, State.DOWN, State.INSUFFICIENT))
                when = START + hours(at + number / 400)
                rows.append(
                    verdict(
                        when, state, target=target, cc="UG", asn=asn, report=f"{asn}-{at}", serial=len(rows)
                    )
                )
    return rows


def _incidents(rows: list[Verdict]) -> tuple[Incident, ...]:
    cells = fold(rows)
    return group(find_changes(cells), cells)


@pytest.mark.parametrize("seed", range(3))
def test_an_election_in_the_field_is_one_block_and_one_shutdown(seed: int) -> None:
    found = _incidents(country(seed))
    assert sorted(one.kind for one in found) == [IncidentKind.BLOCKING, IncidentKind.SHUTDOWN]
    block, shutdown = sorted(found, key=lambda one: one.kind)
    assert set(block.targets) >= set(SOCIAL)
    assert len(block.targets) <= len(SOCIAL) + 1
    assert len(block.asns) >= len(NETWORKS) - 1
    assert block.onset_earliest <= START + hours(BLOCK_H) <= block.onset_latest
    assert block.onset_latest - block.onset_earliest <= hours(7 * 24)
    assert block.end_latest is None  # one of its targets is blocked to this day
    assert shutdown.asns == NETWORKS
    assert shutdown.onset_earliest <= START + hours(DARK_H) <= shutdown.onset_latest + hours(12)
    assert shutdown.end_earliest is not None
    assert shutdown.end_latest is not None
    assert shutdown.end_earliest - hours(12) <= START + hours(LIGHT_H) <= shutdown.end_latest


def test_quiet_countries_in_the_field_have_hardly_any_incidents() -> None:
    """Five times seventy days of 176 series, of which one in eleven has trouble of up to 20 %."""
    assert sum(len(_incidents(country(100 + seed, events=False))) for seed in range(5)) <= 2


def _sparse(days: list[float], states: list[State]) -> tuple[Change, ...]:
    rows = [
        verdict(START + hours(24 * day), state, report=f"r{n}", serial=n)
        for n, (day, state) in enumerate(zip(days, states, strict=True))
    ]
    return find_changes(fold(rows))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    gaps=st.lists(st.floats(0.3, 20), min_size=24, max_size=24),
    pause=st.floats(3, 40),
    stray=st.none() | st.integers(0, 5),
)
def test_a_sparse_series_does_not_flap_and_its_bracket_spans_the_gap(
    gaps: list[float], pause: float, stray: int | None
) -> None:
    """Twelve good ones, a pause, then twelve bad ones, of which one may have got through."""
    days, at = [], 0.0
    for number, gap in enumerate(gaps):
        at += pause if number == 12 else gap
        days.append(at)
    states = [State.OK] * 12 + [State.LIKELY_BLOCKED] * 12
    if stray is not None:
        states[15 + stray] = State.OK
    (change,) = _sparse(days, states)
    last_good, first_bad = START + hours(24 * days[11]), START + hours(24 * days[12])
    assert change.onset_earliest <= last_good
    assert change.onset_latest >= first_bad
    assert change.end_latest is None


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.02, 0.1, 0.2]), gap_days=st.floats(0.2, 5))
def test_chance_in_a_sparse_series_moves_it_seldom(seed: int, share: float, gap_days: float) -> None:
    rng = Random(seed)
    days = [gap_days * n for n in range(120)]
    changes = _sparse(days, [State.LIKELY_BLOCKED if rng.random() < share else State.OK for _ in days])
    assert len(changes) <= len(days) / 12
    for one, other in pairwise(changes):
        assert one.end_latest is not None
        assert one.end_latest <= other.onset_latest
