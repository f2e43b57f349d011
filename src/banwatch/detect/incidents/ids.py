"""Ids of incidents: `KP-2016-0001` is country, year of onset, number. An id is given once and for good."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from banwatch.detect import thresholds as t
from banwatch.model.ids import CountryCode, IncidentId
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.scope import is_partial

_T = TypeVar("_T")
_Group = tuple[CountryCode, IncidentKind]

_CLOSE = timedelta(hours=t.ID_CLOSE_HOURS)
_NEAR = timedelta(hours=t.ID_NEAR_HOURS)


def number(
    drafts: Sequence[Incident],
    published: Sequence[Incident],
    withdrawn: Sequence[Incident] = (),
    used_ids: Iterable[IncidentId] = (),
    first_published: Mapping[IncidentId, Incident] | None = None,
) -> tuple[Incident, ...]:
    """Give each incident its earlier id, or else the next free one of its country and year.

    Args:
        drafts: incidents without ids.
        published: incidents that are published now.
        withdrawn: incidents that were published once and withdrawn.
        used_ids: ids that were given at any time, to any incident.
        first_published: the first publication of each id; it weighs more than the last, so that an id does
            not wander from one incident to another where both were published as one for a while.
    """
    ordered = sorted(drafts, key=_order)
    by_group: dict[_Group, list[tuple[Incident, float]]] = {}
    for earlier, weight in ((published, 1.0), (withdrawn, t.ID_WITHDRAWN_WEIGHT)):
        for old in earlier:
            by_group.setdefault((old.probe_cc, old.kind), []).append((old, weight))
    claims = []
    for position, draft in enumerate(ordered):
        for old, weight in by_group.get((draft.probe_cc, draft.kind), ()):
            original = (first_published or {}).get(old.incident_id, old)
            similarity = t.ID_FIRST_WEIGHT * _similarity(draft, original) + (
                1 - t.ID_FIRST_WEIGHT
            ) * _similarity(draft, old)
            if similarity > 0:
                claims.append((-similarity * weight, old.incident_id, position))
    given: dict[int, IncidentId] = {}
    taken: set[IncidentId] = set()
    for _score, incident_id, position in sorted(claims):
        if position not in given and incident_id not in taken:
            given[position] = incident_id
            taken.add(incident_id)
    used: dict[str, int] = {}
    for incident_id in [*(old.incident_id for old in (*published, *withdrawn)), *used_ids]:
        prefix, _, serial = incident_id.rpartition("-")
        if serial.isdecimal():  # the log has other subjects too
            used[prefix] = max(used.get(prefix, 0), int(serial))
    numbered = []
    for position, draft in enumerate(ordered):
        if position not in given:
            prefix = f"{draft.probe_cc}-{draft.onset_latest.year}"
            used[prefix] = used.get(prefix, 0) + 1
            given[position] = IncidentId(f"{prefix}-{used[prefix]:04d}")
        numbered.append(replace(draft, incident_id=given[position]))
    return tuple(sorted(numbered, key=lambda incident: incident.incident_id))


def merged_into(old: Incident, incidents: Iterable[Incident]) -> Incident | None:
    """Return the incident that an earlier one is part of now; None where there is none."""
    candidates = [(_similarity(one, old), one.incident_id, one) for one in incidents]
    best = max(candidates, key=lambda entry: entry[:2], default=None)
    return best[2] if best is not None and best[0] > 0 else None


def _order(incident: Incident) -> tuple[object, ...]:
    return (
        incident.onset_latest,
        incident.probe_cc,
        incident.kind,
        incident.asns,
        incident.access_tiers,
        incident.targets,
    )


def _similarity(draft: Incident, old: Incident) -> float:
    """Return the similarity of two incidents, 0 where they cannot be the same."""
    if draft.probe_cc != old.probe_cc or draft.kind is not old.kind:
        return 0.0
    if is_partial(draft.scopes) is not is_partial(old.scopes):
        return 0.0
    networks = _share(frozenset(draft.asns), frozenset(old.asns))
    targets = (
        1.0
        if not draft.targets and not old.targets
        else _share(frozenset(draft.targets), frozenset(old.targets))
    )
    if not networks or not targets:
        return 0.0
    starts = max(draft.onset_earliest, old.onset_earliest) - _NEAR
    draft_end, old_end = draft.end_latest, old.end_latest
    if draft_end is not None and draft_end < starts and old.onset_latest > draft_end + _NEAR:
        return 0.0
    if old_end is not None and draft.onset_earliest > old_end + _NEAR:
        return 0.0
    apart = abs(draft.onset_latest - old.onset_latest)
    # an incident that proves to be two goes on as the one that began when it was said to begin
    return networks * targets / (1 + apart / _CLOSE)


def _share(one: frozenset[_T], other: frozenset[_T]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0
