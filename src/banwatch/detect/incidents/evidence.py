"""Evidence for a cluster of changes, and the evidence it needs: among many series, some show chance effects.

Evidence is counted in nats, by voice and day. Twenty targets that fail in one run of a probe are one
observation, so of a voice's evidence in a day only the strongest counts.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import log

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.blocking.baseline import fit
from banwatch.detect.blocking.schedule import in_windows, parse_windows
from banwatch.detect.incidents.clusters import CountryTarget
from banwatch.detect.votes.by_resolver import by_resolver
from banwatch.detect.votes.inputs import without_other_inputs
from banwatch.detect.votes.series import SeriesKey, informative_in, key_of
from banwatch.detect.votes.voice_days import VoiceDay, voice_days
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Change, Interval

_HOURS_A_WEEK = 168
_DAY_S = 86400


class Support:
    """Cells of a whole detection run, arranged by series, to look up the evidence for changes."""

    def __init__(self, cells: Iterable[Cell], changes: Iterable[Change] = ()) -> None:
        """Sort cells by series.

        Args:
            cells: the cells that the changes were found in, in any order.
            changes: all changes found in the cells.
        """
        self._moved: defaultdict[SeriesKey, list[Interval]] = defaultdict(list)
        for change in changes:
            until = change.end_latest or datetime.max.replace(tzinfo=UTC)
            self._moved[_key_of(change)].append((change.onset_earliest, until))
        self._series: defaultdict[SeriesKey, list[Cell]] = defaultdict(list)
        for cell in cells:
            if informative_in(cell):
                self._series[key_of(cell)].append(cell)
        self._series_weeks: defaultdict[CountryCode, float] = defaultdict(float)
        self.measured_on: Counter[CountryTarget] = Counter()
        """Number of networks that measure a target in a country and access tier."""
        for key, measured in self._series.items():
            mine = list(without_other_inputs(sorted(measured, key=lambda cell: cell.hour)))
            self._series[key] = mine
            weeks = (mine[-1].hour - mine[0].hour).total_seconds() / 3600 / _HOURS_A_WEEK
            self._series_weeks[key.probe_cc] += min(1 + weeks, len(mine))
            self.measured_on[key.target, key.probe_cc, key.access_tier] += 1
        self._baselines: dict[tuple[SeriesKey, float], float] = {}
        self._prior_votes: dict[CountryCode, float] = {}
        self._targets = Counter(country for _, country in {(p[0], p[1]) for p in self.measured_on})

    def needed(self, country: CountryCode) -> float:
        """Return the nats that an incident needs: each week of a series is a chance of a false alarm."""
        return log(max(self._series_weeks[country], 1.0)) + t.LOOK_ELSEWHERE_NATS

    def needed_beside(self, change: Change) -> float:
        """Return the nats that a target needs to be part of an incident that began within its bracket."""
        width = (change.onset_latest - change.onset_earliest).total_seconds() / _DAY_S
        chances = self._targets[change.probe_cc] * (1 + width)
        return min(log(chances) + t.LOOK_ELSEWHERE_NATS, self.needed(change.probe_cc))

    def nats_by_voice_day(self, change: Change) -> dict[VoiceDay, float]:
        """Return each voice's evidence for a change on each day, in nats; negative where it is against."""
        cells = self._within(change)
        base = self._baseline_of(change)
        best: dict[VoiceDay, float] = {}
        for share in (t.BLOCKED_SHARE, base + t.PARTLY_EXTRA * (1 - base)):
            found = voice_days(cells, log(share / base), log((1 - share) / (1 - base)))
            if not best or sum(found.values()) > sum(best.values()):
                best = found
        return best

    def shows_only_on_own(self, changes: Iterable[Change]) -> bool:
        """Return whether changes of one target show only with the networks' own resolvers."""
        found = by_resolver(cell for change in changes for cell in self._within(change))
        return found is not None and found.only_own

    def _baseline_of(self, change: Change) -> float:
        """Return the baseline of a change's series, over all of its days.

        Where the share of failures over all days, those of the change included, may be a baseline, it is
        taken for one: failures that come and go leave good days, and the bad days must not be compared with
        the good ones alone. The less the series are alike, the more a series' own days count.
        """
        key = _key_of(change)
        base = min(max(change.baseline, t.BASELINE_FLOOR), t.BASELINE_CEILING)
        if (key, base) not in self._baselines:
            shares = voice_days(self._series.get(key, []), 1.0, 0.0).values()
            prior_votes = self._prior_votes_in(change.probe_cc)
            of_all = (sum(shares) + base * prior_votes) / (len(shares) + prior_votes)
            self._baselines[key, base] = max(base, of_all) if of_all <= t.BASELINE_CEILING else base
        return self._baselines[key, base]

    def _prior_votes_in(self, country: CountryCode) -> float:
        """Return the votes of a baseline: many where a country's series are alike outside changes."""
        if country not in self._prior_votes:
            showed, counted = [], []
            for key, cells in self._series.items():
                if key.probe_cc == country:
                    moved = _united(self._moved.get(key, []))
                    calm = [cell for cell in cells if not _in_any(cell.first_at, moved)]
                    showed.append(sum(1 - cell.ok / informative_in(cell) for cell in calm))
                    counted.append(len(calm))
            prior = fit(
                np.array(showed, np.float32), np.array(counted, np.float32), weakest=t.SUPPORT_WEAKEST_VOTES
            )
            self._prior_votes[country] = prior.strength_votes
        return self._prior_votes[country]

    def _within(self, change: Change) -> Sequence[Cell]:
        cells = self._series.get(_key_of(change), [])
        first = bisect_left(cells, change.onset_latest, key=lambda cell: cell.last_at)
        last = len(cells)
        if change.end_earliest is not None:
            last = bisect_right(cells, change.end_earliest, key=lambda cell: cell.first_at)
        if change.windows:
            return in_windows(cells[first:last], parse_windows(change.windows))[: t.SUPPORT_HOURS]
        return cells[first : min(last, first + t.SUPPORT_HOURS)]


def _united(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the union of intervals, in order."""
    united: list[Interval] = []
    for begin, end in sorted(intervals):
        if united and begin <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((begin, end))
    return united


def _in_any(at: datetime, intervals: Sequence[Interval]) -> bool:
    """Return whether a moment lies in one of several intervals that are in order and do not meet."""
    index = bisect_right(intervals, at, key=lambda interval: interval[0]) - 1
    return index >= 0 and at <= intervals[index][1]


def _key_of(change: Change) -> SeriesKey:
    return SeriesKey(change.target, change.probe_cc, change.probe_asn, change.access_tier)


def combined_nats(nats_by_change: Iterable[dict[VoiceDay, float]]) -> float:
    """Return the nats for several changes together: of each voice and day the strongest counts."""
    strongest: dict[VoiceDay, float] = {}
    for one in nats_by_change:
        for key, nats in one.items():
            strongest[key] = max(strongest.get(key, nats), nats)
    return sum(strongest.values())
