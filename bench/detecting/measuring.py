"""How fast, how surely and how quickly single series are read, ours and the leader's way."""

import resource
import time
from dataclasses import dataclass

import numpy as np

from banwatch.detect.blocking.baseline import Prior
from banwatch.detect.blocking.emissions import DEFAULT, Emissions
from banwatch.detect.blocking.stretches import solve
from banwatch.detect.votes.steps import Steps
from detecting import leader
from detecting.series import WEEK, Sample, sample, steps_of

BASELINES = (0.02, 0.05, 0.10, 0.20)
RATES = (0.25, 1.0, 4.0)
ASKED_H = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 36, 48, 72, 96, 120, 144, WEEK)
"""Hours after the onset at which detection is asked."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried on what."""

    emissions: Emissions = DEFAULT
    """How the detector weighs an hour's votes."""
    hard: bool = False
    """Whether the series' trouble comes in bursts and by the time of day."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Hours from onset to detection for each series, infinite where it was missed: ours and the leader's."""

    ours: np.ndarray
    leaders: np.ndarray
    baselines: np.ndarray
    bracketed: float
    """Share of our onset intervals that hold the true hour."""


def delays(
    rng: np.random.Generator,
    series: int,
    rate: float,
    effect: float,
    trial: Trial,
    baselines: tuple[float, ...] = BASELINES,
) -> Delays:
    """Time to detection of a week of blocking."""
    drawn = sample(
        rng, series=series, weeks=8, rate=rate, baselines=baselines, effect=effect, hard=trial.hard
    )
    ours = np.full(series, np.inf)
    for waited in ASKED_H:
        steps, hours = steps_of(drawn, drawn.begins + waited - 1)
        for one in solve(steps, emissions=trial.emissions).stretches:
            if hours[one.last, one.column] >= drawn.begins[one.column]:
                ours[one.column] = min(ours[one.column], waited)
    held = []
    steps, hours = steps_of(drawn)
    for one in solve(steps, emissions=trial.emissions).stretches:
        true = drawn.begins[one.column]
        if hours[one.last, one.column] >= true and one.onset_low >= 0:
            held.append(hours[one.onset_low, one.column] <= true <= hours[one.onset_high, one.column])
    leaders = np.full(series, np.inf)
    for column, said in enumerate(leader.alarms(drawn.informative, drawn.accusing)):
        begins = int(drawn.begins[column])
        within = [hour - begins + 1 for hour in said if begins <= hour < begins + WEEK]
        leaders[column] = min(within, default=np.inf)
    return Delays(ours, leaders, drawn.baselines, float(np.mean(held)) if held else 0.0)


GOAL_FALSE_PER_100_WEEKS = 0.5
GOAL_HOURS = 3.0


def least_hours(baseline: float) -> float:
    """Lorden's bound: hours that any rule needs on average, to first order, at one measurement an hour.

    The logarithm of the hours between false alarms, as the goal has them, divided by what one measurement
    tells under full blocking: where all fail, the logarithm of one over the baseline.
    """
    return float(np.log(100 * WEEK / GOAL_FALSE_PER_100_WEEKS) / -np.log(baseline))


def least_false_per_100_weeks(baseline: float) -> float:
    """The same bound turned round: false alarms of the best rule that takes as long as the goal has it."""
    return float(100 * WEEK * baseline**GOAL_HOURS)


def false_in_quiet(
    rng: np.random.Generator, series: int, rate: float, trial: Trial, every_h: int
) -> tuple[float, float]:
    """False alarms per 100 quiet series-weeks, ours and the leader's: each that was ever said counts."""
    weeks = 10
    drawn = sample(rng, series=series, weeks=weeks, rate=rate, baselines=BASELINES, hard=trial.hard)
    said: set[tuple[int, int]] = set()
    for hour in range(2 * WEEK, weeks * WEEK, every_h):
        steps, hours = steps_of(drawn, np.full(series, hour))
        for one in solve(steps, emissions=trial.emissions).stretches:
            began = int(hours[one.first, one.column])
            near = any((one.column, began + d) in said for d in range(-24, 25))
            if not near:
                said.add((one.column, began))
    counted = [hour for alarms in leader.alarms(drawn.informative, drawn.accusing) for hour in alarms]
    ours = len(said) / (series * weeks / 100)
    return ours, len(counted) / (series * weeks / 100)


def seconds_for_year(rng: np.random.Generator, series: int, trial: Trial) -> tuple[float, float]:
    """Seconds for a year of hours of so many series, one in ten with a blocked week; and MB at the peak."""
    hours = 365 * 24
    informative = np.zeros((hours, series), np.float16)
    accusing = np.zeros((hours, series), np.float16)
    gaps = np.zeros((hours, series), np.int16)
    for start in range(0, series, 250):
        part = slice(start, min(start + 250, series))
        begins = np.where(np.arange(start, part.stop) % 10 == 0, rng.integers(0, hours - WEEK), -WEEK)
        votes = rng.poisson(1.0, (hours, part.stop - start)).astype(np.float32)
        hour = np.arange(hours)[:, None]
        share = np.where((hour >= begins) & (hour < begins + WEEK), 0.97, 0.05)
        drawn = Sample(
            votes, rng.binomial(votes.astype(np.int64), share).astype(np.float32), begins, share[0]
        )
        steps, _ = steps_of(drawn)
        used = len(steps.informative)
        informative[:used, part], accusing[:used, part] = steps.informative, steps.accusing
        gaps[:used, part] = steps.gap_hours
    began = time.process_time()
    found = solve(Steps(accusing, informative, gaps), emissions=trial.emissions)
    took = time.process_time() - began
    assert len({one.column for one in found.stretches}) >= series // 10
    return took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def update_ms(rng: np.random.Generator, trial: Trial) -> float:
    """Milliseconds to read one series of a year of hours again, with a blocked week, once late data came."""
    informative = (1 + rng.poisson(1.0, (365 * 24, 1))).astype(np.float32)
    accusing = rng.binomial(informative.astype(np.int64), 0.02).astype(np.float32)
    accusing[4000 : 4000 + WEEK] = informative[4000 : 4000 + WEEK]
    gaps = np.ones(informative.shape, np.int32)
    gaps[0] = 0
    steps = Steps(accusing, informative, gaps)
    took = []
    for _ in range(7):
        began = time.process_time()
        assert len(solve(steps, Prior(), emissions=trial.emissions).stretches) == 1
        took.append(1000 * (time.process_time() - began))
    return float(np.median(took))
