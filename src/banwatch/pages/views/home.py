"""The first page: every ban that was measured, and the incidents."""

from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.model.ban import Measured
from banwatch.model.incident import Incident
from banwatch.pages.links import Links
from banwatch.pages.reader import Reader
from banwatch.pages.views.ban import read_ban
from banwatch.pages.views.incident import IncidentView, view_incident
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.wording import words
from banwatch.pages.wording.headline import headline

MAX_INCIDENTS = 100
"""Incidents on the first page, the latest ones; the API has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BanLine:
    """Ban in a list."""

    title: str
    href: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """Content of the first page."""

    title: str
    summary: str
    notices: tuple[Notice, ...]
    bans: tuple[BanLine, ...]
    unmeasured: tuple[BanLine, ...]
    incidents: tuple[IncidentView, ...]
    links: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """Content of a page with nothing but a message."""

    title: str
    text: str
    notices: tuple[Notice, ...]
    links: Links


def view_home(reader: Reader, links: Links, *, recorded: bool) -> HomePage:
    """Compute the first page."""
    measured, unmeasured = [], []
    for ban_id, ban in reader.bans().items():
        rows = reader.comparisons(ban_id)
        if any(row.measured is not Measured.NO_DATA for row in rows):
            findings = read_ban(reader, ban_id)
            sentence = headline(ban, findings.rows, findings.columns, findings.incidents, lab=findings.lab)
            measured.append(BanLine(title=ban.title, href=links.ban(ban_id), sentence=sentence))
        else:
            unmeasured.append(BanLine(title=ban.title, href=links.ban(ban_id), sentence=""))
    labs = reader.labs()
    incidents = sorted(reader.incidents(), key=lambda i: (i.onset_latest, i.incident_id), reverse=True)
    shown = f", the latest {MAX_INCIDENTS} below" if len(incidents) > MAX_INCIDENTS else ""
    return HomePage(
        title="Bans, and what the measurements say",
        summary=f"{sum(labs.values()):,} measurements; {words.counted(len(incidents), 'incident')}{shown}.",
        notices=notices_for(labs, recorded=recorded),
        bans=tuple(measured),
        unmeasured=tuple(unmeasured),
        incidents=tuple(view_incident(incident, links) for incident in incidents[:MAX_INCIDENTS]),
        links=links,
    )


def find_incident(incidents: Sequence[Incident], incident_id: str) -> Incident | None:
    """Find an incident by its id."""
    return next((incident for incident in incidents if incident.incident_id == incident_id), None)
