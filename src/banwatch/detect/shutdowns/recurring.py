"""Silences that recur at the same hours of the day: exam mornings, nights without Internet.

A *season* is the days on which they recur. Each day in it is held against the same hours of the days outside
it, so that hours in which nobody ever measures make no schedule; a day on which something answered is an
exception.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import comb, log

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.rhythm import Nats, Rhythm, Silence, first_answer, last_answer
from banwatch.detect.votes.series import HOUR_S

_DAY = 24


@dataclass(frozen=True, slots=True)
class Season:
    """Days on which a network was silent at the same hours."""

    windows: tuple[tuple[datetime, datetime], ...]
    """The silent hours of each day."""
    first: Silence
    last: Silence
    seen: tuple[datetime, datetime]
    """When the first of them had surely begun, and until when the last surely lasted."""
    nats: float
    testimony: float
    lasts: bool
    """Whether no day after it is known on which something answered at these hours."""

    def covers(self, rhythm: Rhythm, silence: Silence) -> bool:
        """Return whether a silence is a part of it."""
        begin, end = (_moment(rhythm, hour) for hour in (silence.first, silence.last + 1))
        return any(start < end and begin < stop for start, stop in self.windows)


def seasons(rhythm: Rhythm, nats: Nats, found: Sequence[Silence]) -> Iterator[Season]:
    """Yield the seasons among the silences of a network or country."""
    rest = sorted(
        (
            one
            for one in found
            if 2 <= one.last - one.first + 1 <= t.RECURRING_LONGEST_HOURS
            and (one.testimony >= t.RECURRING_NATS or one.nats >= t.TOGETHER_NATS / 2)
        ),
        key=lambda one: (-one.nats, one.first),
    )
    while rest:
        seed = rest[0]
        alike = sorted((one for one in rest if _alike(rhythm, seed, one)), key=lambda one: one.first)
        rest = [one for one in rest if one not in alike]
        chains = list(_chains(alike))
        spans = [(chain[0].first - _DAY // 2, chain[-1].last) for chain in chains if len(chain) > 1]
        for chain in chains:
            season = _season(rhythm, nats, chain, spans)
            if season is not None:
                yield season


def _alike(rhythm: Rhythm, one: Silence, other: Silence) -> bool:
    """Return whether two silences share most of their hours of the day."""
    mine = {(rhythm.start + hour) % _DAY for hour in range(one.first, one.last + 1)}
    theirs = {(rhythm.start + hour) % _DAY for hour in range(other.first, other.last + 1)}
    return 2 * len(mine & theirs) >= len(mine | theirs)


def _chains(alike: Sequence[Silence]) -> Iterator[list[Silence]]:
    chain: list[Silence] = []
    for one in alike:
        if chain and one.first - chain[-1].first > t.SEASON_GAP_HOURS:
            yield chain
            chain = []
        chain.append(one)
    yield chain


def _season(
    rhythm: Rhythm, nats: Nats, chain: Sequence[Silence], spans: Sequence[tuple[int, int]]
) -> Season | None:
    if len(chain) < t.RECURRING_TIMES:
        return None
    begin = int(np.median([(rhythm.start + one.first) % _DAY for one in _unwrapped(rhythm, chain)]))
    length = int(np.median([one.last - one.first + 1 for one in chain]))
    core = length - 2 if length >= 4 else length
    shift = (begin + (1 if length >= 4 else 0) - rhythm.start) % _DAY
    starts = range(shift, len(nats) - core + 1, _DAY)
    first, last = chain[0].first - _DAY // 2, chain[-1].last
    dark, worked, empty, others = list[int](), 0, 0, 0
    for start in starts:
        heard = bool(rhythm.live[start : start + core].any())
        around = rhythm.live[max(start - _DAY, 0) : start + core + _DAY].any()
        if first <= start <= last:
            worked += heard
            dark.extend([] if heard else [start])
        elif around and not any(begin <= start <= end for begin, end in spans):
            others += 1
            empty += not heard
    if len(dark) < t.RECURRING_TIMES:
        return None
    chance = (empty + 1) / (others + 2)
    testimony = sum(one.testimony for one in chain)
    evidence = -len(dark) * log(chance) - log(comb(len(dark) + worked, worked)) - log(_DAY * 12)
    enough = evidence >= t.SCHEDULE_NATS or (testimony >= t.TESTIFIED_NATS and evidence >= 0)
    if not enough:
        return None
    bounds = [_bounds(rhythm, start, core) for start in dark]
    begins = max(after for after, _ in bounds)  # minutes of the day; the latest answer before, ...
    ends = min(before for _, before in bounds)  # ... and the first answer after any of them
    windows = []
    for start in dark:
        day = (rhythm.start + start) * HOUR_S
        windows.append(
            (
                datetime.fromtimestamp(day + begins * 60, UTC),
                datetime.fromtimestamp(day + ends * 60, UTC),
            )
        )
    lasts = not any(rhythm.live[start : start + core].any() for start in starts if start > dark[-1])
    seen = (_moment(rhythm, dark[0]), _moment(rhythm, dark[-1] + core))
    return Season(tuple(windows), chain[0], chain[-1], seen, evidence, testimony, lasts)


def _unwrapped(rhythm: Rhythm, chain: Sequence[Silence]) -> Sequence[Silence]:
    """Return the silences on one side of midnight, for the median of their first hours."""
    hours = [(rhythm.start + one.first) % _DAY for one in chain]
    if max(hours) - min(hours) <= _DAY // 2:
        return chain
    return [one for one, hour in zip(chain, hours, strict=True) if hour >= _DAY // 2]


def _bounds(rhythm: Rhythm, start: int, core: int) -> tuple[int, int]:
    """Return the last answer before a core of silent hours and the first after it, in minutes from it."""
    before, after = start - 1, start + core
    while before >= max(start - 3, 0) and not rhythm.live[before]:
        before -= 1
    while after < min(start + core + 3, len(rhythm.live)) and not rhythm.live[after]:
        after += 1
    zero = (rhythm.start + start) * HOUR_S
    last = (before + 1 - start) * 60
    if before >= 0 and rhythm.live[before]:
        answer = last_answer(rhythm.cells[rhythm.start + before])
        last = int((answer.timestamp() - zero) // 60)
    first = (after - start) * 60
    if after < len(rhythm.live) and rhythm.live[after]:
        answer = first_answer(rhythm.cells[rhythm.start + after])
        first = int((answer.timestamp() - zero) // 60)
    return last, first


def _moment(rhythm: Rhythm, hour: int) -> datetime:
    return datetime.fromtimestamp((rhythm.start + hour) * HOUR_S, UTC)
