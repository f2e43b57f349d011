"""Incidents by the class of their witnesses: anonymous voices alone confirm, end and withdraw nothing.

Detection runs over the measurements of vouched sources alone (our own, partners, OONI's), as if nobody else
had sent anything: what it finds stands. It then runs with verified voices too, of which some together make
an incident, and last over all measurements; what is found only there is *unconfirmed* until a moderator
confirms it. So anybody's influence on what better sources witnessed is none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from banwatch import detect as detection
from banwatch.detect import thresholds as t
from banwatch.detect.countries import number
from banwatch.detect.votes.series import interfered_in
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, IncidentId
from banwatch.model.incident import Change, Incident
from banwatch.model.receipt import SourceClass
from banwatch.pipeline.detecting.kept import Kept
from banwatch.pipeline.detecting.levels import Level, drafts_of, find_levels
from banwatch.pipeline.detecting.source import CellsAtHand, CellSource
from banwatch.pipeline.trust.decisions import Action

VOUCHED = frozenset({SourceClass.OWN, SourceClass.PARTNER, SourceClass.OONI})
LEVELS = (VOUCHED, VOUCHED | {SourceClass.VERIFIED}, frozenset(SourceClass))
"""Classes of sources that are heard in each run, the most trusted first."""
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
    cells: Iterable[Cell],
    *,
    through: datetime | None = None,
    continues: bool = False,
    earlier: Earlier | None = None,
    moderated: Mapping[str, Action] | None = None,
) -> Conclusions:
    """Find changes and incidents in cells at hand, and mark those that are unconfirmed; see below."""
    return conclude_in(
        CellsAtHand(cells), through=through, continues=continues, earlier=earlier, moderated=moderated
    )


def conclude_in(
    source: CellSource,
    *,
    through: datetime | None = None,
    continues: bool = False,
    earlier: Earlier | None = None,
    moderated: Mapping[str, Action] | None = None,
    kept: Kept | None = None,
) -> Conclusions:
    """Find changes and incidents, a country at a time, and mark those that are unconfirmed.

    Args:
        source: every cell.
        through: time up to which a missing cell counts as silence; that of the last cell where None.
        continues: whether the cells are of a store that goes on receiving.
        earlier: incidents published before; those that are found again keep their ids.
        moderated: decisions of moderators on incidents, by id.
        kept: findings of an earlier detection, which are renewed.
    """
    earlier = earlier or Earlier()
    moderated = moderated or {}
    levels = find_levels(source, LEVELS, through=through, continues=continues, kept=kept)
    incidents: list[Incident] = []
    changes: list[Change] = []
    seen: list[Change] = []
    of_country = _by_country(earlier)
    for country in source.countries():
        mine: tuple[Incident, ...] = ()
        before = of_country.get(country, Earlier())
        for level in levels:
            every = level.changes.get(country, ())
            drafts = drafts_of(source, country, level, kept)
            after = _after(before, mine)
            found = number(drafts, after.published, after.withdrawn, after.used_ids, after.first_published)
            beside = _beside(found, mine, moderated, source, level)
            new = [c for c in every if level.number == 0 or _is_of_any(c, beside)]
            changes += new
            mine += beside
            if SourceClass.ANONYMOUS not in level.classes:
                seen += new
        incidents += mine
    incidents += _kept(earlier, incidents, moderated)
    return Conclusions(
        tuple(sorted(set(changes), key=_order)),
        tuple(sorted(incidents, key=lambda i: i.incident_id)),
        tuple(sorted(seen, key=_order)),
    )


def _by_country(earlier: Earlier) -> dict[CountryCode, Earlier]:
    """Return what was published before of each country: ids of one never depend on those of another."""
    published: defaultdict[CountryCode, list[Incident]] = defaultdict(list)
    withdrawn: defaultdict[CountryCode, list[Incident]] = defaultdict(list)
    used: defaultdict[CountryCode, set[IncidentId]] = defaultdict(set)
    for one in earlier.published:
        published[one.probe_cc].append(one)
    for one in earlier.withdrawn:
        withdrawn[one.probe_cc].append(one)
    for name in earlier.used_ids:
        used[CountryCode(name.partition("-")[0])].add(name)
    return {
        country: Earlier(
            published=published[country],
            withdrawn=withdrawn[country],
            used_ids=frozenset(used[country]),
            first_published=earlier.first_published,
        )
        for country in {*published, *withdrawn, *used}
    }


def _after(earlier: Earlier, incidents: Sequence[Incident]) -> Earlier:
    """Return what was published before, without the incidents that have their ids again."""
    taken = {incident.incident_id for incident in incidents}
    return Earlier(
        published=[one for one in earlier.published if one.incident_id not in taken],
        withdrawn=[one for one in earlier.withdrawn if one.incident_id not in taken],
        used_ids=earlier.used_ids | taken,
        first_published=earlier.first_published,
    )


def _beside(
    found: Sequence[Incident],
    settled: Sequence[Incident],
    moderated: Mapping[str, Action],
    source: CellSource,
    level: Level,
) -> tuple[Incident, ...]:
    """Return incidents that overlap no settled one, confirmed or marked; rejected ones are out."""
    beside = []
    for incident in found:
        if detection.merged_into(incident, settled) is not None:
            continue
        decision = moderated.get(incident.incident_id)
        if decision is Action.CONFIRM or _is_witnessed(incident, source, level):
            beside.append(incident)
        elif decision is not Action.REJECT:
            beside.append(marked(incident))
    return tuple(beside)


def _is_witnessed(incident: Incident, source: CellSource, level: Level) -> bool:
    """Whether vouched sources saw an incident, or enough earned voices where no vouched source was heard.

    Without an anonymous cell among them, cells of other classes than `verified` are of vouched sources.
    """
    if SourceClass.ANONYMOUS in level.classes:
        return False
    if SourceClass.VERIFIED not in level.classes:
        return True
    is_silence = not incident.targets
    voices: set[str] = set()
    accusing = absolving = 0
    for cell in level.of_classes(source.cells(incident.probe_cc)):
        if cell.probe_cc != incident.probe_cc or cell.probe_asn not in incident.asns:
            continue
        if not is_silence and (cell.target not in incident.targets or not _overlaps(cell, incident)):
            continue
        if cell.source_class is SourceClass.VERIFIED:
            voices.update(cell.accusers, cell.absolvers if is_silence else ())
        elif is_silence:
            return True
        else:
            accusing += interfered_in(cell)
            absolving += cell.ok
    if accusing or absolving:
        return accusing > absolving
    return len(voices) >= t.VERIFIED_VOICES


def _overlaps(cell: Cell, incident: Incident) -> bool:
    return cell.last_at >= incident.onset_earliest and (
        incident.end_latest is None or cell.hour < incident.end_latest
    )


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
