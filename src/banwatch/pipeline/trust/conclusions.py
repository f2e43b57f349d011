"""Incidents by the class of their witnesses: anonymous voices alone confirm, end and withdraw nothing.

Detection runs over the measurements of witnesses alone (`SourceClass.is_witness`), as if nobody else had sent
anything: what it finds stands. It then runs over all measurements; what is found only there is *unconfirmed*,
until a moderator confirms it. So the influence of anonymous voices on what others witnessed is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from banwatch import detect as detection
from banwatch.detect import thresholds as t
from banwatch.model.cell import Cell
from banwatch.model.ids import IncidentId
from banwatch.model.incident import Change, Incident
from banwatch.pipeline.trust.decisions import Action

UNCONFIRMED = "Unconfirmed, from anonymous sources alone: "
"""Beginning of the sentence of an incident that no witness and no moderator confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Incidents that a store published before."""

    published: Sequence[Incident] = ()
    withdrawn: Sequence[Incident] = ()
    used_ids: frozenset[IncidentId] = frozenset()
    first_published: Mapping[IncidentId, Incident] | None = None


@dataclass(frozen=True, slots=True)
class Conclusions:
    """Changes and incidents of some cells."""

    changes: tuple[Change, ...]
    incidents: tuple[Incident, ...]
    """In order of their ids."""
    witnessed: tuple[Change, ...]
    """Changes that witnesses saw."""


def conclude(
    cells: Sequence[Cell],
    *,
    through: datetime | None = None,
    earlier: Earlier | None = None,
    moderated: Mapping[str, Action] | None = None,
) -> Conclusions:
    """Find changes and incidents, and mark those that are unconfirmed.

    Args:
        cells: every cell.
        through: time up to which a missing cell counts as silence; that of the last cell where None.
        earlier: incidents published before; those that are found again keep their ids.
        moderated: decisions of moderators on incidents, by id.
    """
    earlier = earlier or Earlier()
    witnessed = [cell for cell in cells if cell.source_class.is_witness]
    changes = detection.find_changes(witnessed, through=through)
    seen = changes
    incidents = _group(changes, witnessed, earlier)
    if len(witnessed) < len(cells):
        every = detection.find_changes(cells, through=through)
        beside = _unwitnessed(_group(every, cells, _after(earlier, incidents)), incidents, moderated or {})
        incidents += beside
        changes += tuple(change for change in every if _is_of_any(change, beside))
    incidents += _kept(earlier, incidents, moderated or {})
    return Conclusions(
        tuple(sorted(set(changes), key=_order)), tuple(sorted(incidents, key=lambda i: i.incident_id)), seen
    )


def _group(changes: Sequence[Change], cells: Sequence[Cell], earlier: Earlier) -> tuple[Incident, ...]:
    return detection.group(
        changes,
        cells,
        published=earlier.published,
        withdrawn=earlier.withdrawn,
        used_ids=earlier.used_ids,
        first_published=earlier.first_published,
    )


def _after(earlier: Earlier, incidents: Sequence[Incident]) -> Earlier:
    """Return what was published before, without the incidents that have their ids again."""
    taken = {incident.incident_id for incident in incidents}
    return Earlier(
        published=[one for one in earlier.published if one.incident_id not in taken],
        withdrawn=[one for one in earlier.withdrawn if one.incident_id not in taken],
        used_ids=earlier.used_ids | taken,
        first_published=earlier.first_published,
    )


def _unwitnessed(
    found: Sequence[Incident], witnessed: Sequence[Incident], moderated: Mapping[str, Action]
) -> tuple[Incident, ...]:
    """Return incidents that overlap no witnessed one, confirmed or marked; rejected ones are out."""
    beside = []
    for incident in found:
        decision = moderated.get(incident.incident_id)
        if detection.merged_into(incident, witnessed) is not None or decision is Action.REJECT:
            continue
        beside.append(incident if decision is Action.CONFIRM else marked(incident))
    return tuple(beside)


def marked(incident: Incident) -> Incident:
    """Mark an incident as unconfirmed, in words too."""
    return replace(
        incident,
        unconfirmed=True,
        confidence=min(incident.confidence, t.UNCONFIRMED_CONFIDENCE),
        sentence=UNCONFIRMED + incident.sentence,
    )


def _kept(
    earlier: Earlier, incidents: Sequence[Incident], moderated: Mapping[str, Action]
) -> tuple[Incident, ...]:
    """Return the incidents that a moderator confirmed and that detection does not find any more.

    Anonymous voices could end them as easily as they made them: they stand until a moderator rejects them.
    """
    found = {incident.incident_id for incident in incidents}
    last = {one.incident_id: one for one in (*earlier.withdrawn, *earlier.published)}
    return tuple(
        replace(one, unconfirmed=False, sentence=one.sentence.removeprefix(UNCONFIRMED))
        for name, one in sorted(last.items())
        if moderated.get(name) is Action.CONFIRM and name not in found
    )


def _is_of_any(change: Change, incidents: Sequence[Incident]) -> bool:
    return any(
        change.kind is one.kind
        and change.probe_cc == one.probe_cc
        and change.probe_asn in one.asns
        and (change.target in one.targets or not one.targets)
        and change.onset_latest >= one.onset_earliest
        for one in incidents
    )


def _order(change: Change) -> tuple[str, str, int, str, datetime, str, datetime]:
    return (
        *(change.target, change.probe_cc, change.probe_asn, change.access_tier),
        *(change.onset_latest, change.kind, change.onset_earliest),
    )
