"""Play a timeline: real probes, real packets, days in minutes. (Seam; being filled.)"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayResult:
    """What a play left behind."""

    measurements: int
    flows: int
    """Lines of truth."""
    measurement_files: tuple[Path, ...]
    truth_files: tuple[Path, ...]


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
    progress: Callable[[int, int], None] | None = None,
) -> PlayResult:
    """Play a regime's timeline and write `out_dir/measurements/*.jsonl.gz` and `out_dir/truth/*.jsonl`."""
    raise NotImplementedError
