"""The hidden-state model: what it must see, what it must not, and that its short cuts change nothing."""

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.detect import find_changes, fold, thresholds
from banwatch.detect.blocking import hidden_markov, stretches
from banwatch.detect.blocking.baseline import Prior
from banwatch.detect.votes.steps import Steps
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.state import State
from tests.detect.making import START, hours, verdict


def _steps(accusing: list[int], gap_hours: int = 1) -> Steps:
    votes = np.array([accusing], np.float32).T
    gaps = np.full(votes.shape, gap_hours, np.int32)
    gaps[0] = 0
    return Steps(votes, np.ones_like(votes), gaps)


def _changes(states: Sequence[State | None], every_h: float = 1.0) -> tuple[Change, ...]:
    rows = [verdict(START + hours(i * every_h), state) for i, state in enumerate(states) if state]
    return find_changes(fold(rows))


OK, BLOCKED = State.OK, State.LIKELY_BLOCKED


def test_a_clear_block_is_dated_between_two_measurements() -> None:
    (change,) = _changes([OK] * 50 + [BLOCKED] * 30 + [OK] * 50)
    assert (change.onset_earliest, change.onset_latest) == (START + hours(49), START + hours(50))
    assert (change.end_earliest, change.end_latest) == (START + hours(79), START + hours(80))
    assert change.share == 1.0


def test_a_gap_is_neither_an_onset_nor_an_end() -> None:
    change = _changes([OK] * 50 + [BLOCKED] * 10 + [None] * 48 + [BLOCKED] * 10)[-1]
    assert change.kind is IncidentKind.BLOCKING
    assert change.end_latest is None
    assert change.onset_latest == START + hours(50)


def test_states_that_cannot_tell_neither_accuse_nor_absolve() -> None:
    cannot = [State.DOWN, State.IMPAIRED, State.INSUFFICIENT] * 10
    (change,) = _changes([OK] * 50 + cannot + [BLOCKED] * 20)
    assert change.onset_earliest == START + hours(49)
    assert change.onset_latest == START + hours(80)
    assert _changes([OK] * 50 + cannot) == ()


def test_sparse_series_give_wide_intervals_and_do_not_flap() -> None:
    (change,) = _changes(
        [OK] * 12 + [None] * 3 + [BLOCKED, None, None] * 8 + [None] * 5 + [BLOCKED] * 4, 24.0
    )
    assert change.onset_latest - change.onset_earliest == hours(4 * 24)


def test_blocked_from_the_first_measurement_on_has_no_known_onset() -> None:
    (change,) = _changes([BLOCKED] * 30)
    assert not change.onset_known
    assert change.onset_earliest == change.onset_latest == START


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_steady_trickle_of_trouble_is_a_baseline(times: int) -> None:
    trickle = ([BLOCKED] * times + [OK] * (20 - times)) * 30
    rng = np.random.default_rng(times)
    assert _changes([trickle[i] for i in rng.permutation(len(trickle))]) == ()


def test_transitions_are_a_chain() -> None:
    powers = hidden_markov._powers()
    assert np.allclose(powers.sum(axis=1), 1, atol=1e-4)
    first, second = powers[:, :, 30], powers[:, :, 12]
    assert np.allclose(first @ second, powers[:, :, 42], atol=1e-5)


def test_padding_and_company_change_nothing() -> None:
    rng = np.random.default_rng(1)
    informative = (1 + rng.poisson(1, (600, 6))).astype(np.float32)
    accusing = rng.binomial(informative.astype(int), 0.1).astype(np.float32)
    accusing[300:380, 2] = informative[300:380, 2]
    gaps = np.ones(informative.shape, np.int32)
    together = stretches.solve(Steps(accusing, informative, gaps), Prior())
    pad = [(0, 50), (0, 0)]
    alone = stretches.solve(
        Steps(np.pad(accusing[:, 2:3], pad), np.pad(informative[:, 2:3], pad), np.pad(gaps[:, 2:3], pad)),
        Prior(),
    )
    assert [replace(one, column=2) for one in alone.stretches] == [
        one for one in together.stretches if one.column == 2
    ]
    assert alone.stretches


def test_the_short_cut_over_quiet_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    informative = (1 + rng.poisson(1, (3000, 20))).astype(np.float32)
    share = np.full(informative.shape, 0.05)
    share[1500:1600, ::2] = 0.5
    accusing = rng.binomial(informative.astype(int), share).astype(np.float32)
    steps = Steps(accusing, informative, np.ones(informative.shape, np.int32))
    short = stretches.solve(steps).stretches
    monkeypatch.setattr(thresholds, "SCREEN_LOG_ODDS", -1e9)
    monkeypatch.setattr(thresholds, "SEGMENT_MARGIN_STEPS", 10**6)
    whole = stretches.solve(steps).stretches
    assert [(one.column, one.first, one.last) for one in short] == [
        (one.column, one.first, one.last) for one in whole
    ]
    assert len(short) >= 10


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([OK, BLOCKED, State.DOWN, None]), min_size=1, max_size=80), st.randoms())
def test_any_series_gives_ordered_changes_whatever_the_order_of_its_cells(
    states: list[State | None], rng
) -> None:  # type: ignore[no-untyped-def]  # its parameters come from the table above
    rows = [verdict(START + hours(6 * i), state) for i, state in enumerate(states) if state]
    cells = list(fold(rows))
    changes = find_changes(cells)
    rng.shuffle(cells)
    assert find_changes(cells) == changes
    for change in changes:
        assert change.onset_earliest <= change.onset_latest
        if change.end_earliest is not None and change.end_latest is not None:
            assert change.onset_latest <= change.end_earliest <= change.end_latest
    for one, other in pairwise(changes):
        assert one.end_latest is not None
        assert one.end_latest <= other.onset_latest


def test_one_series_is_updated_at_once() -> None:
    rows = [verdict(START + hours(i), BLOCKED if 5000 < i < 5200 else OK) for i in range(8760)]
    cells = fold(rows)
    find_changes(cells[:100], prior=Prior())  # tables of the chain are made once
    began = time.process_time()
    assert len(find_changes(cells, prior=Prior())) == 1
    assert time.process_time() - began < 2.0  # bench/detect.py measures; this is that nothing is quadratic
