"""Bad hours that come again and again are bursts; a block is none, and series without them have none."""

from random import Random

import numpy as np

from banwatch.detect import find_changes, fold
from banwatch.detect.blocking.bursts import NONE, Bursts, fit_bursts, surprises
from banwatch.detect.votes.steps import Steps
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

HOURS, SERIES = 1200, 24


def _steps(*, burst_every_h: int = 0, block_h: int = 0) -> Steps:
    rng = np.random.default_rng(4)
    share = np.full((HOURS, SERIES), 0.03)
    if burst_every_h:
        for start, column in zip(*np.nonzero(rng.random((HOURS, SERIES)) < 1 / burst_every_h), strict=True):
            share[start : start + 3, column] = 0.55
    if block_h:
        share[400 : 400 + block_h, ::3] = 0.97
    informative = np.ones((HOURS, SERIES), np.float32)
    accusing = rng.binomial(1, share).astype(np.float32)
    gaps = np.ones((HOURS, SERIES), np.int32)
    gaps[0] = 0
    return Steps(accusing, informative, gaps)


def _fitted(steps: Steps, held: slice = slice(0, 0)) -> Bursts:
    left_out = np.zeros(steps.informative.shape, np.bool_)
    left_out[held] = True
    return fit_bursts(steps, np.full(SERIES, 0.03, np.float32), left_out)


def test_bursts_are_learned_from_series_that_have_them_and_from_no_others() -> None:
    assert _fitted(_steps()) == NONE
    learned = _fitted(_steps(burst_every_h=200))
    assert 0.004 <= learned.share <= 0.032  # true: 3 of 200 hours


def test_a_block_that_is_held_teaches_no_bursts() -> None:
    assert _fitted(_steps(block_h=150), held=slice(398, 553)) == NONE


def test_each_further_failure_of_a_burst_surprises_less() -> None:
    steps = _steps()
    accusing = np.zeros_like(steps.accusing)
    accusing[50:54] = 1
    nats = surprises(
        Steps(accusing, steps.informative, steps.gap_hours), np.full(SERIES, 0.03, np.float32), Bursts(0.01)
    )[50:54, 0]
    assert (np.diff(nats) > 0).all()  # the longer it lasts, the more a burst explains of it
    assert nats[-1] < np.log(0.55 / 0.03)  # and never more than all of it


def _noisy(rng: Random, *, bursty: bool, blocked: bool) -> list[Verdict]:
    rows: list[Verdict] = []
    for target in ("one.org", "two.org", "three.org"):
        bad_until = -1.0
        for hour in range(1000):
            if bursty and rng.random() < 1 / 120:
                bad_until = hour + rng.choice((1, 2, 3))
            share = 0.7 if hour < bad_until else 0.03
            if blocked and target == "one.org" and hour >= 700:
                share = 0.97
            state = State.LIKELY_BLOCKED if rng.random() < share else State.OK
            rows.append(
                verdict(START + hours(hour + 0.1), state, target=target, probe=f"p{rng.randrange(5)}")
            )
    return rows


def test_in_series_with_bursts_a_burst_is_no_change_and_a_block_still_is() -> None:
    """Three targets, three seeds: 9,000 quiet hours with a bad stretch every five days."""
    changes = [len(find_changes(fold(_noisy(Random(seed), bursty=True, blocked=False)))) for seed in range(3)]
    assert sum(changes) <= 2
    (change,) = find_changes(fold(_noisy(Random(1), bursty=True, blocked=True)))
    assert change.target == "one.org"
    assert change.onset_earliest <= START + hours(700.1) <= change.onset_latest
    assert change.end_latest is None
