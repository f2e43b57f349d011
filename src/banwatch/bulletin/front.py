"""The front page of a bulletin, on a ban or on an incident, and what it is about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from banwatch.bulletin.plan import Plan
from banwatch.explorer.ban_view import read_ban, view_ban
from banwatch.explorer.chart import Band, Chart
from banwatch.explorer.checks import check_facts
from banwatch.explorer.columns import Column, Place, column_at
from banwatch.explorer.days import DayCount, DayKey, fold_days
from banwatch.explorer.drawing import draw_png, draw_svg
from banwatch.explorer.incident_view import title_of, view_incident_page
from banwatch.explorer.links import Links, chart_path
from banwatch.explorer.notices import notices_for
from banwatch.explorer.picture_view import PictureView
from banwatch.explorer.pictures import Scene, ban_scene, charts, picture_view
from banwatch.explorer.reader import Reader
from banwatch.explorer.render import render
from banwatch.model.ban import Ban
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.incident import Change, Incident, Kind

_MARGIN = timedelta(days=3)
"""How much of the time around an incident its bulletin shows."""

Pictures = Sequence[PictureView]
Digest = str
"""Of the evidence bundle; empty on the page that is inside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture, in the page with links and without, and as files."""

    linked: PictureView
    plain: PictureView
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What a bulletin is about, and how its first page is laid out."""

    id: str
    title: str
    countries: tuple[CountryCode, ...]
    scene: Scene
    places: frozenset[Place]
    since: datetime | None
    until: datetime | None
    """Measurements in [since, until) belong to it; None is without end."""
    days: Mapping[DayKey, DayCount] = field(repr=False)
    incidents: tuple[Incident, ...]
    bans: tuple[Ban, ...]
    changes: tuple[Change, ...] = field(repr=False)
    labs: Mapping[str, int]
    recorded: bool
    render: Callable[[Links, Plan, Pictures, Digest], str] = field(repr=False)

    def draw(self, links: Links) -> list[Drawn]:
        """Draw every picture of the scene."""
        drawn = []
        for column, chart in charts(self.scene, self.days, self.changes, links):
            drawn.append(_draw(self.scene, column, chart, links))
        return drawn


def _draw(scene: Scene, column: Column, chart: Chart, links: Links) -> Drawn:
    drawing = draw_svg(chart)
    return Drawn(
        linked=picture_view(scene, column, chart, drawing.inline, links),
        plain=picture_view(scene, column, chart, drawing.standalone, links),
        files={
            chart_path(column.place, "svg"): drawing.standalone.encode(),
            chart_path(column.place, "png"): draw_png(chart),
        },
    )


def ban_front(reader: Reader, ban_id: str, *, recorded: bool, score: Mapping[str, float] | None) -> Front:
    """A ban against what was measured."""
    facts = read_ban(reader, ban_id)
    countries = tuple(sorted({row.probe_cc for row in facts.rows}))
    days = fold_days(cell for country in countries for cell in reader.cells(probe_cc=country))

    def lay_out(links: Links, plan: Plan, pictures: Pictures, digest: Digest) -> str:
        page = view_ban(
            facts,
            links,
            recorded=recorded,
            days=days,
            pictures=pictures,
            score=score,
            checks=check_facts(facts.labs, plan.counts(days), plan.judged(), digest, left_out=plan.left_out),
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
    if incident.kind is Kind.SHUTDOWN:
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

    def lay_out(links: Links, plan: Plan, pictures: Pictures, digest: Digest) -> str:
        checks = check_facts(labs, plan.counts(days), plan.judged(), digest, left_out=plan.left_out)
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
