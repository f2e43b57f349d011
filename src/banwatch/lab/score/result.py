"""What a matrix came to."""

from dataclasses import dataclass
from typing import Self

from banwatch.lab.score.count import MechanismScore, Mistake, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group of the matrix; ratios as in `Score`."""

    measurements: int
    interfered: int
    false_blocked: int
    recall: float
    mechanism_precision: float
    mechanism_recall: float

    @classmethod
    def of(cls, score: Score) -> Self:
        """Take a row's figures from a score."""
        return cls(
            measurements=score.measurements,
            interfered=score.interfered,
            false_blocked=score.false_blocked,
            recall=score.recall,
            mechanism_precision=score.mechanism_precision,
            mechanism_recall=score.mechanism_recall,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexercised:
    """A mechanism of the plan that no measurement met: nothing is claimed of it."""

    mechanism: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixResult:
    """All of it. `false_blocked` counts every loss; the ratios are those of the least loss played."""

    measurements: int
    false_blocked: int
    recall: float
    mechanism_precision: float
    mechanism_recall: float
    by_mechanism: dict[str, MechanismScore]
    by_loss: dict[str, Row]
    by_family: dict[str, Row]
    by_version: dict[str, Row]
    unexercised: tuple[Unexercised, ...]
    confusion: tuple[tuple[str, str, int], ...]
    mistakes: tuple[Mistake, ...]
    unmatched: int
    """Measurements of which the truth knows no flow: should be none."""
    unreadable: int
    """Lines of the probe that are no OONI measurements."""
