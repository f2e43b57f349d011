"""How well and how fast blocking and shutdowns are detected, beside the rule that is in use today.

    python bench/detect.py [--json] [--quick | --full] [--series-only] [--seed N] [--hard]
                           [--emissions binomial|beta-binomial]

Series and countries are simulated with known truth, all from fixed seeds. Detection is asked again and again
with the data up to an hour, as it would be in operation; an answer counts from the hour at which it was first
given. Everything said that is not true counts as false, also if it was withdrawn later. Votes in the series
are by as many voices; in the countries four probes measure on each network. `median_hours` is for
full blocking at one measurement an hour and 2 % of trouble before it, the case for which the rule in use is
known to take 14.

With `--silence` countries are measured as the field does, by five laws: probes that come and go for days,
schedules, daily rhythms; their shutdowns leave no measurements.

With `--calibration` two tables are printed in the form of docs/detect.md: recall, delay and false alarms by
kind of event and density, beside OONI's CUSUM, a Bayesian online change point and `ruptures`
(bench/requirements.txt);
and confidence against truth.

With `--networks` each target is measured on two networks, which a block hits in the same hour, and what is
said of either counts; also blocks of a day.

With `--scale CELLS` a store of field-like cells is detected, then again after nothing and after a commit of
one day of one country: seconds of CPU, on the clock, and the memory of the process.

With `--hard` the series' measurements and trouble follow the time of day, every hour has luck of its own, and
once in two weeks half of everything fails for an hour or two; the countries stay as they are.
`least_hours_by_baseline` is Lorden's bound at the goal's rate of false alarms, to be held against
`mean_hours_by_baseline`; `least_false_per_100_weeks_at_3_hours` is what the best rule would pay for being as
fast as the goal.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from banwatch.detect.blocking.emissions import DEFAULT as DEFAULT_EMISSIONS
from banwatch.detect.blocking.emissions import Emissions

sys.path.insert(0, str(Path(__file__).parent))

from detecting import calibration, happenings, measuring, pairs, scale, silence


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated."""

    series: int
    """Series for each rate and strength; quiet ones are twice as many."""
    every_h: int
    """Hours between two questions put to quiet series."""
    seeds: int
    """Countries for each thing that happens."""
    years: int
    """Series of a year that are timed."""


QUICK = Size(series=24, every_h=48, seeds=1, years=1_000)
DEFAULT = Size(series=80, every_h=24, seeds=2, years=10_000)
FULL = Size(series=240, every_h=8, seeds=8, years=10_000)


def run(size: Size, trial: measuring.Trial, seed: int, *, series_only: bool) -> dict[str, object]:
    """Measure everything; the keys are the report's."""
    rng = np.random.default_rng(2016 + seed)
    began = time.process_time()

    def done(what: str) -> None:
        print(f"{what}: {time.process_time() - began:.0f} s so far", file=sys.stderr)

    def blocked(effect: float) -> dict[float, measuring.Delays]:
        return {rate: measuring.delays(rng, size.series, rate, effect, trial) for rate in measuring.RATES}

    full, half, third = blocked(1.0), blocked(0.5), blocked(0.3)
    clean = measuring.delays(rng, 3 * size.series, 1.0, 1.0, trial, baselines=(min(measuring.BASELINES),))
    done("weeks of blocking")
    quiet = {
        rate: measuring.false_in_quiet(rng, 2 * size.series, rate, trial, every_h=size.every_h)
        for rate in measuring.RATES
    }
    done("quiet weeks")
    hourly = full[1.0]

    def recall(found: dict[float, measuring.Delays], whose: str) -> float:
        return float(np.mean([np.isfinite(getattr(one, whose)).mean() for one in found.values()]))

    result: dict[str, object] = {
        "recall_full": recall(full, "ours"),
        "recall_half": recall(half, "ours"),
        "recall_30_percent": recall(third, "ours"),
        "median_hours": float(np.median(clean.ours)),
        "found_within_3_hours": float(np.mean(clean.ours <= measuring.GOAL_HOURS)),
        "median_hours_by_baseline": by_baseline(
            lambda share: float(np.median(hourly.ours[hourly.baselines == share]))
        ),
        "mean_hours_by_baseline": by_baseline(
            lambda share: float(np.mean(hourly.ours[hourly.baselines == share]))
        ),
        "least_hours_by_baseline": by_baseline(measuring.least_hours),
        "least_false_per_100_weeks_at_3_hours": by_baseline(measuring.least_false_per_100_weeks),
        "median_hours_by_rate": {str(rate): float(np.median(one.ours)) for rate, one in full.items()},
        "median_hours_half_by_rate": {str(rate): float(np.median(one.ours)) for rate, one in half.items()},
        "onset_bracketed": float(np.mean([one.bracketed for one in (*full.values(), *half.values())])),
        "false_per_100_weeks": float(np.mean([ours for ours, _ in quiet.values()])),
    }
    baseline: dict[str, object] = {
        "recall_full": recall(full, "leaders"),
        "recall_half": recall(half, "leaders"),
        "recall_30_percent": recall(third, "leaders"),
        "median_hours": float(np.median(clean.leaders)),
        "median_hours_by_rate": {str(rate): float(np.median(one.leaders)) for rate, one in full.items()},
        "false_per_100_weeks": float(np.mean([leaders for _, leaders in quiet.values()])),
    }
    if not series_only:
        alerts = happenings.alerts_per_event(size.seeds, trial.emissions, seed)
        shutdown_h, shutdown_recall = happenings.hours_to_shutdown(2 * size.seeds, trial.emissions, seed)
        done("events in countries")
        causes = happenings.false_causes(size.seeds, trial.emissions, seed)
        unmade = happenings.unmade(size.seeds, trial.emissions, seed)
        done("false causes and floods")
        result |= {
            "alerts_per_event": alerts.ours,
            "event_onset_bracketed": alerts.bracketed,
            "shutdown_hours": shutdown_h,
            "shutdown_recall": shutdown_recall,
            "false_incidents_by_cause": causes,
            "events_unmade_by_floods": unmade,
        }
        baseline |= {"alerts_per_event": alerts.leaders, "shutdown_hours": None, "seconds_10k_years": None}
    update_ms = measuring.update_ms(rng, trial)
    seconds, peak_mb = measuring.seconds_for_year(rng, size.years, trial)
    done("years of hours")
    result |= {
        "seconds_10k_years": seconds,
        "series_years": size.years,
        "update_ms": update_ms,
        "peak_mb": peak_mb,
    }
    return {
        "emissions": trial.emissions.value,
        "hard": trial.hard,
        "seed": seed,
        **result,
        "baseline": baseline,
    }


def by_baseline(of: Callable[[float], float]) -> dict[str, float]:
    """Something for each share of trouble."""
    return {str(share): of(share) for share in measuring.BASELINES}


def render(result: dict[str, object]) -> str:
    """As lines: ours, and the leader's where it has an answer."""
    baseline = result["baseline"]
    assert isinstance(baseline, dict)
    lines = [f"{'':28}{'ours':>40}{'leader':>12}"]
    for key, value in result.items():
        if isinstance(value, dict) and key != "baseline":
            lines += [f"{key}"] + [f"  {name:38}{_short(one):>28}" for name, one in value.items()]
        elif key != "baseline":
            lines.append(f"{key:28}{_short(value):>40}{_short(baseline.get(key)):>12}")
    return "\n".join(lines)


def _short(value: object) -> str:
    return (
        ""
        if value is None
        else f"{value:.3f}".rstrip("0").rstrip(".")
        if isinstance(value, float)
        else str(value)
    )


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description="Detection on series and countries with known truth.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a fraction of the work: noisier figures")
    parser.add_argument("--full", action="store_true", help="several times the work: steadier figures")
    parser.add_argument(
        "--emissions",
        choices=list(Emissions),
        type=Emissions,
        default=DEFAULT_EMISSIONS,
        help="how an hour's votes are weighed",
    )
    parser.add_argument("--hard", action="store_true", help="trouble in bursts and by the time of day")
    parser.add_argument("--seed", type=int, default=0, help="other chance")
    parser.add_argument("--series-only", action="store_true", help="no countries: single series and speed")
    parser.add_argument("--silence", action="store_true", help="silences alone, by the law of measuring")
    parser.add_argument(
        "--calibration", action="store_true", help="tables for docs/detect.md, beside other detectors"
    )
    parser.add_argument(
        "--scale", type=int, metavar="CELLS", help="time and memory over a store of so many cells, alone"
    )
    parser.add_argument("--networks", action="store_true", help="targets that two networks measure, alone")
    arguments = parser.parse_args()
    if arguments.scale:
        print(json.dumps(scale.report(arguments.scale, arguments.seed), indent=2))
        return
    if arguments.calibration:
        series = QUICK.series // 2 if arguments.quick else DEFAULT.series // 2
        print(
            calibration.report(arguments.seed, series, measuring.Trial(arguments.emissions, arguments.hard))
        )
        return
    if arguments.networks:
        size = QUICK if arguments.quick else DEFAULT
        trial = measuring.Trial(arguments.emissions, arguments.hard)
        print(json.dumps(pairs.report(arguments.seed, size.series // 2, trial), indent=2))
        return
    if arguments.silence:
        print(json.dumps(silence.report(1 if arguments.quick else 2, arguments.seed), indent=2))
        return
    size = QUICK if arguments.quick else FULL if arguments.full else DEFAULT
    trial = measuring.Trial(arguments.emissions, arguments.hard)
    result = run(size, trial, arguments.seed, series_only=arguments.series_only)
    print(json.dumps(result, indent=2, allow_nan=False, default=str) if arguments.json else render(result))


if __name__ == "__main__":
    main()
