"""Conductor of a play: divides it into parts, assigns them to workers, and watches the workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from banwatch.lab.machine.processes.worker_process import WorkerProcess, WorkerSelector, end_workers
from banwatch.lab.play.part import Part, Report, divide, rounds_between
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.world.file import load_world
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import UNKNOWN_ASN
from banwatch.model.progress import Progress
from banwatch.net.linux.capacity import memory_bytes, usable_cores

MAX_LABS = 5
"""Most labs side by side: they keep a demo under 1.5 GB even with shared pages counted once a process."""
LABS_PER_CORE = 3
"""Labs for each core: a lab waits for blackholes more than it computes."""
LAB_MEMORY_BYTES = 120 << 20
"""Approximate memory of a lab and its worker (proportional set size: processes share what they import)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayResult:
    """Result of a play: counts, and the files that it wrote."""

    measurements: int
    flows: int
    """Number of lines of truth."""
    measurement_files: tuple[Path, ...]
    truth_files: tuple[Path, ...]
    perfect_file: Path | None = None
    """File of the perfect observer's rows; None for a recording."""


def play_story(
    regime: str,
    work_dir: Path,
    *,
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> PlayResult:
    """Play a regime's own timeline, all tiers, with every input of the default world."""
    return play(regime, out_dir=work_dir, jobs=jobs, seed=seed, progress=progress)


def play(
    regime: str | Path,
    world: str | Path = "default",
    *,
    out_dir: Path,
    tiers: Sequence[str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    every: timedelta | None = None,
    inputs: Sequence[str] | None = None,
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> PlayResult:
    """Play a timeline; writes measurements/*.jsonl.gz, truth/*.jsonl and perfect.jsonl in `out_dir`.

    Args:
        regime: name or path.
        world: name or path.
        out_dir: folder for the files; earlier parts of the same names in it are replaced.
        tiers: tiers to play; all of the regime's where None.
        start: of the first round; the regime's timeline where None.
        end: no round begins at or after it; the regime's timeline where None.
        every: time between rounds; the regime's timeline where None.
        inputs: URLs to measure; the world's own list where None.
        jobs: number of labs side by side; by cores and memory where None.
        seed: seed of every chance in the regime and in the probe.
        progress: called with (done, total) measurements.

    Raises:
        BanwatchError: the regime has no such tier or no timeline, or a lab failed.
    """
    loaded = load_regime(regime)
    urls = tuple(inputs) if inputs is not None else tuple(entry.url for entry in load_world(world).inputs)
    if not urls:
        raise BanwatchError(f"there is nothing to measure in the world {world}", "Give `inputs`")
    rounds = _rounds(loaded, start, end, every)
    jobs = jobs or default_jobs()
    chosen = _chosen_tiers(loaded, tiers)
    folders = [out_dir / "measurements", out_dir / "truth"]
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BanwatchError(f"{out_dir} cannot be made: {error.strerror}", "Give another folder") from error
    parts = []
    from banwatch.lab.truth.perfect_observer import (
        fold_truth,  # heavy, and the workers import this package too
    )
    from banwatch.lab.truth.truth_file import load_truth
    from banwatch.reference import load

    reference = load()
    for tier in chosen:  # every lab gets a piece of every tier, so that all take about as long
        network = reference.network_of(str(loaded.tiers[tier].resolver))
        first_round = 0
        for number, run in enumerate(divide(rounds, jobs)):
            name = f"{loaded.name}-{tier}-{number:02d}"
            parts.append(
                Part(
                    name=name,
                    regime=str(regime),
                    world=str(world),
                    tier=tier,
                    rounds=run,
                    first_round=first_round,
                    inputs=urls,
                    seed=seed,
                    resolver_asn=network.asn if network else UNKNOWN_ASN,
                    resolver_network_name=network.name if network else "",
                    measurements_path=str(folders[0] / f"{name}.jsonl.gz"),
                    truth_path=str(folders[1] / f"{name}.jsonl"),
                )
            )
            first_round += len(run)
    for part in parts:
        Path(part.truth_path).unlink(missing_ok=True)  # the censor appends
    done = play_parts(parts, jobs=jobs, progress=progress)
    truth_files = tuple(Path(part.truth_path) for part in parts)
    flows = load_truth(truth_files)
    perfect_file = out_dir / "perfect.jsonl"
    rows = fold_truth(flows, load_world(world), reference.target_of)
    perfect_file.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return PlayResult(
        measurements=done,
        flows=len(flows),
        measurement_files=tuple(Path(part.measurements_path) for part in parts),
        truth_files=truth_files,
        perfect_file=perfect_file,
    )


def play_parts(parts: Sequence[Part], *, jobs: int | None = None, progress: Progress | None = None) -> int:
    """Play parts in labs side by side; returns how many measurements were made.

    Raises:
        BanwatchError: one of them failed; all workers are ended.
    """
    total = sum(len(part.rounds) * len(part.inputs) for part in parts)
    return _WorkerPool(list(parts), jobs or default_jobs(), total, progress).play()


def default_jobs() -> int:
    """Return how many labs this machine can run side by side."""
    return max(1, min(MAX_LABS, usable_cores() * LABS_PER_CORE, memory_bytes() // 2 // LAB_MEMORY_BYTES))


def _rounds(
    regime: Regime, start: datetime | None, end: datetime | None, every: timedelta | None
) -> tuple[datetime, ...]:
    timeline = regime.timeline
    if timeline is not None:
        start, end = start or timeline.start, end or timeline.end
        every = every or timedelta(hours=timeline.every_h)
    if start is None or end is None or every is None:
        raise BanwatchError(f"the regime {regime.name} has no timeline", "Give a start, an end and a step")
    rounds = rounds_between(start, end, every)
    if not rounds:
        raise BanwatchError(f"there is no round from {start} to {end}", "The end must be after the start")
    return rounds


def _chosen_tiers(regime: Regime, tiers: Sequence[str] | None) -> tuple[str, ...]:
    for tier in tiers or ():
        if tier not in regime.tiers:
            tiers = ", ".join(regime.tiers)
            raise BanwatchError(f"the regime {regime.name} has no tier {tier!r}", f"It has: {tiers}")
    return tuple(
        tiers or reversed(regime.tiers)
    )  # the most restricted last in the file, and slowest: first here


class _WorkerPool:
    """The workers of a play, and the parts that wait for one.

    Args:
        parts: parts in the order in which they begin.
        jobs: number of workers.
        total: measurements of all parts together.
        progress: called with (done, total) measurements.
    """

    def __init__(self, parts: list[Part], jobs: int, total: int, progress: Progress | None) -> None:
        self._waiting = list(reversed(parts))
        self._jobs = min(jobs, len(parts))
        self._total = total
        self._done = 0
        self._progress = progress
        self._workers: list[WorkerProcess] = []
        self._part_of: dict[WorkerProcess, Part] = {}

    def play(self) -> int:
        """Play every part; returns how many measurements were made."""
        selector = WorkerSelector()
        try:
            for _ in range(self._jobs):
                worker = WorkerProcess("banwatch.lab.play.worker")
                self._workers.append(worker)
                selector.add(worker)
                self._assign_next_part(worker)
            while selector:
                for worker in selector.wait():
                    if self._receive(worker):
                        selector.remove(worker)
        finally:
            selector.close()
            end_workers(self._workers)
        return self._done

    def _assign_next_part(self, worker: WorkerProcess) -> None:
        part = self._waiting.pop()
        self._part_of[worker] = part
        worker.send_line(msgspec.json.encode(part))

    def _receive(self, worker: WorkerProcess) -> bool:
        """Take in a worker's reports; returns True when the worker has ended in order."""
        lines = worker.read_lines()
        if lines is None:
            if worker in self._part_of:
                raise BanwatchError(
                    f"a lab's worker ended unexpectedly (exit code {worker.wait()})",
                    "It was killed, or memory ran out: run it again, with fewer `--jobs`",
                )
            return True
        for report in [msgspec.json.decode(line, type=Report) for line in lines]:
            if report.what:
                raise BanwatchError(report.what, report.do)
            if report.measured and self._progress:
                self._progress(self._done + report.measured, self._total)
            self._done += report.measured
            if report.finished:
                del self._part_of[worker]
                if self._waiting:
                    self._assign_next_part(worker)
                else:
                    worker.close_input()
        return False
