"""Targets that two networks measure: how fast and how surely their evidence together is read."""

from dataclasses import dataclass

import numpy as np

from banwatch.detect.blocking.stretches import Stretch, solve
from detecting.measuring import ASKED_H, BASELINES, RATES, Trial
from detecting.series import WEEK, Sample, sample, steps_of

NETWORKS = 2
ASKED_EVERY_H = 24


@dataclass(frozen=True, slots=True)
class Block:
    """Block that begins on both networks in the same hour."""

    effect: float
    """Share of the otherwise good measurements that it hits."""
    hours: int


def report(seed: int, targets: int, trial: Trial) -> dict[str, object]:
    """Delay and recall at one measurement an hour, and what is said of quiet targets at all rates."""
    rng = np.random.default_rng(4016 + seed)
    found: dict[str, object] = {}
    for name, block in (
        ("full, a week", Block(1.0, WEEK)),
        ("half, a week", Block(0.5, WEEK)),
        ("full, a day", Block(1.0, 24)),
        ("half, a day", Block(0.5, 24)),
    ):
        waits = _delays(rng, targets, block, trial)
        found[f"{name}: recall, median hours"] = f"{np.isfinite(waits).mean():.3f}, {np.median(waits):g}"
    found["false in 100 series-weeks"] = float(
        np.mean([_false(rng, 2 * targets, rate, trial) for rate in RATES])
    )
    return found


def _delays(rng: np.random.Generator, targets: int, block: Block, trial: Trial) -> np.ndarray:
    """Hours until a block is said of a target, on any of its networks, infinite where it is missed."""
    drawn = _draw(rng, targets, 8, 1.0, trial, block)
    alike = np.repeat(np.arange(targets), NETWORKS)
    waits = np.full(targets, np.inf)
    for waited in ASKED_H:
        steps, hours = steps_of(drawn, drawn.begins + waited - 1)
        for one in solve(steps, alike=alike, emissions=trial.emissions).stretches:
            first, last = _hours_of(one, hours)
            begins = int(drawn.begins[one.column])
            if last >= begins and first < begins + block.hours:
                waits[one.column // NETWORKS] = min(waits[one.column // NETWORKS], waited)
    return waits


def _false(rng: np.random.Generator, targets: int, rate: float, trial: Trial) -> float:
    """Whatever is ever said of quiet targets, once for each day's moment of a target."""
    weeks = 10
    drawn = _draw(rng, targets, weeks, rate, trial)
    alike = np.repeat(np.arange(targets), NETWORKS)
    said: set[tuple[int, int]] = set()
    for hour in range(2 * WEEK, weeks * WEEK, ASKED_EVERY_H):
        steps, hours = steps_of(drawn, np.full(targets * NETWORKS, hour))
        for one in solve(steps, alike=alike, emissions=trial.emissions).stretches:
            target, began = one.column // NETWORKS, _hours_of(one, hours)[0]
            if not any((target, began + near) in said for near in range(-24, 25)):
                said.add((target, began))
    return len(said) / (targets * NETWORKS * weeks / 100)


def _hours_of(one: Stretch, hours: np.ndarray) -> tuple[int, int]:
    return int(hours[one.first, one.column]), int(hours[one.last, one.column])


def _draw(
    rng: np.random.Generator,
    targets: int,
    weeks: int,
    rate: float,
    trial: Trial,
    block: Block | None = None,
) -> Sample:
    """Draw the networks' series beside each other; a block hits both in the same hours."""
    drawn = sample(
        rng,
        series=NETWORKS * targets,
        weeks=weeks,
        rate=rate,
        baselines=tuple(np.repeat(BASELINES, NETWORKS)),
        hard=trial.hard,
    )
    if block is None:
        return drawn
    begins = np.repeat(rng.integers(3 * WEEK, (weeks - 3) * WEEK, targets), NETWORKS)
    hour = np.arange(weeks * WEEK)[:, None]
    blocked = (hour >= begins) & (hour < begins + block.hours)
    hit = rng.binomial((drawn.informative - drawn.accusing).astype(np.int64), block.effect)
    accusing = np.where(blocked, drawn.accusing + hit, drawn.accusing).astype(np.float32)
    return Sample(drawn.informative, accusing, begins, drawn.baselines)
