"""Clusters of changes that began together, or rolled out from network to network.

A narrow bracket dates a beginning; a wide one only allows for it. So the exactly dated changes come first and
give the moments; the others join one of these. Two changes are not joined merely because a third overlaps
both: brackets of weeks would make one incident of a whole year.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from banwatch.detect import thresholds as t
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.incident import Change, IncidentKind, Interval

Network = tuple[Asn, str]
CountryTarget = tuple[TargetName, CountryCode, str]
"""A target in a country, for an access tier."""
_TOGETHER = timedelta(hours=t.TOGETHER_HOURS)
_ROLLOUT = timedelta(hours=t.ROLLOUT_HOURS)
_LONGEST = timedelta(days=t.LONGEST_BLOCK_DAYS)


@dataclass(slots=True)
class _Cluster:
    """A cluster while changes are added to it."""

    number: int
    changes: list[Change] = field(default_factory=list)
    moments: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Brackets of its beginnings, as narrow as its changes allow."""
    of_target: dict[TargetName, list[Change]] = field(default_factory=dict)
    """Its changes that were seen to begin, by target."""


@dataclass(slots=True)
class _Moments:
    """Brackets of the beginnings of one country's clusters, in order of their upper bound."""

    latest: list[tuple[datetime, datetime, int]] = field(default_factory=list)
    widest: timedelta = timedelta(0)

    def add(self, moment: tuple[datetime, datetime], cluster: int) -> None:
        insort(self.latest, (moment[1], moment[0], cluster))
        self.widest = max(self.widest, moment[1] - moment[0])

    def within(self, earliest: datetime, latest: datetime) -> Iterable[tuple[datetime, datetime, int]]:
        """Yield the moments that meet these bounds, each with its cluster."""
        first = bisect_left(self.latest, (earliest,))
        last = bisect_right(self.latest, latest + self.widest, key=lambda entry: entry[0])
        for end, begin, cluster in self.latest[first:last]:
            if begin <= latest:
                yield begin, end, cluster

    def near(self, earliest: datetime, latest: datetime) -> Iterable[tuple[timedelta, int]]:
        """Yield clusters with a moment in these bounds, each with its distance from their middle."""
        middle = earliest + (latest - earliest) / 2
        for begin, end, cluster in self.within(earliest, latest):
            yield abs(begin + (end - begin) / 2 - middle), cluster


def clusters_of(
    changes: Iterable[Change], measured_on: Mapping[CountryTarget, int] | None = None
) -> list[tuple[Change, ...]]:
    """Return clusters of changes that belong together, in order of time.

    Args:
        changes: the changes, in any order.
        measured_on: number of networks that measure a target in a country and access tier.
    """
    by_country: defaultdict[tuple[CountryCode, IncidentKind, bool], list[Change]] = defaultdict(list)
    for change in changes:
        by_country[change.probe_cc, change.kind, change.partly].append(change)
    found = [
        cluster
        for index in sorted(by_country)
        for cluster in _merged(_of_country(by_country[index], measured_on or {}))
    ]
    return sorted((tuple(sorted(one, key=order)) for one in found), key=lambda one: order(one[0]))


def order(change: Change) -> tuple[datetime, str, int, str, str]:
    """Return the sort key of a change: time, then country, network, tier and target."""
    return (change.onset_latest, change.probe_cc, change.probe_asn, change.access_tier, change.target)


def _of_country(changes: Sequence[Change], measured_on: Mapping[CountryTarget, int]) -> list[list[Change]]:
    clusters: list[_Cluster] = []
    of_target: defaultdict[TargetName, _Moments] = defaultdict(_Moments)
    moments = _Moments()
    unseen = sorted((c for c in changes if not c.onset_known), key=order)
    found_at: defaultdict[CountryTarget, list[datetime]] = defaultdict(list)
    for change in unseen:
        found_at[_country_target(change)].append(change.onset_latest)
    late: list[Change] = []
    dated_changes: list[Change] = []
    for change in sorted((c for c in changes if c.onset_known), key=lambda c: (_width(c), order(c))):
        already = bisect_right(found_at[_country_target(change)], change.onset_latest)
        most = 2 * already > measured_on.get(_country_target(change), 0)
        (late if most and already >= t.ALREADY_NETWORKS else dated_changes).append(change)
    for change in dated_changes:
        number = _rolled_out(change, of_target[change.target], clusters)
        if number is None:
            number = _simultaneous(change, moments, clusters)
        if number is None:
            number = len(clusters)
            clusters.append(_Cluster(number))
        _put(change, clusters[number], moments)
        of_target[change.target].add((change.onset_earliest, change.onset_latest), number)
    rest = []
    for change in unseen:
        before = of_target[change.target].near(change.onset_latest - _LONGEST, change.onset_latest)
        number = _later_measured(change, [clusters[i] for i in sorted({i for _, i in before})])
        if number is None:
            rest.append(change)
        else:
            clusters[number].changes.append(change)
    return [cluster.changes for cluster in clusters] + _never_seen_to_begin(rest, late)


def _put(change: Change, cluster: _Cluster, moments: _Moments) -> None:
    cluster.changes.append(change)
    cluster.of_target.setdefault(change.target, []).append(change)
    mine = (change.onset_earliest, change.onset_latest)
    if not any(begin <= mine[1] and mine[0] <= end for begin, end in cluster.moments):
        cluster.moments.append(mine)
        moments.add(mine, cluster.number)


def _simultaneous(change: Change, moments: _Moments, clusters: Sequence[_Cluster]) -> int | None:
    """Return the cluster that began within the bracket of a change; of several the largest, then nearest."""
    slack = _slack(change)
    near = moments.near(change.onset_earliest - slack, change.onset_latest + slack)
    best = min(((-len(clusters[i].changes), apart, i) for apart, i in near), default=None)
    return None if best is None else best[2]


def _rolled_out(change: Change, moments: _Moments, clusters: Sequence[_Cluster]) -> int | None:
    """Return the cluster in which other networks began to block the same target shortly before or after."""
    slack = max(_slack(change), _ROLLOUT)
    near = [
        (max(begin - change.onset_latest, change.onset_earliest - end, timedelta(0)), number)
        for begin, end, number in moments.within(change.onset_earliest - slack, change.onset_latest + slack)
        # a cluster of the same series alone is an earlier or later block
        if any(_network(other) != _network(change) for other in clusters[number].of_target[change.target][:2])
    ]
    return min(near)[1] if near else None


def _later_measured(change: Change, clusters: Sequence[_Cluster]) -> int | None:
    """Return the cluster that had begun, and not ended, when a change's network was first measured."""
    at = change.onset_latest
    running = []
    for cluster in clusters:
        mine = [c for c in cluster.of_target[change.target] if c.onset_earliest <= at]
        if any(c.end_latest is None or c.end_latest >= at for c in mine):
            running.append((at - max(c.onset_earliest for c in mine), cluster.number))
    return min(running)[1] if running else None


def _never_seen_to_begin(changes: Sequence[Change], late: Sequence[Change]) -> list[list[Change]]:
    """Cluster changes whose beginning nobody saw: of one tier, and of one time or one target.

    Args:
        changes: the changes, in order of time.
        late: changes that were seen to begin on one network where most others were blocked from the start.
    """
    found: list[list[Change]] = []
    last: dict[str, tuple[datetime, int]] = {}
    of_target: dict[tuple[str, TargetName], int] = {}
    for change in changes:
        before = last.get(change.access_tier)
        index = of_target.get((change.access_tier, change.target))
        if index is None and before is not None and change.onset_latest - before[0] <= _ROLLOUT:
            index = before[1]
        if index is None:
            index = len(found)
            found.append([])
        found[index].append(change)
        last[change.access_tier] = (change.onset_latest, index)
        of_target[change.access_tier, change.target] = index
    for change in late:
        index = of_target.get((change.access_tier, change.target))
        if index is None:
            found.append([change])
        else:
            found[index].append(change)
    return found


def _merged(clusters: Sequence[list[Change]]) -> list[list[Change]]:
    """Merge clusters that began together: each is dated more exactly than its changes.

    Again the exactly dated come first, and two are not merged merely because a third overlaps both.
    """
    dated_changes = [one for one in clusters if was_seen_to_begin(one)]
    found = [one for one in clusters if not was_seen_to_begin(one)]
    kept: list[list[Change]] = []
    moments = _Moments()
    dated = [(first_onset(one), min(order(c) for c in one), one) for one in dated_changes]
    for (earliest, latest), _, cluster in sorted(dated, key=lambda entry: (_span(entry[0]), entry[1])):
        near = moments.near(earliest - _TOGETHER, latest + _TOGETHER)
        best = min(((-len(kept[index]), index) for _, index in near), default=None)
        if best is not None:
            kept[best[1]].extend(cluster)
        else:
            moments.add((earliest, latest), len(kept))
            kept.append(list(cluster))
    return [*found, *kept]


def was_seen_to_begin(changes: Sequence[Change]) -> bool:
    """Return whether a beginning was seen before any series was first measured as blocked."""
    latest = [change.onset_latest for change in changes if change.onset_known]
    return bool(latest) and not any(c.onset_latest < min(latest) for c in changes if not c.onset_known)


def first_onset(changes: Sequence[Change]) -> Interval:
    """Return the bracket of the first beginning; where nobody saw it, twice the first measurement.

    Each bracket may miss the moment by its tails, so about a tenth of the earliest brackets is given up. The
    lower bound comes from the changes that were seen first.
    """
    if not was_seen_to_begin(changes):
        found = min(change.onset_latest for change in changes if not change.onset_known)
        return found, found
    seen = sorted((change for change in changes if change.onset_known), key=lambda c: c.onset_latest)
    spare = (len(seen) + t.ONSET_SPARE_ONE_IN - 3) // t.ONSET_SPARE_ONE_IN  # one more from three over
    latest = seen[min(spare, len(seen) - 1)].onset_latest
    first = sorted(change.onset_earliest for change in seen[: max(t.ONSET_LEAST_BRACKETS, spare + 1)])
    return min(first[(len(first) - 1) // 4], latest), latest


def _span(interval: Interval) -> timedelta:
    return interval[1] - interval[0]


def _width(change: Change) -> timedelta:
    return change.onset_latest - change.onset_earliest


def _slack(change: Change) -> timedelta:
    """Return the time by which a bracket may miss the moment: its tails grow with its width."""
    return min(max(_TOGETHER, _width(change) / 2), _ROLLOUT)


def _country_target(change: Change) -> CountryTarget:
    return (change.target, change.probe_cc, change.access_tier)


def _network(change: Change) -> Network:
    return (change.probe_asn, change.access_tier)
