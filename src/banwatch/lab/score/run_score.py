"""Score of the parts of the matrix that were asked for, with its page."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from banwatch.lab.score.matrix import FAMILIES, LOSSES, VERSIONS, lay_out
from banwatch.lab.score.page import render_page
from banwatch.lab.score.result import MatrixResult
from banwatch.lab.score.runner import play_matrix
from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress

PAGE_NAME = "score.html"


def run_score(
    *,
    out_dir: Path | None,
    families: Sequence[int],
    losses: Sequence[float],
    versions: Sequence[str],
    rounds: int,
    seed: int,
    jobs: int | None,
    probe: str | None,
    progress: Progress,
) -> MatrixResult:
    """Play the squares of the matrix, and score the verdicts.

    Args:
        out_dir: directory for worlds, measurements, truth and the page; None keeps only the result.
        families: IP versions; all where empty.
        losses: shares of lost packets; all where empty.
        versions: HTTP versions; all where empty.
        rounds: how many times everything is measured.
        seed: seed of everything that is left to chance.
        jobs: number of labs at the same time; None decides by cores and memory.
        probe: command of another probe.
        progress: called with the parts done, and all parts.

    Raises:
        BanwatchError: the matrix has no such version, or this machine allows no lab.
    """
    _check_values(families, FAMILIES)
    _check_values(versions, VERSIONS)
    squares = lay_out(families or FAMILIES, losses or LOSSES, versions=versions or VERSIONS)
    with ExitStack() as stack:
        folder = out_dir or Path(stack.enter_context(TemporaryDirectory(prefix="banwatch-score-")))
        result = play_matrix(
            squares, folder, rounds=rounds, seed=seed, jobs=jobs, probe=probe, progress=progress
        )
    if out_dir is not None:
        (out_dir / PAGE_NAME).write_text(render_page(result), encoding="utf-8")
    return result


def _check_values(values: Sequence[object], allowed: Sequence[object]) -> None:
    for value in values:
        if value not in allowed:
            raise BanwatchError(f"the matrix has no {value!r}", f"Choose of {', '.join(map(str, allowed))}")
