"""Ids of incidents: `KP-2016-0001`, country, year of onset, number. Once given, kept for life."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from banwatch.detect import thresholds as t
from banwatch.model.ids import CountryCode, IncidentId
from banwatch.model.incident import Incident, IncidentKind

_T = TypeVar("_T")
_Place = tuple[CountryCode, IncidentKind]

_CLOSE = timedelta(hours=t.ID_CLOSE_HOURS)
_NEAR = timedelta(hours=t.ID_NEAR_HOURS)


def number(
    drafts: Sequence[Incident],
    known: Sequence[Incident],
    gone: Sequence[Incident] = (),
    spent: Iterable[IncidentId] = (),
    first: Mapping[IncidentId, Incident] | None = None,
) -> tuple[Incident, ...]:
    """Give each incident its id: the one it was known by, else the next free one of its country and year.

    Args:
        drafts: incidents without ids.
        known: those that are said now.
        gone: those that were said once, and were withdrawn.
        spent: ids that were given at any time, to whatever it was.
        first: what was first said of an id; it weighs more than what was said last, so that an id does not
            wander from one thing to another where both were told as one for a while.
    """
    ordered = sorted(drafts, key=_order)
    by_place: dict[_Place, list[tuple[Incident, float]]] = {}
    for earlier, weight in ((known, 1.0), (gone, t.ID_WITHDRAWN_WEIGHT)):
        for old in earlier:
            by_place.setdefault((old.probe_cc, old.kind), []).append((old, weight))
    claims = []
    for place, draft in enumerate(ordered):
        for old, weight in by_place.get((draft.probe_cc, draft.kind), ()):
            born = (first or {}).get(old.incident_id, old)
            likeness = t.ID_FIRST_WEIGHT * _likeness(draft, born) + (1 - t.ID_FIRST_WEIGHT) * _likeness(
                draft, old
            )
            if likeness > 0:
                claims.append((-likeness * weight, old.incident_id, place))
    given: dict[int, IncidentId] = {}
    taken: set[IncidentId] = set()
    for _score, incident_id, place in sorted(claims):
        if place not in given and incident_id not in taken:
            given[place] = incident_id
            taken.add(incident_id)
    used: dict[str, int] = {}
    for incident_id in [*(old.incident_id for old in (*known, *gone)), *spent]:
        prefix, _, serial = incident_id.rpartition("-")
        if serial.isdecimal():  # the log also speaks of other things
            used[prefix] = max(used.get(prefix, 0), int(serial))
    numbered = []
    for place, draft in enumerate(ordered):
        if place not in given:
            prefix = f"{draft.probe_cc}-{draft.onset_latest.year}"
            used[prefix] = used.get(prefix, 0) + 1
            given[place] = IncidentId(f"{prefix}-{used[prefix]:04d}")
        numbered.append(replace(draft, incident_id=given[place]))
    return tuple(sorted(numbered, key=lambda incident: incident.incident_id))


def known_by(old: Incident, incidents: Iterable[Incident]) -> Incident | None:
    """The incident that one said earlier is part of now; None where there is none."""
    near = [(_likeness(one, old), one.incident_id, one) for one in incidents]
    best = max(near, key=lambda entry: entry[:2], default=None)
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


def _likeness(draft: Incident, old: Incident) -> float:
    """How much two incidents share, 0 where they cannot be the same."""
    if draft.probe_cc != old.probe_cc or draft.kind is not old.kind:
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
    # where one was told of two things that prove to be two, it is the one that began then that it was told of
    return networks * targets / (1 + apart / _CLOSE)


def _share(one: frozenset[_T], other: frozenset[_T]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0
