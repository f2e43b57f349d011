"""The pages of the app, as text: read, view, lay out. Knows nothing of HTTP but what is missing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from banwatch.model.ids import MeasurementUid
from banwatch.model.report import ReaderReport
from banwatch.model.verdict import Verdict
from banwatch.pages.figures.ban_figures import ban_scene, charts, picture_view
from banwatch.pages.figures.chart import Chart
from banwatch.pages.figures.days import DayKey, fold_days
from banwatch.pages.figures.draw import Drawing, draw_png, draw_svg
from banwatch.pages.links import LiveLinks
from banwatch.pages.not_found import Missing
from banwatch.pages.places import Place
from banwatch.pages.reader import Reader
from banwatch.pages.render import render
from banwatch.pages.views.ban import read_ban, view_ban
from banwatch.pages.views.day import view_day, view_measurements, view_single
from banwatch.pages.views.feed import write_feed
from banwatch.pages.views.home import MessagePage, find_incident, view_home
from banwatch.pages.views.incident import view_incident_page
from banwatch.pages.views.notices import notices_for
from banwatch.pages.views.provenance import check_facts
from banwatch.pages.views.reader_reports import on_ban, on_incident, view_readers

_LINKS = LiveLinks()
_DAY = timedelta(days=1)
_NEARBY = timedelta(days=31)
"""How far the day before and the day after are looked for."""
_WITNESSES = 4
"""Witnesses asked for the rules that they were judged by; each costs a query."""
MAX_ON_A_PAGE = 200
"""Measurements on one page; a day with more is told by the API."""


@lru_cache(maxsize=32)
def _svg(chart: Chart) -> Drawing:
    return draw_svg(chart)


@lru_cache(maxsize=32)
def _png(chart: Chart) -> bytes:
    return draw_png(chart)


def home(reader: Reader, *, recorded: bool, reported: Sequence[ReaderReport] | None = None) -> str:
    """The first page."""
    page = view_home(reader, _LINKS, recorded=recorded)
    return render("home.html", page, readers=view_readers(()) if reported is not None else None)


def ban(
    reader: Reader, ban_id: str, *, recorded: bool, reported: Sequence[ReaderReport] | None = None
) -> str:
    """A ban against what was measured, and apart from that what readers report (None: nothing is taken)."""
    _require_ban(reader, ban_id)
    facts = read_ban(reader, ban_id)
    days = fold_days(
        cell for cc in sorted({row.probe_cc for row in facts.rows}) for cell in reader.cells(probe_cc=cc)
    )
    scene = ban_scene(facts, recorded=recorded)
    drawn = charts(scene, days, reader.changes(), _LINKS)
    witnesses = sorted({row.witness for row in facts.rows if row.witness})
    page = view_ban(
        facts,
        _LINKS,
        recorded=recorded,
        days=days,
        pictures=[picture_view(scene, column, chart, _svg(chart).inline, _LINKS) for column, chart in drawn],
        checks=check_facts(
            facts.labs,
            [(key, count) for key, count in days.items() if key.target in scene.targets],
            (v for uid in witnesses[:_WITNESSES] for v in reader.verdicts_of(uid)),
        ),
    )
    readers = view_readers(on_ban(reported, facts.ban, facts.rows)) if reported is not None else None
    return render("ban.html", page, readers=readers)


def picture(reader: Reader, ban_id: str, place: Place, extension: str, *, recorded: bool) -> bytes:
    """The picture of one place's days, as `svg` or `png`."""
    _require_ban(reader, ban_id)
    facts = read_ban(reader, ban_id)
    days = fold_days(reader.cells(probe_cc=place.probe_cc))
    for column, chart in charts(ban_scene(facts, recorded=recorded), days, reader.changes(), _LINKS):
        if column.place == place:
            return _svg(chart).standalone.encode() if extension == "svg" else _png(chart)
    raise Missing("Nothing was measured there.")


def day(reader: Reader, key: DayKey, *, recorded: bool) -> str:
    """The measurements of one target, place and day."""
    midnight = datetime.combine(key.day, time(), UTC)
    verdicts = reader.verdicts(
        probe_cc=key.place.probe_cc,
        probe_asn=key.place.probe_asn,
        access_tier=key.place.access_tier,
        target=key.target,
        since=midnight,
        until=midnight + _DAY,
        limit=MAX_ON_A_PAGE,
    )
    if not verdicts:
        raise Missing("Nothing was measured there on that day.")
    of: defaultdict[MeasurementUid, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        of[verdict.measurement_uid].append(verdict)
    views = view_measurements(reader, of, _LINKS)
    page = view_day(
        key,
        [views[uid] for uid in of if uid in views],
        _LINKS,
        recorded=recorded,
        earlier=_beside(reader, key, midnight - _NEARBY, midnight, -1),
        later=_beside(reader, key, midnight + _DAY, midnight + _NEARBY, 0),
    )
    return render("day.html", page)


def _beside(reader: Reader, key: DayKey, since: datetime, until: datetime, which: int) -> str:
    """Find the day nearest within a stretch: its first one (0) or its last (-1)."""
    place = key.place
    verdicts = reader.verdicts(
        probe_cc=place.probe_cc,
        probe_asn=place.probe_asn,
        access_tier=place.access_tier,
        target=key.target,
        since=since,
        until=until,
        limit=1 if which == 0 else None,
    )
    if not verdicts:
        return ""
    found = verdicts[which].measurement_start_time.astimezone(UTC).date()
    return _LINKS.day(DayKey(place, key.target, found))


def measurement(reader: Reader, uid: MeasurementUid, *, recorded: bool) -> str:
    """One measurement with its evidence."""
    verdicts = reader.verdicts_of(uid)
    views = view_measurements(reader, {uid: verdicts}, _LINKS)
    if uid not in views:
        raise Missing("There is no measurement of this id.")
    found = reader.measurements_of([uid])[uid]
    place = Place(found.probe_cc, found.probe_asn, found.access_tier)
    return render("day.html", view_single(views[uid], _LINKS, recorded=recorded, place=place))


def raw(reader: Reader, uid: MeasurementUid) -> bytes:
    """A measurement as it was received."""
    for _, line in reader.raws([uid]):
        return line
    raise Missing("There is no measurement of this id.")


def incident(
    reader: Reader, incident_id: str, *, recorded: bool, reported: Sequence[ReaderReport] | None = None
) -> str:
    """One incident, and apart from that what readers report; None: no reports are taken."""
    found = find_incident(reader.incidents(), incident_id)
    if found is None:
        raise Missing("There is no incident of this id.")
    page = view_incident_page(
        found,
        reader.changes(),
        reader.bans().values(),
        notices_for(reader.labs(), recorded=recorded),
        _LINKS,
    )
    readers = view_readers(on_incident(reported, found)) if reported is not None else None
    return render("incident.html", page, readers=readers)


def feed(reader: Reader, base: str) -> bytes:
    """The feed of incidents; `base` is the address of the app, without a slash at its end."""
    incidents = reader.incidents()
    return write_feed(
        incidents,
        address_of={i.incident_id: base + _LINKS.incident(i.incident_id) for i in incidents},
        own=base + _LINKS.feed(),
        lab=any(reader.labs()),
    )


def message(title: str, text: str) -> str:
    """A page that only says something."""
    return render("message.html", MessagePage(title=title, text=text, notices=(), links=_LINKS))


def parse_day(text: str) -> date:
    """Read a day from an address.

    Raises:
        Missing: it is none.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Missing("That is not a day; write it as 2016-04-01.") from error
    if not 1970 <= day.year < 9000:  # so that a month more or less is still a date
        raise Missing("Nothing was measured there on that day.")
    return day


def _require_ban(reader: Reader, ban_id: str) -> None:
    if ban_id not in reader.bans():
        raise Missing("No ban of this name is known.")
