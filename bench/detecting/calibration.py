"""Calibration: confidence against truth, and recall, delay, false alarms and brackets by kind and density."""

from dataclasses import dataclass

import numpy as np

from banwatch.detect.blocking.stretches import solve
from detecting import leader, others
from detecting.measuring import ASKED_H, BASELINES, Trial
from detecting.series import WEEK, Sample, sample, steps_of

WEEKS = 8
KINDS = (
    ("full, a week", 1.0, WEEK),
    ("half, a week", 0.5, WEEK),
    ("30 %, a week", 0.3, WEEK),
    ("full, a day", 1.0, 24),
    ("half, a day", 0.5, 24),
)
DENSITIES = (0.25, 1.0, 4.0)
BINS = (0.85, 0.9, 0.95, 0.99, 0.999, 1.0001)
METHODS = ("Banwatch", "OONI's CUSUM", "Bayesian online", "ruptures")
NEAR_H = 24


@dataclass(slots=True)
class Row:
    """A kind of event at a density, or quiet series, by one method."""

    recall: float
    median_hours: float
    bracketed: float | None = None


def report(seed: int, series: int, trial: Trial) -> str:
    """Return the table and the reliability diagram as text."""
    rng = np.random.default_rng(6016 + seed)
    methods = [one for one in METHODS if one != "ruptures" or others.HAS_RUPTURES]
    said: list[tuple[float, bool]] = []
    lines = ["| event | measurements an hour | " + " | ".join(methods) + " | onset in its bracket |"]
    lines.append("|---" * (len(methods) + 3) + "|")
    for name, effect, length in KINDS:
        for rate in DENSITIES:
            drawn = _draw(rng, series, rate, trial, effect, length)
            rows = {method: _row(method, drawn, length, trial, said) for method in methods}
            cells = [_cell(rows[method]) for method in methods]
            bracketed = rows["Banwatch"].bracketed
            share = "" if bracketed is None else f"{bracketed:.2f}"
            lines.append(f"| {name} | {rate:g} | " + " | ".join(cells) + f" | {share} |")
    for rate in DENSITIES:
        drawn = _draw(rng, 2 * series, rate, trial, 0.0, 0)
        counts = [_false(method, drawn, trial, said) for method in methods]
        cells = [f"{count / (2 * series * WEEKS / 100):.2f}" for count in counts]
        lines.append(f"| quiet: false in 100 weeks | {rate:g} | " + " | ".join(cells) + " | |")
    return "\n".join([*lines, "", *_reliability(said)])


def _cell(row: Row) -> str:
    hours = f"{row.median_hours:g} h" if np.isfinite(row.median_hours) else "missed"
    return f"{row.recall:.2f}, {hours}"


def _row(method: str, drawn: Sample, length: int, trial: Trial, said: list[tuple[float, bool]]) -> Row:
    """Recall and median delay: what is said while it lasts or within a day of its end."""
    series = drawn.informative.shape[1]
    waits = np.full(series, np.inf)
    if method in ("OONI's CUSUM", "Bayesian online"):
        rule = leader.alarms if method == "OONI's CUSUM" else others.bayesian_alarms
        for column, hours in enumerate(rule(drawn.informative, drawn.accusing)):
            begins = int(drawn.begins[column])
            after = [hour - begins + 1 for hour in hours if begins <= hour < begins + length + NEAR_H]
            waits[column] = min(after, default=np.inf)
        return Row(float(np.isfinite(waits).mean()), float(np.median(waits)))
    asked = [waited for waited in ASKED_H if waited <= length + NEAR_H]
    if method == "ruptures":
        asked = asked[1::2]  # it reads all from the start each time
        for column in range(series):
            begins = int(drawn.begins[column])
            for waited in asked:
                found = others.ruptures_blocked(
                    drawn.informative, drawn.accusing, begins + waited - 1, column
                )
                if any(begins - NEAR_H <= hour < begins + length for hour in found):
                    waits[column] = waited
                    break
        return Row(float(np.isfinite(waits).mean()), float(np.median(waits)))
    for waited in asked:
        steps, hours = steps_of(drawn, drawn.begins + waited - 1)
        for one in solve(steps, emissions=trial.emissions).stretches:
            begins = int(drawn.begins[one.column])
            if hours[one.last, one.column] >= begins and hours[one.first, one.column] < begins + length:
                waits[one.column] = min(waits[one.column], waited)
    held = []
    steps, hours = steps_of(drawn)
    for one in solve(steps, emissions=trial.emissions).stretches:
        begins = int(drawn.begins[one.column])
        first, last = hours[one.first, one.column], hours[one.last, one.column]
        true = bool(last >= begins and first < begins + length)
        said.append((one.probability, true))
        if true and one.onset_low >= 0:
            held.append(hours[one.onset_low, one.column] <= begins <= hours[one.onset_high, one.column])
    return Row(
        float(np.isfinite(waits).mean()), float(np.median(waits)), float(np.mean(held)) if held else None
    )


def _false(method: str, drawn: Sample, trial: Trial, said: list[tuple[float, bool]]) -> int:
    """Count what is said of quiet series, read once over all of their weeks."""
    if method in ("OONI's CUSUM", "Bayesian online"):
        rule = leader.alarms if method == "OONI's CUSUM" else others.bayesian_alarms
        return sum(len(hours) for hours in rule(drawn.informative, drawn.accusing))
    hours, series = drawn.informative.shape
    if method == "ruptures":
        return sum(
            len(others.ruptures_blocked(drawn.informative, drawn.accusing, hours, column))
            for column in range(series)
        )
    found = solve(steps_of(drawn)[0], emissions=trial.emissions).stretches
    said.extend((one.probability, False) for one in found)
    return len(found)


def _reliability(said: list[tuple[float, bool]]) -> list[str]:
    """Return the reliability diagram: of what was said with a confidence, how much was true."""
    lines = ["| confidence | said | mean confidence | true | |", "|---|---|---|---|---|"]
    for low, high in zip((0.0, *BINS[:-1]), BINS, strict=True):
        mine = [(p, true) for p, true in said if low <= p < high]
        if mine:
            mean, share = np.mean([p for p, _ in mine]), np.mean([true for _, true in mine])
            bar = "█" * round(20 * float(share))
            lines.append(f"| {low:g} to {min(high, 1):g} | {len(mine)} | {mean:.3f} | {share:.3f} | {bar} |")
    return lines


def _draw(
    rng: np.random.Generator, series: int, rate: float, trial: Trial, effect: float, length: int
) -> Sample:
    drawn = sample(rng, series=series, weeks=WEEKS, rate=rate, baselines=BASELINES, hard=trial.hard)
    if not length:
        return drawn
    begins = rng.integers(3 * WEEK, (WEEKS - 3) * WEEK, series)
    hour = np.arange(WEEKS * WEEK)[:, None]
    hit = rng.binomial((drawn.informative - drawn.accusing).astype(np.int64), effect)
    blocked = (hour >= begins) & (hour < begins + length)
    accusing = np.where(blocked, drawn.accusing + hit, drawn.accusing).astype(np.float32)
    return Sample(drawn.informative, accusing, begins, drawn.baselines)
