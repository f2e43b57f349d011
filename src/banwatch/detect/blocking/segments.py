"""Segments: the parts of long series that hold evidence and are smoothed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.votes.steps import Steps


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """Steps `first` to `last` of one series."""

    column: int
    first: int
    last: int


def segments_of(column: int, marked_steps: NDArray[np.bool_]) -> Iterator[Segment]:
    """Yield segments around the steps that hold evidence; segments that meet are one."""
    marked = np.flatnonzero(marked_steps)
    if not len(marked):
        return
    apart = np.flatnonzero(np.diff(marked) > 2 * t.SEGMENT_MARGIN_STEPS)
    starts = marked[np.concatenate([[0], apart + 1])]
    stops = marked[np.concatenate([apart, [len(marked) - 1]])]
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        yield Segment(
            column,
            max(start - t.SEGMENT_MARGIN_STEPS, 0),
            min(stop + t.SEGMENT_MARGIN_STEPS, len(marked_steps) - 1),
        )


def lay_out(steps: Steps, segments: Sequence[Segment]) -> Steps:
    """Lay segments side by side, padded at the end."""
    longest = max(segment.last + 1 - segment.first for segment in segments)
    accusing = np.zeros((longest, len(segments)), np.float32)
    informative = np.zeros((longest, len(segments)), np.float32)
    gaps = np.zeros((longest, len(segments)), np.int32)
    for position, segment in enumerate(segments):
        part = slice(segment.first, segment.last + 1)
        used = segment.last + 1 - segment.first
        accusing[:used, position] = steps.accusing[part, segment.column]
        informative[:used, position] = steps.informative[part, segment.column]
        gaps[:used, position] = steps.gap_hours[part, segment.column]
    return Steps(accusing, informative, gaps)
