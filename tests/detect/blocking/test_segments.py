"""Segments: margins around evidence, joined where they meet, laid side by side."""

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.blocking.segments import Segment, lay_out, segments_of
from banwatch.detect.votes.steps import Steps


def test_evidence_far_apart_makes_segments_of_its_own() -> None:
    marked = np.zeros(3000, np.bool_)
    marked[[500, 510, 2000]] = True
    margin = t.SEGMENT_MARGIN_STEPS
    assert list(segments_of(3, marked)) == [
        Segment(3, 500 - margin, 510 + margin),
        Segment(3, 2000 - margin, 2000 + margin),
    ]
    assert list(segments_of(3, np.zeros(10, np.bool_))) == []


def test_segments_are_padded_with_steps_without_votes() -> None:
    votes = np.arange(1, 11, dtype=np.float32)[:, None]
    steps = Steps(votes, votes, np.ones((10, 1), np.int32))
    laid = lay_out(steps, [Segment(0, 2, 4), Segment(0, 8, 8)])
    assert laid.informative.T.tolist() == [[3, 4, 5], [9, 0, 0]]
