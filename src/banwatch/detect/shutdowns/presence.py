"""Presence of voices: how surprising it is that each voice that comes and goes was silent in the same hours.

The gaps between the hours in which a voice is heard are a mixture of exponentials: pauses between two runs,
and spells of days in which it is away. A voice that was heard shortly before and shortly after a silence is
missed in it; one that had been away for days is not. Time runs by the rhythm of the network: where nobody
measures at night, a night is no time.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns import thresholds as own
from banwatch.detect.shutdowns.rhythm import Rhythm, lone_newcomer_hours

Nats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Doubles = NDArray[np.float64]
Hours = NDArray[np.int64]
Windows = Sequence[tuple[int, int]]
"""First and last hour of each of some silences."""


@dataclass(frozen=True, slots=True)
class Voices:
    """Hours in which the constant voices of a network or country were heard."""

    heard: Flags
    """`[voices, hours]`."""
    groups: tuple[int, ...]
    """Number of each voice's network."""
    newcomers: Flags
    """Hours in which a newcomer alone was heard."""
    others: Flags
    """Hours in which somebody else than such newcomers was heard."""

    def widened(self, first: int, last: int) -> tuple[int, int]:
        """Return the hours of a silence until somebody else than a newcomer is heard, on both sides.

        A newcomer that goes on measuring ends a silence after some days, and the others come back later: how
        long they were away is what their absence is judged by.
        """
        if not self.newcomers[first : last + 1].any():
            return first, last
        before, after = np.flatnonzero(self.others[:first]), np.flatnonzero(self.others[last + 1 :])
        begin = int(before[-1]) + 1 if len(before) else 0
        return begin, last + int(after[0]) if len(after) else len(self.others) - 1


def constant_voices(rhythm: Rhythm) -> Voices | None:
    """Return the voices that come back; None where most of what is heard is of others, or they are one.

    A newcomer that is heard while everybody else is silent is none of them: one voice must not unmake a
    shutdown by measuring through it, nor make one by being away.
    """
    alone = lone_newcomer_hours(rhythm)
    newcomers = {voice for hour in alone for voice in rhythm.heard[hour]}
    times = Counter(voice for voices in rhythm.heard.values() for voice in voices if voice not in newcomers)
    constant = [voice for voice, count in times.most_common(own.PRESENT_VOICES) if count >= t.CONSTANT_HOURS]
    if len(constant) < 2 or sum(times[voice] for voice in constant) < t.CONSTANT_VOICES_SHARE * times.total():
        return None
    row = {voice: number for number, voice in enumerate(constant)}
    heard = np.zeros((len(constant), len(rhythm.live)), np.bool_)
    hours = len(rhythm.live)
    is_alone, others = np.zeros(hours, np.bool_), np.zeros(hours, np.bool_)
    network: dict[str, int] = {}
    for hour, voices in rhythm.heard.items():
        is_alone[hour], others[hour] = hour in alone, bool(voices - newcomers)
        for voice in voices & row.keys():
            heard[row[voice], hour] = True
            if voice not in network:
                cells = rhythm.cells.get(rhythm.start + hour, ())
                mine = [cell.probe_asn for cell in cells if voice in (*cell.accusers, *cell.absolvers)]
                network[voice] = min(mine, default=0)
    return Voices(heard, tuple(network[voice] for voice in constant), is_alone, others)


@dataclass(frozen=True, slots=True)
class Presence:
    """Law of the gaps of each voice, in the time of the network's rhythm."""

    clock: Doubles
    """Time passed by each hour's beginning, one longer than the hours."""
    rates: Doubles
    """Rates of the mixture's parts, `[parts]`."""
    shares: Doubles
    """Share of a voice's gaps that is of each part, `[voices, parts]`."""

    @classmethod
    def of(cls, heard: Flags, nats: Nats) -> "Presence":
        """Fit the law to the hours in which each voice was heard.

        Args:
            heard: hours in which each voice was heard.
            nats: evidence of each hour if it is empty: how much is usually heard in it.
        """
        mean = float(nats.mean()) if len(nats) else 0.0
        clock = np.concatenate([[0.0], np.cumsum(nats / mean if mean else np.ones(len(nats)))])
        mine = [np.diff(clock[np.flatnonzero(row)]) for row in heard]
        gaps = np.maximum(np.concatenate(mine), own.PRESENCE_LEAST_GAP)
        ordered = np.sort(gaps)[:: max(len(gaps) // own.PRESENCE_GAPS, 1)]
        cuts = [float(ordered[int(q * (len(ordered) - 1))]) for q in own.PRESENCE_QUANTILES]
        rates = 1 / np.maximum(np.array(cuts), own.PRESENCE_LEAST_GAP)
        shares = np.full(len(rates), 1 / len(rates))
        for _ in range(own.PRESENCE_ROUNDS):
            parts = _parts(ordered, rates, shares)
            weight = parts.sum(axis=0) + 1e-9
            rates = np.minimum(
                weight / (parts * ordered[:, None]).sum(axis=0).clip(1e-9), 1 / own.PRESENCE_LEAST_GAP
            )
            shares = weight / weight.sum()
        of_voice = np.empty((len(mine), len(rates)))
        for number, one in enumerate(mine):
            counted = _parts(np.maximum(one, own.PRESENCE_LEAST_GAP), rates, shares).sum(axis=0)
            of_voice[number] = (counted + own.PRESENCE_PRIOR_GAPS * shares) / (
                len(one) + own.PRESENCE_PRIOR_GAPS
            )
        return cls(clock, rates, of_voice)

    def weights(self, heard: Flags, windows: Windows) -> Nats:
        """Return the evidence of each silence: how seldom so many voices are all away by chance, in nats.

        Voices that were heard within it are left out, and take away as stray answers do; one voice takes away
        as much as its absence may weigh, so that nobody unmakes a shutdown alone.
        """
        found = np.zeros(len(windows))
        if not len(windows):
            return found
        first, last = (np.array(side, np.int64) for side in zip(*windows, strict=True))
        times = [np.flatnonzero(row) for row in heard]
        step = max(own.PRESENCE_AT_ONCE // max(len(times), 1), 1)
        for start in range(0, len(windows), step):
            part = slice(start, start + step)
            found[part] = self._of(times, first[part], last[part])
        return found

    def _of(
        self, times: Sequence[NDArray[np.int64]], first: NDArray[np.int64], last: NDArray[np.int64]
    ) -> Nats:
        hours = len(self.clock) - 1
        before = np.stack([np.searchsorted(mine, first) - 1 for mine in times], axis=1)
        after = np.stack([np.searchsorted(mine, last, side="right") for mine in times], axis=1)
        strays = after - before - 1
        since = np.empty(before.shape)
        until = np.empty(before.shape)
        for voice, mine in enumerate(times):
            ends = np.append(mine, [hours, 0]) if len(mine) else np.array([hours, 0])
            at = before[:, voice]
            since[:, voice] = self.clock[np.where(at >= 0, ends[at.clip(0)], 0)]
            until[:, voice] = self.clock[ends[after[:, voice]]]
        begins, ends_at = self.clock[first][:, None], self.clock[last + 1][:, None]
        came = (before >= 0)[..., None]
        comes_back = (after < np.array([len(mine) for mine in times]))[..., None]
        # by part: how likely a voice is to be in a gap of this part as the silence begins, and to end it so
        at_first = np.where(came, self.shares[None], self._at_rest()[None])
        at_first = at_first * np.exp(-self.rates * (begins - since).clip(0)[..., None])
        at_last = np.exp(-self.rates * (until - ends_at).clip(0)[..., None]) * np.where(
            comes_back, self.rates, 1.0
        )
        length = (ends_at - begins)[..., 0]
        silent = (at_first * np.exp(-self.rates * length[:, None, None]) * at_last).sum(axis=-1)
        anything = np.einsum("svi,svij,svj->sv", at_first, self._passage(length), at_last)
        with np.errstate(divide="ignore", invalid="ignore"):
            nats = np.log(anything / silent)
        nats = np.where(np.isfinite(nats), nats, 0.0).clip(0, own.PRESENCE_VOICE_NATS)
        stray = np.minimum(t.STRAY_NATS * strays, own.PRESENCE_VOICE_NATS)
        total: Nats = np.where(strays > 0, -stray, nats).sum(axis=1)
        return total

    def _at_rest(self) -> Doubles:
        """Return the share of time that each voice spends in gaps of each part, `[voices, parts]`."""
        stayed = self.shares / self.rates
        at_rest: Doubles = stayed / stayed.sum(axis=1, keepdims=True)
        return at_rest

    def _passage(self, length: Doubles) -> Doubles:
        """Return how likely voices pass from part to part, heard or not, `[silences, voices, part, part]`."""
        step = self.rates[None, :, None] * (self.shares[:, None, :] - np.eye(len(self.rates))[None])
        most = float(self.rates.max()) * float(length.max(initial=0.0))
        halvings = max(int(np.ceil(np.log2(max(most, 1e-9)))) + 4, 0)
        moved = step[None] * (length / 2.0**halvings)[:, None, None, None]
        # a Taylor series of so short a time, then doubled
        passage = np.eye(len(self.rates)) + moved + moved @ moved / 2 + moved @ moved @ moved / 6
        for _ in range(halvings):
            passage = passage @ passage
        return np.asarray(passage, np.float64)


def _parts(gaps: Doubles, rates: Doubles, shares: Doubles) -> Doubles:
    """Return the share of each gap that is of each part, `[gaps, parts]`."""
    likely = shares * rates * np.exp(-np.outer(gaps, rates)) + 1e-300
    return np.asarray(likely / likely.sum(axis=1, keepdims=True), np.float64)
