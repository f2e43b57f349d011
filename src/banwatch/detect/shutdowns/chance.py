"""Chance of a silence: how often one as heavy comes about where nothing happened.

The tail of a network's own silences says how often it falls silent by itself. For a country, its networks'
hours are shifted against each other by whole weeks, and for a network its voices' hours: each keeps its own
gaps, hours of the day and weekdays, and what is left of common silences is chance.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns import thresholds as own
from banwatch.detect.shutdowns.presence import Presence, Voices
from banwatch.detect.shutdowns.rhythm import Rhythm

Nats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_WEEK_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class Tail:
    """Tail of the silences that came about by chance."""

    ranked: tuple[float, ...]
    """Weights of the silences in nats, the heaviest first."""
    copies: int
    """Copies of the period in which they were counted."""
    hours: int
    """Hours of the period."""

    def expected(self, nats: float) -> float:
        """Return the number of silences of this weight or more that chance gives in the whole period.

        Within the counted silences it is counted; beyond them the tail goes on exponentially, with the scale
        at which the counted ones thin out. Where there are hardly any, each hour is taken for itself.
        """
        rank = max(t.TAIL_RANK, self.copies // 4)
        if len(self.ranked) < rank:
            return self.hours * float(np.exp(-nats))
        if nats <= self.ranked[rank - 1]:
            return float(np.searchsorted(-np.array(self.ranked), -nats, side="right")) / self.copies
        return rank / self.copies * float(np.exp(-(nats - self.ranked[rank - 1]) / self._scale(rank)))

    def _scale(self, rank: int) -> float:
        low = min(t.TAIL_RANKS_BELOW * rank, len(self.ranked))
        apart = sum(1 / number for number in range(rank, low))
        scale = (self.ranked[rank - 1] - self.ranked[low - 1]) / apart if apart else 0.0
        return max(t.TAIL_SAFETY * scale, t.TAIL_LEAST_NATS)


def tail_of(weights: Iterable[float], hours: int) -> Tail:
    """Return the tail of a network's own silences; the few heaviest may be shutdowns and do not shape it."""
    return Tail(tuple(sorted(weights, reverse=True)), 1, hours)


def shifted_tail(parts: Sequence[Flags], nats: Nats, examined: Sequence[range]) -> Tail | None:
    """Return the tail of common silences of parts that are shifted against each other by whole weeks.

    Args:
        parts: hours in which each part was heard, all of one length.
        nats: evidence of each empty hour for all parts together.
        examined: silences that are examined: a part is not shifted with them, but heard there as a week away.

    Returns:
        None where there are too few weeks or parts to shift.
    """
    hours = len(nats)
    weeks = hours // _WEEK_HOURS
    if weeks < t.SHIFTED_WEEKS_AT_LEAST or len(parts) < 2:
        return None
    mended = [_without(part, examined) for part in parts]
    rng = Random(hours)  # the same data give the same shifts
    weights: list[float] = []
    for _ in range(t.SHIFTS):
        heard = np.zeros(hours, np.int64)
        for part in mended:
            heard += np.roll(part, _WEEK_HOURS * rng.randrange(weeks))
        weights.extend(weights_of(heard, nats))
    return Tail(tuple(sorted(weights, reverse=True)), t.SHIFTS, hours)


def shifted_presence(
    voices: Voices, presence: Presence, nats: Nats, examined: Sequence[range], *, apart: bool
) -> Tail | None:
    """Return the tail of common silences of voices that are shifted against each other by whole weeks.

    Args:
        voices: hours in which each voice was heard.
        presence: law of their gaps.
        nats: evidence of each hour for all together.
        examined: silences that are examined, as in `shifted_tail`.
        apart: whether each voice is shifted for itself, and not with its network.

    Returns:
        None where there are too few weeks or parts to shift.
    """
    weeks = len(nats) // _WEEK_HOURS
    groups = tuple(range(len(voices.groups))) if apart else voices.groups
    if weeks < t.SHIFTED_WEEKS_AT_LEAST or len(set(groups)) < 2:
        return None
    mended = np.array([_without(row, examined) for row in voices.heard])
    rng = Random(len(nats))
    weights: list[float] = []
    for _ in range(t.SHIFTS):
        by = {group: _WEEK_HOURS * rng.randrange(weeks) for group in sorted(set(groups))}
        heard = np.array([np.roll(row, by[group]) for row, group in zip(mended, groups, strict=True)])
        found = sorted(_silences(heard.sum(axis=0), nats), reverse=True)[: own.SHIFTED_SILENCES]
        weights.extend(presence.weights(heard, [(first, last) for _, first, last in found]).tolist())
    return Tail(tuple(sorted(weights, reverse=True)), t.SHIFTS, len(nats))


def networks_of(rhythm: Rhythm) -> list[Flags]:
    """Return the hours in which each network was heard."""
    parts: defaultdict[int, Flags] = defaultdict(lambda: np.zeros(len(rhythm.live), np.bool_))
    for hour, cells in rhythm.cells.items():
        at = hour - rhythm.start
        if 0 <= at < len(rhythm.live) and rhythm.live[at]:
            for cell in cells:
                parts[cell.probe_asn][at] = True
    return list(parts.values())


def voices_of(rhythm: Rhythm) -> list[Flags]:
    """Return the hours in which each voice was heard, for a network whose voices come back.

    The seldom heard are taken together; without constant voices the list is empty.
    """
    times = Counter(voice for voices in rhythm.heard.values() for voice in voices)
    constant = [voice for voice, count in times.most_common(t.SHIFTED_VOICES) if count >= t.CONSTANT_HOURS]
    if sum(times[voice] for voice in constant) < t.CONSTANT_VOICES_SHARE * times.total():
        return []
    row = {voice: number for number, voice in enumerate(constant)}
    parts = np.zeros((len(constant) + 1, len(rhythm.live)), np.bool_)
    for hour, voices in rhythm.heard.items():
        for voice in voices:
            parts[row.get(voice, -1), hour] = True
    return [part for part in parts if part.any()]


def _without(part: Flags, examined: Sequence[range]) -> Flags:
    """Return a part's hours with what it did a week before, or after, in place of examined silences."""
    mended = part.copy()
    for silence in examined:
        length = len(silence)
        away = -(-length // _WEEK_HOURS) * _WEEK_HOURS
        for start in (silence.start - away, silence.start + away):
            if start >= 0 and start + length <= len(part):
                mended[silence.start : silence.stop] = part[start : start + length]
                break
    return mended


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a network or country: sums over them, each one longer than the hours."""

    nats: Nats
    """Evidence of the hours up to each, were they empty."""
    usual: Nats
    """Number of them that usually have measurements."""
    heard: Nats
    """Number of them that had."""

    @classmethod
    def of(cls, nats: Nats, live: Flags) -> "Hours":
        """Return the sums of the evidence of each hour and of the hours that were heard."""
        usual = 1 - np.exp(-nats)
        scale = (float(live.sum()) + 1) / (float(usual.sum()) + 1)  # days without anything are not usual
        return cls(_sums(nats), _sums(usual * scale), _sums(live.astype(np.float64)))

    def liveliness(self, first: int, last: int) -> float:
        """Return how much was heard in the days around a stretch, as a share of what is usual.

        Probes come and go: a silence while few are there says less, and one while many are says more.
        """
        return float(self.livelinesses(np.array([first]), np.array([last]))[0])

    def livelinesses(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> Nats:
        """Return the liveliness around each of some stretches."""
        before = np.maximum(first - t.AROUND_HOURS, 0)
        after = np.minimum(last + 1 + t.AROUND_HOURS, len(self.nats) - 1)
        heard = self.heard[first] - self.heard[before] + self.heard[after] - self.heard[last + 1]
        usual = self.usual[first] - self.usual[before] + self.usual[after] - self.usual[last + 1]
        return np.clip((heard + 1) / (usual + 1), *t.LIVELINESS)


def _sums(values: Nats) -> Nats:
    return np.concatenate([[0.0], np.cumsum(values)])


def weights_of(voices: NDArray[np.int64], nats: Nats) -> list[float]:
    """Return the weight of each silence: absence, less what the few voices within it take away.

    Args:
        voices: number of voices heard in each hour.
        nats: evidence of each hour if it is empty.
    """
    hours = Hours.of(nats, voices > 0)
    found = _silences(voices, nats)
    weights = np.array([one[0] for one in found])
    begin, end = (np.array([one[at] for one in found], np.int64) for at in (1, 2))
    lively: list[float] = (weights * hours.livelinesses(begin, end)).tolist()
    return lively


def _silences(voices: NDArray[np.int64], nats: Nats) -> list[tuple[float, int, int]]:
    """Return each silence: its evidence in nats, its first and its last hour."""
    found: list[tuple[float, int, int]] = []
    total = peak = best = 0.0
    since = first = last = 0
    sums, counts = _sums(nats).tolist(), voices.tolist()
    for hour in (*np.flatnonzero(voices).tolist(), len(nats)):
        total += sums[hour] - sums[since]
        peak = max(peak, total)
        if total >= best:
            best, last = total, hour - 1
        if hour < len(nats):
            total -= t.STRAY_NATS * counts[hour]
        since = hour + 1
        if total <= 0 or peak - total >= t.SHUTDOWN_NATS or hour == len(nats):
            if best > 0:
                found.append((best, first, last))
            total = peak = best = 0.0
            first = since
    return found
