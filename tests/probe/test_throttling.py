"""What transfers say about who holds them back; no network, no kernel."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.formats.ooni.extensions import Throttling
from banwatch.probe.throttling import (
    Pattern,
    Sample,
    Transfer,
    compare,
    describe,
    slowdown,
    tell_kind,
)

TWIN = Pattern(
    size_bytes=65_536,
    seconds=0.1,
    goodput_bps=6_000_000.0,
    loss_share=0.0,
    longest_pause_s=0.03,
    queueing_ms=1.0,
)


def held_back(**changes: Any) -> Pattern:
    slow = {"seconds": 4.0, "goodput_bps": 130_000.0, "longest_pause_s": 0.2, "queueing_ms": 1.0}
    return msgspec.structs.replace(TWIN, **(slow | changes))


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (held_back(loss_share=0.2), "policing"),
        (held_back(loss_share=0.2, queueing_ms=215.0), "policing"),  # measured over the stalls
        (held_back(queueing_ms=1300.0), "shaping"),
        (held_back(queueing_ms=1300.0, loss_share=0.3), "shaping"),  # its queue ran over
        (held_back(), None),  # a server that drips
        (held_back(queueing_ms=15.0), None),
        (held_back(goodput_bps=4_000_000.0, loss_share=0.2), None),  # hardly slower
        (held_back(queueing_ms=None, loss_share=0.2), "policing"),
        (held_back(queueing_ms=None), None),
    ],
)
def test_marks_of_policing_and_shaping(target: Pattern, kind: str | None) -> None:
    assert tell_kind(target, TWIN) == kind


def test_what_the_whole_line_does_is_nobodys_doing() -> None:
    lossy = msgspec.structs.replace(TWIN, loss_share=0.2)
    assert tell_kind(held_back(loss_share=0.2), lossy) is None
    bloated = msgspec.structs.replace(TWIN, queueing_ms=1300.0)
    assert tell_kind(held_back(queueing_ms=1310.0), bloated) is None


def series(*points: tuple[float, int], rtt_ms: float | None = 40.0, lost: int = 0) -> list[Sample]:
    return [
        Sample(t=t, num_bytes=size, rtt_ms=rtt_ms, segments=size // 1000, segments_lost=lost * at)
        for at, (t, size) in enumerate(points)
    ]


def test_the_later_half_is_the_rate_that_is_left() -> None:
    points = [(0.0, 3000), (1.0, 63_000), *((1.0 + n, 63_000 + n * 10_000) for n in range(1, 10))]
    found = describe(series(*points), begun_s=0.0, min_rtt_ms=40.0)
    assert found is not None
    assert found.goodput_bps == 80_000.0
    assert (found.size_bytes, found.seconds, found.longest_pause_s) == (150_000, 10.0, 1.0)
    assert (found.loss_share, found.queueing_ms) == (0.0, 0.0)


def test_what_was_there_before_does_not_count() -> None:
    points = [(0.1, 5000), (0.2, 6000), (1.0, 30_000), (1.5, 40_000)]
    found = describe(series(*points, lost=3), begun_s=0.5, min_rtt_ms=None)
    assert found is not None
    assert (found.size_bytes, found.seconds, found.queueing_ms) == (34_000, 1.0, None)
    assert found.loss_share == round(6 / 34, 4)


def test_too_little_says_nothing() -> None:
    assert describe([], begun_s=0.0) is None
    assert describe(series((1.0, 16_000)), begun_s=0.0) is None
    assert describe(series((1.0, 17_000)), begun_s=1.0) is None


@given(
    st.lists(
        st.builds(
            Sample,
            t=st.floats(0, 100),
            num_bytes=st.integers(0, 10**9),
            rtt_ms=st.none() | st.floats(0, 1e5),
            segments=st.integers(0, 10**6),
            segments_lost=st.integers(0, 10**6),
        ),
        max_size=30,
    ),
    st.floats(0, 100),
    st.none() | st.floats(0.001, 1000),
)
def test_any_samples_are_described_or_not(
    samples: list[Sample], begun_s: float, min_rtt_ms: float | None
) -> None:
    samples.sort(key=lambda one: one.t)
    found = describe(samples, begun_s=begun_s, min_rtt_ms=min_rtt_ms)
    if found is not None:
        assert found.size_bytes > 0
        assert found.goodput_bps >= 0
        tell_kind(found, TWIN)
        tell_kind(TWIN, found)


def transfer(role: Any, direction: Any, pattern: Pattern | None) -> Transfer:
    return Transfer(
        role=role,
        direction=direction,
        address="192.0.2.1:443",
        transaction_id=1,
        failure=None,
        pattern=pattern,
        samples=series((1.0, 1000)),
    )


def test_each_direction_is_compared_by_itself() -> None:
    policed = held_back(loss_share=0.2)
    found = compare(
        [
            transfer("twin", "download", TWIN),
            transfer("target", "download", policed),
            transfer("twin", "upload", TWIN),
            transfer("target", "upload", None),
        ],
        "helper",
    )
    assert found.kind == {"download": "policing"}
    assert found.slowdown == {"download": slowdown(policed, TWIN)}
    written = msgspec.json.encode(found)
    assert msgspec.json.decode(written, type=Throttling) == found
    assert b'"samples":[[1.0,1000,40.0,1,0]]' in written
