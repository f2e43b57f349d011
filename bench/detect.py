"""How well and how fast blocking and shutdowns are detected, beside the rule that is in use today.

    python bench/detect.py [--json] [--quick]

Series and countries are simulated with known truth, all from fixed seeds. Detection is asked again and again
with the data up to an hour, as it would be in operation; an answer counts from the hour at which it was first
given. Everything said that is not true counts as false, also if it was withdrawn later. Votes in the series
are by as many voices; in the countries four probes measure on each network.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from detecting import happenings, measuring


def run(*, quick: bool) -> dict[str, object]:
    """Measure everything; the keys are the report's."""
    rng = np.random.default_rng(2016)
    series, seeds = (40, 2) if quick else (200, 6)
    full = {rate: measuring.delays(rng, series, rate, 1.0) for rate in measuring.RATES}
    half = {rate: measuring.delays(rng, series, rate, 0.5) for rate in measuring.RATES}
    third = {rate: measuring.delays(rng, series, rate, 0.3) for rate in measuring.RATES}
    quiet = {
        rate: measuring.false_in_quiet(rng, 2 * series, rate, every_h=24 if quick else 8)
        for rate in measuring.RATES
    }
    alerts = happenings.alerts_per_event(seeds)
    shutdown_h, shutdown_recall = happenings.hours_to_shutdown(2 * seeds)
    causes = happenings.false_causes(seeds)
    seconds, peak_mb = measuring.seconds_for_year(rng, 1_000 if quick else 10_000)
    hourly = full[1.0]
    clean = hourly.baselines == min(measuring.BASELINES)

    def recall(found: dict[float, measuring.Delays], whose: str) -> float:
        return float(np.mean([np.isfinite(getattr(one, whose)).mean() for one in found.values()]))

    return {
        "recall_full": recall(full, "ours"),
        "recall_half": recall(half, "ours"),
        "recall_30_percent": recall(third, "ours"),
        "median_hours": float(np.median(hourly.ours[clean])),
        "median_hours_by_baseline": {
            str(share): float(np.median(hourly.ours[hourly.baselines == share]))
            for share in measuring.BASELINES
        },
        "median_hours_by_rate": {str(rate): float(np.median(one.ours)) for rate, one in full.items()},
        "median_hours_half_by_rate": {str(rate): float(np.median(one.ours)) for rate, one in half.items()},
        "onset_bracketed": float(np.mean([one.bracketed for one in (*full.values(), *half.values())])),
        "false_per_100_weeks": float(np.mean([ours for ours, _ in quiet.values()])),
        "alerts_per_event": alerts.ours,
        "event_onset_bracketed": alerts.bracketed,
        "shutdown_hours": shutdown_h,
        "shutdown_recall": shutdown_recall,
        "false_incidents_by_cause": causes,
        "events_unmade_by_floods": happenings.unmade(seeds),
        "seconds_10k_years": seconds,
        "series_years": 1_000 if quick else 10_000,
        "peak_mb": peak_mb,
        "baseline": {
            "recall_full": recall(full, "leaders"),
            "recall_half": recall(half, "leaders"),
            "recall_30_percent": recall(third, "leaders"),
            "median_hours": float(np.median(hourly.leaders[clean])),
            "median_hours_by_rate": {str(rate): float(np.median(one.leaders)) for rate, one in full.items()},
            "false_per_100_weeks": float(np.mean([leaders for _, leaders in quiet.values()])),
            "alerts_per_event": alerts.leaders,
            "shutdown_hours": None,
            "seconds_10k_years": None,
        },
    }


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
    arguments = parser.parse_args()
    result = run(quick=arguments.quick)
    print(json.dumps(result, indent=2, allow_nan=False, default=str) if arguments.json else render(result))


if __name__ == "__main__":
    main()
