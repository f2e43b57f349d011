"""Runner of a matrix: plays it, with Banwatch's probe or another, judges, and counts."""

import gzip
import shlex
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from banwatch.judge import judge_line
from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.play.conduct import default_jobs, play_parts
from banwatch.lab.play.part import LabTimeouts, Part
from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.score.count import score
from banwatch.lab.score.matrix import (
    TWIN_URL,
    VERSIONS,
    Square,
    write_fingerprints,
    write_regime,
    write_world,
)
from banwatch.lab.score.result import MatrixResult, Row, Unexercised
from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.lab.truth.truth_file import load_truth
from banwatch.lab.world import load_world
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import MeasurementUid
from banwatch.model.observation import Observation
from banwatch.model.progress import Progress
from banwatch.model.reference import Reference
from banwatch.model.verdict import Verdict
from banwatch.reference import load
from banwatch.reference.importing import import_files

FIRST_ROUND = datetime(2016, 4, 2, tzinfo=UTC)
BETWEEN_ROUNDS = timedelta(hours=6)
LOSSLESS = LabTimeouts(dns_s=2.0, tcp_s=2.0, tls_s=2.5, http_s=8.0, control_s=15.0)
"""Time-outs without loss: a throttled page takes seconds, and its rate shows only in what arrived."""
LOSSY = LabTimeouts(dns_s=2.5, dns_late_s=0.3, tcp_s=4.0, tls_s=5.0, http_s=9.0, control_s=20.0)
"""Time-outs with loss: TCP sends again after one second and after three, and two losses are no censor."""


class Judged:
    """Verdicts and observations of many measurements."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.observations: dict[MeasurementUid, Sequence[Observation]] = {}
        self.unreadable = 0

    def add(self, path: Path, tier: str, reference: Reference) -> None:
        """Judge every measurement of a file; the tier is the square's, whatever the probe calls it."""
        with gzip.open(path) as file:
            for line in file:
                try:
                    judged = judge_line(line.strip(), reference)
                except WireError:
                    self.unreadable += 1
                    continue
                self.verdicts.append(replace(judged.verdict, access_tier=tier))
                self.observations[judged.measurement.measurement_uid] = judged.observations


def play_matrix(
    squares: Sequence[Square],
    out_dir: Path,
    *,
    rounds: int = 1,
    seed: int = 0,
    jobs: int | None = None,
    probe: str | None = None,
    progress: Progress | None = None,
) -> MatrixResult:
    """Play squares, judge, and count.

    Args:
        squares: from `lay_out`.
        out_dir: gets worlds/, regimes/, measurements/ and truth/, by square.
        rounds: how many times everything is measured.
        seed: seed of every chance.
        jobs: labs side by side.
        probe: a command that measures instead of our probe, once in each lab. `{inputs}` in it becomes a file
            of URLs, one a line; `{output}` the file to which it writes OONI measurements, one a line.
        progress: called with (done, total) measurements; with another probe, (done, total) labs.

    Raises:
        BanwatchError: a lab or the probe failed.
    """
    parts = [_prepare(square, out_dir, rounds, seed) for square in squares]
    if probe is None:
        play_parts(
            parts, jobs=jobs or max(1, default_jobs() // 2), progress=progress
        )  # these labs compute more than they wait
    else:
        for number, part in enumerate(parts, 1):
            _run_probe(part, probe, out_dir)
            if progress:
                progress(number, len(parts))
    reference, judged = _load_reference(out_dir), Judged()
    for part in parts:
        judged.add(Path(part.measurements_path), part.tier, reference)
    return count(squares, judged, load_truth(Path(part.truth_path) for part in parts))


def _prepare(square: Square, out_dir: Path, rounds: int, seed: int) -> Part:
    folders = {name: out_dir / name for name in ("worlds", "regimes", "measurements", "truth")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    world, regime = folders["worlds"] / f"{square.tier}.yaml", folders["regimes"] / f"{square.tier}.yaml"
    truth = folders["truth"] / f"{square.tier}.jsonl"
    write_world(square, world)
    write_regime(square, regime)
    truth.unlink(missing_ok=True)
    return Part(
        name=square.tier,
        regime=str(regime),
        world=str(world),
        tier=square.tier,
        rounds=tuple(FIRST_ROUND + BETWEEN_ROUNDS * i for i in range(rounds)),
        first_round=0,
        inputs=square.urls,
        seed=seed,
        lossy=square.loss > 0,
        thorough=True,
        twin_url=TWIN_URL,
        timeouts=LOSSY if square.loss else LOSSLESS,
        measurements_path=str(folders["measurements"] / f"{square.tier}.jsonl.gz"),
        truth_path=str(truth),
    )


def _load_reference(out_dir: Path) -> Reference:
    """Load the shipped reference data with the fingerprints of the matrix."""
    folder = out_dir / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    write_fingerprints(folder / "fingerprints.csv")
    import_files([folder / "fingerprints.csv"], as_of=FIRST_ROUND.date(), data_dir=folder)
    return load(data_dir=folder)


def _run_probe(part: Part, command: str, out_dir: Path) -> None:
    """Run another probe in a part's lab, whose clock is set to the machine's, as the probe's is."""
    inputs = out_dir / f"{part.name}-inputs.txt"
    output = out_dir / f"{part.name}-output.jsonl"
    inputs.write_text("".join(f"{url}\n" for url in part.inputs), encoding="utf-8")
    output.unlink(missing_ok=True)
    words = [
        word.replace("{inputs}", str(inputs)).replace("{output}", str(output))
        for word in shlex.split(command)
    ]
    if not words:
        raise BanwatchError("the probe's command is empty", "Give a program and its arguments")
    regime, world = load_regime(part.regime), load_world(part.world)
    clock = LabClock(datetime.now(UTC))
    with Lab(regime, part.tier, world, clock=clock, truth_path=Path(part.truth_path), seed=part.seed) as lab:
        code = lab.run(words)
    if code:
        raise BanwatchError(
            f"the probe ended with exit code {code}: {shlex.join(words)}", "Try it by itself first"
        )
    if not output.is_file():
        raise BanwatchError(
            f"the probe left no measurements in {output}", "Write them to {output}, one a line"
        )
    with gzip.open(part.measurements_path, "wb") as packed:
        packed.write(output.read_bytes())


def count(squares: Sequence[Square], judged: Judged, truth: list[FlowTruth]) -> MatrixResult:
    """Count the whole matrix, and every group by itself."""
    tiers = {square.tier: square for square in squares}
    version_of = {url: case.version for square in squares for case in square.cases for url in case.urls}

    def row(belongs: Callable[[Verdict], bool]) -> Row:
        chosen = [verdict for verdict in judged.verdicts if belongs(verdict)]
        return Row.of(score(chosen, judged.observations, truth))

    def rows(values: Iterable[object], value_of: Callable[[Verdict], object]) -> dict[str, Row]:
        return {str(value): row(lambda v, value=value: value_of(v) == value) for value in values}  # type: ignore[misc]  # mypy knows no lambda default

    losses = sorted({square.loss for square in squares})
    everything = score(judged.verdicts, judged.observations, truth)
    clean = row(lambda v: tiers[v.access_tier].loss == losses[0])
    met = {mechanism.mechanism for mechanism in everything.by_mechanism}
    in_matrix = {case.method.mechanism for square in squares for case in square.cases}
    return MatrixResult(
        measurements=everything.measurements,
        false_blocked=everything.false_blocked,
        recall=clean.recall,
        mechanism_precision=clean.mechanism_precision,
        mechanism_recall=clean.mechanism_recall,
        by_mechanism={m.mechanism: m for m in everything.by_mechanism},
        by_loss=rows(losses, lambda v: tiers[v.access_tier].loss),
        by_family=rows(sorted({s.family for s in squares}), lambda v: tiers[v.access_tier].family),
        by_version=rows(
            [v for v in VERSIONS if v in set(version_of.values())], lambda v: version_of.get(v.input)
        ),
        unexercised=tuple(
            Unexercised(mechanism=m, why="no measurement caused a flow that its rule matches")
            for m in sorted(in_matrix - met)
        ),
        confusion=everything.confusion,
        mistakes=everything.mistakes,
        unmatched=everything.unmatched,
        unreadable=judged.unreadable,
    )
