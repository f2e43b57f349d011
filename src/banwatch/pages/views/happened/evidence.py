"""Evidence of an incident: the picture of its hours, and reasons for it and against it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from banwatch.detect.wording.reasons import reasons
from banwatch.model.cell import Cell
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.member import Member
from banwatch.pages.days import DayCount
from banwatch.pages.figures.hours import MAX_BINS, HourPicture, HourRow, draw_hours
from banwatch.pages.naming.networks import name_and_number
from banwatch.pages.reader import Reader
from banwatch.pages.wording import words
from banwatch.pages.wording.ladder import INTERFERENCE, Rung

MAX_ROWS = 14
"""Members in the picture, in their order; the table has all."""
MAX_CELLS = 60_000
"""Cells that are read at most: those of forty series for two months."""
_AROUND = timedelta(days=3)
"""Time before and after an incident that its picture shows."""
_LONGEST = timedelta(days=60)
"""Longest time of a picture; of what lasts longer, the first weeks and the onset are shown."""
_BIN_HOURS = (1, 2, 3, 6, 12, 24)
_MEMBER_LINES = ("Member:", "And ")
"""Beginnings of reasons that the table of members has already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvidence:
    """Picture and reasons of an incident, ready to print."""

    svg: str
    """The picture; empty where its hours are not in the store."""
    narrow: str
    caption: str
    reasons: tuple[str, ...]


def read_evidence(reader: Reader, incident: Incident) -> IncidentEvidence:
    """Read the hours around an incident, and say what they speak for."""
    since = incident.onset_earliest - _AROUND
    last = max([member.last_at for member in incident.members], default=incident.onset_latest)
    until = min((incident.end_latest or last) + _AROUND, since + _LONGEST)
    cells = reader.cells(probe_cc=incident.probe_cc, since=since, until=until, limit=MAX_CELLS)
    picture = hour_picture(incident, cells, since, until)
    said = [] if len(cells) == MAX_CELLS else reasons(incident, cells)
    return IncidentEvidence(
        svg=draw_hours(picture) if picture else "",
        narrow=draw_hours(picture, narrow=True) if picture else "",
        caption=picture.alt if picture else "",
        reasons=tuple(words.visible(line, 600) for line in said if not line.startswith(_MEMBER_LINES)),
    )


def hour_picture(
    incident: Incident, cells: Sequence[Cell], since: datetime, until: datetime
) -> HourPicture | None:
    """Lay the hours of each member out; None where there are none."""
    since = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    measured = [cell.last_at for cell in cells]
    until = min(until, max(measured) + timedelta(hours=1)) if measured else until
    hours = max(1, int((until - since) / timedelta(hours=1)) + 1)
    bin_hours = next((size for size in _BIN_HOURS if hours / size <= MAX_BINS), _BIN_HOURS[-1])
    bins = min(MAX_BINS, -(-hours // bin_hours))
    counts: defaultdict[tuple[str, int, str], dict[int, DayCount]] = defaultdict(dict)
    for cell in cells:
        at = int((cell.hour - since) / timedelta(hours=bin_hours))
        if 0 <= at < bins:
            for key in (
                (cell.target, cell.probe_asn, cell.access_tier),
                ("", cell.probe_asn, cell.access_tier),
            ):
                counts[key][at] = counts[key].get(at, DayCount()).plus(cell)
    shown = [
        member
        for member in incident.members[:MAX_ROWS]
        if (member.target, member.probe_asn, member.access_tier) in counts
    ]
    if not shown:
        return None
    interfered = sum(member.interfered for member in incident.members)
    every = "hour" if bin_hours == 1 else f"{bin_hours} hours"
    rest = len(incident.members) - len(shown)
    more = f" {words.counted(rest, 'more line')} not shown." if rest > 0 else ""
    shows = f"{interfered:,} show {INTERFERENCE}"
    if incident.kind is IncidentKind.SHUTDOWN:
        shows = f"{incident.measurements:,} got no answer"
    alt = f"Measurements every {every} before, during and after it: {shows}."
    return HourPicture(
        title=f"{incident.incident_id}, by the hour",
        alt=alt,
        country=incident.probe_cc,
        since=since,
        bin_hours=bin_hours,
        rows=tuple(_row(member, counts, bins) for member in shown),
        footer=f"One square: {every}. A gap: not measured.{more}",
    )


def _row(member: Member, counts: dict[tuple[str, int, str], dict[int, DayCount]], bins: int) -> HourRow:
    mine = counts[member.target, member.probe_asn, member.access_tier]
    people = f", {words.tier(member.access_tier)}" if member.access_tier else ""
    name = words.visible(member.target, 60) or "The network, by any target,"
    end = (member.end_earliest, member.end_latest)
    return HourRow(
        label=f"{name} on {name_and_number(member.probe_asn)}{people}",
        bins=tuple(
            _rung(mine[at], whole_network=not member.target) if at in mine else Rung.NOT_MEASURED
            for at in range(bins)
        ),
        onset=(member.onset_earliest, member.onset_latest) if member.onset_known else None,
        end=(end[0], end[1]) if end[0] is not None and end[1] is not None else None,
    )


def _rung(count: DayCount, *, whole_network: bool) -> Rung:
    """Return the rung of a square; a network of which anything answered can be reached."""
    if not whole_network or count.rung is Rung.SILENT:
        return count.rung
    return Rung.OK if count.total > count.silent else count.rung
