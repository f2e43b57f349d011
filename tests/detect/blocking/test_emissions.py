"""What an hour's votes say: against the distributions as they are defined."""

from math import lgamma

import numpy as np
import pytest

from banwatch.detect import find_changes, fold
from banwatch.detect import thresholds as t
from banwatch.detect.blocking.emissions import BLOCKED, OPEN, PARTLY, Emissions, log_ratios, shares
from banwatch.model.state import State
from tests.detect.making import START, hours, verdict

BASELINES = np.array([0.001, 0.02, 0.25], np.float32)
BOTH = list(Emissions)


def _ratios(accusing: float, informative: float, emissions: Emissions) -> tuple[np.ndarray, np.ndarray]:
    votes = np.full((1, len(BASELINES)), accusing, np.float32)
    count = np.full((1, len(BASELINES)), informative, np.float32)
    partly, blocked = log_ratios(votes, count, BASELINES, emissions)
    return partly[0], blocked[0]


def _log_beta(first: float, second: float) -> float:
    return lgamma(first) + lgamma(second) - lgamma(first + second)


@pytest.mark.parametrize(("accusing", "informative"), [(0, 1), (1, 1), (2, 3), (0, 12), (12, 12), (40, 300)])
def test_beta_binomial_is_the_ratio_of_beta_functions(accusing: int, informative: int) -> None:
    size = t.CHANCE_PER_VOTE_ODDS
    found = _ratios(accusing, informative, Emissions.BETA_BINOMIAL)
    for column, share in enumerate(shares(BASELINES).T):
        nats = [
            _log_beta(accusing + p * size, informative - accusing + (1 - p) * size)
            - _log_beta(p * size, (1 - p) * size)
            for p in share.tolist()
        ]
        assert found[0][column] == pytest.approx(nats[PARTLY] - nats[OPEN], rel=1e-4, abs=1e-4)
        assert found[1][column] == pytest.approx(nats[BLOCKED] - nats[OPEN], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("accusing", [0, 1])
def test_one_vote_says_the_same_either_way(accusing: int) -> None:
    for one, other in zip(*(_ratios(accusing, 1, emissions) for emissions in BOTH), strict=True):
        assert np.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("emissions", BOTH)
def test_half_a_vote_lies_between(emissions: Emissions) -> None:
    none, half, whole = (_ratios(votes, 1, emissions)[1] for votes in (0, 0.5, 1))
    assert np.allclose(half, (none + whole) / 2, atol=1e-4)


@pytest.mark.parametrize("emissions", BOTH)
def test_each_further_vote_says_less_and_thousands_are_bounded(emissions: Emissions) -> None:
    said = [_ratios(votes, votes, emissions)[1] for votes in (1, 2, 3, 4)]
    gains = np.diff(said, axis=0)
    assert (np.diff(gains, axis=0) < 0).all()
    assert (_ratios(100_000, 100_000, emissions)[1] < 120).all()


@pytest.mark.parametrize("emissions", BOTH)
def test_a_table_for_whole_votes_gives_what_the_lines_between_give(emissions: Emissions) -> None:
    rng = np.random.default_rng(1)
    informative = rng.integers(1, 6, (50, 3)).astype(np.float32)
    accusing = np.floor(informative * rng.random((50, 3))).astype(np.float32)
    whole = log_ratios(accusing, informative, BASELINES, emissions)
    odd = [np.vstack([votes, np.full((1, 3), 0.5, np.float32)]) for votes in (accusing, informative)]
    lines = log_ratios(odd[0], odd[1], BASELINES, emissions)
    for one, other in zip(whole, lines, strict=True):
        assert np.allclose(one, other[:-1], atol=1e-4)


def test_of_a_burst_in_one_hour_the_beta_binomial_makes_less() -> None:
    rows = [verdict(START + hours(i), State.OK) for i in range(400)]
    rows += [verdict(START + hours(200 + i / 40), State.LIKELY_BLOCKED, serial=1) for i in range(3)]
    found = {emissions: find_changes(fold(rows), emissions=emissions) for emissions in BOTH}
    assert len(found[Emissions.BINOMIAL]) == 1
    assert found[Emissions.BETA_BINOMIAL] == ()
