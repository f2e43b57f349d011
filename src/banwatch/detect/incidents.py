"""Group the changes that belong together into incidents, with ids that last."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from banwatch.detect import thresholds as t
from banwatch.detect.common_cause import set_aside
from banwatch.detect.identity import number
from banwatch.detect.telling import sentence
from banwatch.model.cell import Cell
from banwatch.model.ids import IncidentId
from banwatch.model.incident import Change, Incident, Interval, Kind
from banwatch.model.mechanism import deepest

_WITNESSES = 12
"""Witnesses named by an incident: one for each of its widest changes."""


def group(
    changes: Iterable[Change],
    cells: Iterable[Cell],
    *,
    known: Sequence[Incident] = (),
    spent: Iterable[IncidentId] = (),
) -> tuple[Incident, ...]:
    """Group changes into incidents, in order of their ids.

    Args:
        changes: as `find_changes` gave them, in any order.
        cells: the cells that they were found in: who else measured the same targets.
        known: incidents said before; those that are still seen keep their ids.
        spent: ids given at any time, also to incidents since withdrawn; none is given again to another.

    Returns:
        Incidents; changes seen by one voice alone, or with a cause elsewhere, are in none.
    """
    every = tuple(changes)
    aside = set_aside(every, tuple(cells))
    kept = [change for change in every if change not in aside]
    clusters = _clusters(sorted((c for c in kept if c.kind is Kind.BLOCKING), key=_order))
    clusters += _clusters(sorted((c for c in kept if c.kind is Kind.SHUTDOWN), key=_order))
    return number([_incident(cluster) for cluster in clusters], known, spent)


def _order(change: Change) -> tuple[datetime, str, int, str, str]:
    return (change.onset_latest, change.probe_cc, change.probe_asn, change.access_tier, change.target)


def _clusters(changes: Sequence[Change]) -> list[list[Change]]:
    """Join changes that are linked, each to some other of its cluster."""
    parent = list(range(len(changes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    by_country: dict[str, list[int]] = {}
    for i, one in enumerate(changes):
        earlier = by_country.setdefault(one.probe_cc, [])
        for j in earlier:
            if _linked(changes[j], one):
                parent[root(i)] = root(j)
        earlier.append(i)
    clusters: dict[int, list[Change]] = {}
    for i, change in enumerate(changes):
        clusters.setdefault(root(i), []).append(change)
    return list(clusters.values())


def _linked(one: Change, other: Change) -> bool:
    """Whether two changes of one kind are parts of one thing."""
    if one.probe_cc != other.probe_cc or one.kind is not other.kind:
        return False
    same_network = (one.probe_asn, one.access_tier) == (other.probe_asn, other.access_tier)
    if not one.onset_known or not other.onset_known:
        # nobody saw either begin: found at the same time on one network, they are one state of affairs
        found_together = abs(one.onset_latest - other.onset_latest) <= timedelta(hours=t.ROLLOUT_HOURS)
        return one.onset_known == other.onset_known and same_network and found_together
    apart = _apart(one, other)
    if one.target == other.target and not same_network:
        return apart <= timedelta(hours=t.ROLLOUT_HOURS) or _overlap(one, other)
    return apart <= timedelta(hours=t.TOGETHER_HOURS)


def _apart(one: Change, other: Change) -> timedelta:
    """Time between two onsets, at most: zero where the brackets leave them no room to differ."""
    if one.onset_earliest <= other.onset_latest and other.onset_earliest <= one.onset_latest:
        return timedelta(0)
    return max(one.onset_earliest - other.onset_latest, other.onset_earliest - one.onset_latest)


def _overlap(one: Change, other: Change) -> bool:
    """Whether both lasted at some same time, within the time that a rollout may take."""
    first, second = sorted((one, other), key=lambda change: change.onset_latest)
    lasting = first.end_latest is None or first.end_latest >= second.onset_latest
    return lasting and second.onset_latest - first.onset_latest <= timedelta(hours=2 * t.ROLLOUT_HOURS)


def _first_onset(changes: Sequence[Change]) -> Interval:
    """When the first of an incident's changes began, from all those that may have begun with it.

    Each bracket may miss the moment by its tails, so neither their union nor their intersection will do: the
    quarter of the edges that lies outermost is given up.
    """
    sure = min(change.onset_latest for change in changes)
    wave = [change for change in changes if change.onset_earliest <= sure]
    spare = (len(wave) - 1) // 4
    earliest = sorted(change.onset_earliest for change in wave)[spare]
    latest = sorted(change.onset_latest for change in wave)[-1 - spare]
    return min(earliest, latest), latest


def _incident(cluster: Sequence[Change]) -> Incident:
    ordered = sorted(cluster, key=_order)
    ends = [change.end_latest for change in ordered]
    seen = [change for change in ordered if change.onset_known] or ordered
    earliest, latest = _first_onset(seen)
    end_latest = None if None in ends else max(end for end in ends if end)
    end_earliest = (
        None if end_latest is None else max(change.end_earliest for change in ordered if change.end_earliest)
    )
    doubt = 1.0
    for change in ordered:
        doubt *= 1 - change.confidence
    strongest = sorted(ordered, key=lambda change: (-change.measurements * change.share, _order(change)))
    draft = Incident(
        incident_id=IncidentId(""),
        kind=ordered[0].kind,
        probe_cc=ordered[0].probe_cc,
        asns=tuple(sorted({change.probe_asn for change in ordered})),
        access_tiers=tuple(sorted({change.access_tier for change in ordered})),
        targets=tuple(sorted({change.target for change in ordered if change.target})),
        mechanisms=deepest(m for change in ordered for m in change.mechanisms),
        onset_earliest=earliest,
        onset_latest=latest,
        onset_known=any(change.onset_known for change in ordered),
        end_earliest=end_earliest,
        end_latest=end_latest,
        measurements=sum(change.measurements for change in ordered),
        probes=max(change.probes for change in ordered),
        confidence=round(min(1 - doubt, 0.999), 4),
        witnesses=tuple(dict.fromkeys(change.witness for change in strongest))[:_WITNESSES],
        sentence="",
    )
    return replace(draft, sentence=sentence(draft))
