"""The first page: every ban that was measured, and the incidents."""

from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.model.incident import Incident
from banwatch.model.rollup import CountryTotal
from banwatch.pages.links import Links
from banwatch.pages.reader import Reader
from banwatch.pages.views.ban import read_ban
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.views.places.countries import world_map
from banwatch.pages.views.places.country import IncidentLine, incident_line
from banwatch.pages.wording import words
from banwatch.pages.wording.headline import headline

MAX_INCIDENTS = 20
"""Incidents on the first page, the latest ones; the feed and the API have more."""


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
    map_svg: str
    """Empty where nothing was measured."""
    happening: tuple[IncidentLine, ...]
    """Incidents, those that last first, then the newest."""
    more: int
    bans: tuple[BanLine, ...]
    unmeasured: tuple[BanLine, ...]
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
    measured_bans = reader.measured_bans()
    for ban_id, ban in reader.bans().items():
        if ban_id in measured_bans:
            findings = read_ban(reader, ban_id)
            sentence = headline(ban, findings.rows, findings.columns, findings.incidents, lab=findings.lab)
            measured.append(BanLine(title=ban.title, href=links.ban(ban_id), sentence=sentence))
        else:
            unmeasured.append(BanLine(title=ban.title, href=links.ban(ban_id), sentence=""))
    totals = reader.country_totals()
    labs = reader.labs() if totals else {}
    found = reader.incidents()
    incidents = sorted(
        found, key=lambda one: (one.end_latest is None, one.onset_latest, one.incident_id), reverse=True
    )
    return HomePage(
        title="What is blocked, for whom, since when",
        summary=_summary(totals),
        notices=notices_for(labs, recorded=recorded),
        map_svg=world_map(totals, found, links) if totals and links.search() else "",
        happening=tuple(incident_line(one, links) for one in incidents[:MAX_INCIDENTS]),
        more=max(0, len(incidents) - MAX_INCIDENTS),
        bans=tuple(measured),
        unmeasured=tuple(unmeasured),
        links=links,
    )


def _summary(totals: Sequence[CountryTotal]) -> str:
    if not totals:
        return ""
    countries = words.counted(len(totals), "country", "countries")
    last = max(total.last_at for total in totals)
    return (
        f"{sum(total.total for total in totals):,} verdicts from {countries}, the last measurement of "
        f"{words.day(last.date())}. Of a country that is not listed, nothing is said: it was not measured."
    )


def find_incident(incidents: Sequence[Incident], incident_id: str) -> Incident | None:
    """Find an incident by its id."""
    return next((incident for incident in incidents if incident.incident_id == incident_id), None)
