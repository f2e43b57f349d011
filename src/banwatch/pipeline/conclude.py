"""Detection over a store: cells to changes, incidents and comparisons with announced bans."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from banwatch import bans as announced
from banwatch import detect as detection
from banwatch.model.ban import Ban, Comparison
from banwatch.model.ids import IncidentId
from banwatch.model.incident import Change, Incident
from banwatch.pipeline.detecting.kept import read_kept, write_kept
from banwatch.pipeline.detecting.store_source import StoredCells
from banwatch.pipeline.trust.conclusions import Earlier, conclude_in
from banwatch.pipeline.trust.decisions import decisions_path, moderated, read_decisions
from banwatch.pipeline.trust.incident_ids import add_incident_ids, incident_ids_path, read_incident_ids
from banwatch.store import Store, queries
from banwatch.store.bookkeeping import LogEntry, PublishedIncident


@dataclass(frozen=True, slots=True)
class DetectReport:
    """Rows of each tier after detection."""

    cells: int
    changes: int
    incidents: int
    comparisons: int
    unconfirmed: int = 0
    """Incidents that rest on anonymous sources alone."""
    wrong_clocks: int = 0
    """Measurements left out: they say that they were made after they were received."""


def detect(
    store: Store, bans: Iterable[Ban], *, through: datetime | None = None, now: datetime | None = None
) -> DetectReport:
    """Find what changed, group it, and compare it with what was announced.

    Every row is made again from the cells; incidents keep the ids that they had. The cells of one country at
    a time are in memory, and what was found in cells that are the same since is used again.

    Args:
        store: open for writing.
        bans: announced bans to compare with.
        through: time up to which a missing cell counts as silence; that of the last cell where None.
        now: time of publication for the log; nothing is logged where None.
    """
    source = StoredCells(store)
    kept = read_kept(store, f"{through}")
    current = queries.incidents(store)
    ids_path = incident_ids_path(store.archive.folder)
    published = {IncidentId(name): row for name, row in read_incident_ids(ids_path).items()}
    published |= {row.incident_id: row for row in store.rows(PublishedIncident)}
    first = {name: row.first for name, row in published.items()}
    current_ids = {incident.incident_id for incident in current}
    withdrawn = [row.last for name, row in published.items() if name not in current_ids]
    decisions = read_decisions(decisions_path(store.archive.folder))
    # an id that was published once stays with its incident, also while that is withdrawn
    used_ids = frozenset(IncidentId(row.subject) for row in store.rows(LogEntry))
    earlier = Earlier(
        published=current, withdrawn=withdrawn, used_ids=used_ids | published.keys(), first_published=first
    )
    found = conclude_in(
        source,
        through=through,
        continues=True,
        earlier=earlier,
        moderated=moderated(decisions),
        kept=kept,
    )
    changes, incidents = found.changes, found.incidents
    for one in incidents:
        brief = replace(one, members=())  # ids need none of them
        born = first.get(one.incident_id, brief)
        published[one.incident_id] = PublishedIncident(incident_id=one.incident_id, first=born, last=brief)
    comparisons = list(_comparisons(source, bans, found.witnessed))
    add_incident_ids(ids_path, [published[name] for name in sorted(published)])
    with store.transaction():
        for name, rows in (("change", changes), ("incident", incidents), ("comparison", comparisons)):
            store.clear(name)
            store.append(name, rows)
        store.clear("published_incident")
        store.append("published_incident", [published[name] for name in sorted(published)])
        if now is not None:
            store.append("log", _log_entries(current, incidents, now))
        write_kept(store, kept)
    return DetectReport(
        cells=source.count,
        changes=len(changes),
        incidents=len(incidents),
        comparisons=len(comparisons),
        unconfirmed=sum(incident.unconfirmed for incident in incidents),
        wrong_clocks=queries.count_wrong_clocks(store),
    )


def _comparisons(
    source: StoredCells, bans: Iterable[Ban], witnessed: Sequence[Change]
) -> Iterator[Comparison]:
    """Yield the comparisons of bans, by what witnesses measured in the country of each."""
    for ban in sorted(bans, key=lambda one: one.country):
        heard = [cell for cell in source.cells(ban.country) if cell.source_class.is_witness]
        yield from announced.compare(ban, heard, [one for one in witnessed if one.probe_cc == ban.country])


def compare_ban(path: Path, ban: Ban) -> tuple[Comparison, ...]:
    """Compare one ban with the measurements of a store, without changing the store.

    Raises:
        BanwatchError: there is no such store, or it cannot be read.
    """
    with Store.open(path, read_only=True) as store:
        cells = queries.cells(store, probe_cc=ban.country)
        changes = [change for change in queries.changes(store) if change.probe_cc == ban.country]
    return tuple(announced.compare(ban, cells, changes))


def _log_entries(before: Sequence[Incident], after: Sequence[Incident], now: datetime) -> list[LogEntry]:
    """Log each sentence that is new or changed, and each incident that is withdrawn."""
    sentences = {incident.incident_id: incident.sentence for incident in before}
    changed = [i for i in after if sentences.get(i.incident_id) != i.sentence]
    current = {incident.incident_id for incident in after}
    withdrawn = [
        LogEntry(said_at=now, subject=old.incident_id, says=_withdrawal_text(old, after))
        for old in sorted(before, key=lambda incident: incident.incident_id)
        if old.incident_id not in current
    ]
    return [LogEntry(said_at=now, subject=i.incident_id, says=i.sentence) for i in changed] + withdrawn


def _withdrawal_text(old: Incident, after: Sequence[Incident]) -> str:
    """Name the incident that an earlier one is part of now, or say that it is withdrawn."""
    into = detection.merged_into(old, after)
    if into is not None:
        return f"now told as part of {into.incident_id}"
    return "withdrawn: the measurements no longer show it"
