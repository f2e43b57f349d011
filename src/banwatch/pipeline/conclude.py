"""Cells to changes, incidents and comparisons: what the verdicts come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from banwatch import bans as announced
from banwatch import detect as detection
from banwatch.model.ban import Ban, Comparison
from banwatch.model.ids import IncidentId
from banwatch.model.incident import Incident
from banwatch.store import Store, queries
from banwatch.store.bookkeeping import Logged, Told


@dataclass(frozen=True, slots=True)
class DetectReport:
    """How much there is now of each."""

    cells: int
    changes: int
    incidents: int
    comparisons: int


def detect(
    store: Store, bans: Iterable[Ban], *, through: datetime | None = None, now: datetime | None = None
) -> DetectReport:
    """Find what changed, group it, and compare it with what was announced.

    All of it is made anew from the cells; incidents keep the ids that they had.

    Args:
        store: open for writing.
        bans: what was announced.
        through: up to when silence counts as silence; the last cell where None.
        now: when this is said, for the log of what was said when; nothing is logged where None.
    """
    cells = queries.cells(store)
    known = queries.incidents(store)
    told = {row.incident_id: row for row in store.rows(Told)}
    first = {name: row.first for name, row in told.items()}
    saying = {incident.incident_id for incident in known}
    gone = [row.last for name, row in told.items() if name not in saying]
    changes = detection.find_changes(cells, through=through)
    # what was said once is known by its id for ever, also while it is withdrawn: no other is given it
    spent = {IncidentId(row.subject) for row in store.rows(Logged)}
    incidents = detection.group(changes, cells, known=known, gone=gone, spent=spent, first=first)
    for one in incidents:
        born = first.get(one.incident_id, one)
        told[one.incident_id] = Told(incident_id=one.incident_id, first=born, last=one)
    comparisons = [row for ban in bans for row in announced.compare(ban, cells, changes)]
    with store.transaction():
        for name, rows in (("change", changes), ("incident", incidents), ("comparison", comparisons)):
            store.clear(name)
            store.append(name, rows)
        store.clear("told")
        store.append("told", [told[name] for name in sorted(told)])
        if now is not None:
            store.append("log", _news(known, incidents, now))
    return DetectReport(len(cells), len(changes), len(incidents), len(comparisons))


def compare_ban(path: Path, ban: Ban) -> tuple[Comparison, ...]:
    """Compare one ban with a store's measurements as they are now, and change nothing.

    Raises:
        BanwatchError: there is no such store, or it cannot be read.
    """
    with Store.open(path, read_only=True) as store:
        cells = queries.cells(store, probe_cc=ban.country)
        changes = [change for change in queries.changes(store) if change.probe_cc == ban.country]
    return tuple(announced.compare(ban, cells, changes))


def _news(before: Sequence[Incident], after: Sequence[Incident], now: datetime) -> list[Logged]:
    """What is said now that was not said before."""
    said = {incident.incident_id: incident.sentence for incident in before}
    news = [i for i in after if said.get(i.incident_id) != i.sentence]
    current = {incident.incident_id for incident in after}
    withdrawn = [
        Logged(said_at=now, subject=old.incident_id, says=_farewell(old, after))
        for old in sorted(before, key=lambda incident: incident.incident_id)
        if old.incident_id not in current
    ]
    return [Logged(said_at=now, subject=i.incident_id, says=i.sentence) for i in news] + withdrawn


def _farewell(old: Incident, after: Sequence[Incident]) -> str:
    """Say where an incident went: into another one, or away."""
    into = detection.known_by(old, after)
    if into is not None:
        return f"now told as part of {into.incident_id}"
    return "withdrawn: the measurements no longer show it"
