"""Votes of many series as padded arrays, the form that the model of blocking reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Hours = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Steps:
    """Votes of many series at their steps, the hours with informative votes.

    Shape: all `[steps, series]`; `gap_hours` is the time since the step before (0 at the first and in
    padding).
    """

    accusing: Floats
    """Votes that accuse, 0 to `informative`."""
    informative: Floats
    """Votes that accuse or absolve; 0 only in padding."""
    gap_hours: Hours
    first_hour: Hours | None = None
    """Hour of each series' first step, `[series]`; without it series are not put beside each other."""
