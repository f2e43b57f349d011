"""Baseline: a series' share of failures, shrunk towards all, and not raised by a block."""

import numpy as np

from banwatch.detect.blocking.baseline import Prior, first_guess, fit, shrink
from banwatch.detect.votes.steps import Steps


def test_few_votes_are_drawn_to_the_prior_and_many_are_not() -> None:
    votes = np.array([4, 4000], np.float32)
    few, many = shrink(votes / np.float32(10), votes, Prior(mean=0.02, strength_votes=40)).tolist()
    assert abs(few - 0.02) < 0.01 < 0.09 < many < 0.1


def test_a_block_of_half_the_series_does_not_raise_the_first_guess() -> None:
    accusing = np.zeros((320, 1), np.float32)
    accusing[160:] = 1
    steps = Steps(accusing, np.ones_like(accusing), np.ones((320, 1), np.int32))
    assert first_guess(steps)[0].tolist() == [0.0]


def test_series_that_differ_make_a_weaker_prior() -> None:
    votes = np.full(20, 500, np.float32)
    alike = fit(votes * 0.05, votes)
    differing = fit(votes * np.linspace(0, 0.1, 20, dtype=np.float32), votes)
    assert differing.strength_votes < alike.strength_votes
