"""Result of a matrix."""

from dataclasses import dataclass
from typing import Self

from banwatch.lab.score.count import MechanismScore, Mistake, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Figures of one group of the matrix; ratios as in `Score`."""

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
    """Mechanism of the matrix that no measurement met: no figure describes it."""

    mechanism: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixResult:
    """Result of a matrix. `false_blocked` counts every loss; the ratios are those of the least loss."""

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
    """Measurements without a flow in the truth: should be 0."""
    unreadable: int
    """Lines of the probe that are not OONI measurements."""
