"""The parts of long series that are worth a closer look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.votes.steps import Steps


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Steps `first` to `last` of one series."""

    column: int
    first: int
    last: int


def windows_of(column: int, hot: NDArray[np.bool_]) -> Iterator[Window]:
    """Surround the steps that hold evidence; windows that meet are one."""
    marked = np.flatnonzero(hot)
    if not len(marked):
        return
    apart = np.flatnonzero(np.diff(marked) > 2 * t.SEGMENT_MARGIN_STEPS)
    starts = marked[np.concatenate([[0], apart + 1])]
    stops = marked[np.concatenate([apart, [len(marked) - 1]])]
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        yield Window(
            column, max(start - t.SEGMENT_MARGIN_STEPS, 0), min(stop + t.SEGMENT_MARGIN_STEPS, len(hot) - 1)
        )


def cut(steps: Steps, windows: Sequence[Window]) -> Steps:
    """Lay windows side by side, padded at the end."""
    longest = max(window.last + 1 - window.first for window in windows)
    accusing = np.zeros((longest, len(windows)), np.float32)
    telling = np.zeros((longest, len(windows)), np.float32)
    gaps = np.zeros((longest, len(windows)), np.int32)
    for place, window in enumerate(windows):
        part = slice(window.first, window.last + 1)
        used = window.last + 1 - window.first
        accusing[:used, place] = steps.accusing[part, window.column]
        telling[:used, place] = steps.telling[part, window.column]
        gaps[:used, place] = steps.gap_hours[part, window.column]
    return Steps(accusing, telling, gaps)
