"""Score of a play: the measurements that `banwatch lab play` left, judged by today's rules, beside the truth.

    banwatch lab play REGIME --world WORLD --out DIR
    python bench/play_score.py DIR [--world WORLD] [--json]

It prints how many were accused falsely, missed, or said with a wrong mechanism, and each of these mistakes.
"""

import argparse
import gzip
import json
from collections.abc import Sequence
from pathlib import Path

from banwatch.judge import judge_line
from banwatch.lab.score import Score, score_story
from banwatch.model.ids import MeasurementUid
from banwatch.model.observation import Observation
from banwatch.model.verdict import Verdict
from banwatch.reference import load

FIGURES = (
    "measurements",
    "false_blocked",
    "interfered",
    "missed",
    "recall",
    "mechanism_precision",
    "mechanism_recall",
    "usable",
    "traced",
    "overstated",
    "in_shutdown",
    "silent_in_shutdown",
    "unmatched",
)


def score_play(folder: Path, world: str) -> Score:
    """Judge the measurements of a play and compare them with its truth."""
    reference = load()
    verdicts: list[Verdict] = []
    observations: dict[MeasurementUid, Sequence[Observation]] = {}
    for path in sorted((folder / "measurements").glob("*.jsonl.gz")):
        with gzip.open(path) as lines:
            for line in lines:
                judged = judge_line(line.strip(), reference)
                verdicts.append(judged.verdict)
                observations[judged.measurement.measurement_uid] = judged.observations
    return score_story(verdicts, observations, sorted((folder / "truth").glob("*.jsonl")), world)


def main() -> None:
    """Read the command line, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="what `banwatch lab play` wrote")
    parser.add_argument("--world", default="default", help="the world that it was played in")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    score = score_play(options.folder, options.world)
    figures = {name: getattr(score, name) for name in FIGURES}
    mistakes = [
        {
            "at": mistake.at.isoformat(),
            "tier": mistake.access_tier,
            "input": mistake.input,
            "true": mistake.true,
            "state": mistake.state,
            "said": mistake.said,
        }
        for mistake in score.mistakes
    ]
    if options.json:
        print(json.dumps({**figures, "mistakes": mistakes}))
        return
    for name, figure in figures.items():
        print(f"{name:22} {figure:.3f}" if isinstance(figure, float) else f"{name:22} {figure}")
    for one in mistakes:
        print(*one.values())


if __name__ == "__main__":
    main()
