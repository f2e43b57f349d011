"""The subjects that a bulletin can have: a ban, or an incident."""

from collections.abc import Mapping
from datetime import timedelta

from banwatch.bulletin.front_page import Checks, Front, Pictures
from banwatch.model.ids import TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.figures.ban_figures import Scene, ban_scene
from banwatch.pages.figures.chart import Band
from banwatch.pages.figures.days import fold_days
from banwatch.pages.links import Links
from banwatch.pages.places import column_at
from banwatch.pages.reader import Reader
from banwatch.pages.render import render
from banwatch.pages.views.ban import read_ban, view_ban
from banwatch.pages.views.incident import title_of, view_incident_page
from banwatch.pages.views.notices import notices_for

_MARGIN = timedelta(days=3)
"""How much of the time around an incident its bulletin shows."""


def ban_front(reader: Reader, ban_id: str, *, recorded: bool, score: Mapping[str, float] | None) -> Front:
    """A ban against what was measured."""
    facts = read_ban(reader, ban_id)
    countries = tuple(sorted({row.probe_cc for row in facts.rows}))
    days = fold_days(cell for country in countries for cell in reader.cells(probe_cc=country))

    def lay_out(links: Links, checks: Checks, pictures: Pictures) -> str:
        page = view_ban(
            facts,
            links,
            recorded=recorded,
            days=days,
            pictures=pictures,
            score=score,
            checks=checks,
        )
        return render("ban.html", page)

    return Front(
        id=ban_id,
        title=facts.ban.title,
        countries=countries,
        scene=ban_scene(facts, recorded=recorded),
        places=frozenset(column.place for column in facts.columns),
        since=None,
        until=None,
        days=days,
        incidents=facts.incidents,
        bans=(facts.ban,),
        changes=tuple(reader.changes()),
        labs=facts.labs,
        recorded=recorded,
        render=lay_out,
    )


def incident_front(reader: Reader, incident: Incident, *, recorded: bool) -> Front:
    """One incident, with some days before and after it."""
    since = incident.onset_earliest - _MARGIN
    until = incident.end_latest + _MARGIN if incident.end_latest else None
    cells = [
        cell
        for cell in reader.cells(probe_cc=incident.probe_cc, since=since, until=until)
        if cell.probe_asn in incident.asns and cell.access_tier in incident.access_tiers
    ]
    targets = incident.targets
    if incident.kind is IncidentKind.SHUTDOWN:
        targets = tuple(sorted({cell.target for cell in cells}))
    wanted = frozenset(targets)
    days = fold_days(cell for cell in cells if cell.target in wanted)
    labs = reader.labs()
    places = frozenset(key.place for key in days)
    notices = notices_for(labs, recorded=recorded)
    changes = tuple(reader.changes())
    bans = tuple(reader.bans().values())
    scene = Scene(
        subject=incident.incident_id,
        columns=tuple(column_at(place) for place in sorted(places)),
        bands=(Band(title="Targets", targets=tuple(TargetName(target) for target in targets)),),
        begins=None,
        lab=any(labs),
        recorded=recorded,
    )

    def lay_out(links: Links, checks: Checks, pictures: Pictures) -> str:
        page = view_incident_page(incident, changes, bans, notices, links, pictures=pictures, checks=checks)
        return render("incident.html", page)

    return Front(
        id=incident.incident_id,
        title=title_of(incident),
        countries=(incident.probe_cc,),
        scene=scene,
        places=places,
        since=since,
        until=until,
        days=days,
        incidents=(incident,),
        bans=bans,
        changes=changes,
        labs=labs,
        recorded=recorded,
        render=lay_out,
    )
