"""Pages of the running app as text: each is read, viewed and laid out when it is asked for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

from banwatch.formats.reader_report import Fields
from banwatch.model.ids import MeasurementUid, TargetName
from banwatch.model.incident import Incident
from banwatch.model.report import ReaderReport
from banwatch.model.verdict import Verdict
from banwatch.pages.days import DayCount, DayKey, fold_days
from banwatch.pages.figures.ban_figures import ChartScope, charts, drawn_columns, picture_view
from banwatch.pages.figures.chart import Chart
from banwatch.pages.figures.draw import Drawing, draw_png, draw_svg
from banwatch.pages.links import LiveLinks
from banwatch.pages.naming.networks import name_of
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader
from banwatch.pages.render import render
from banwatch.pages.shell import Crumb, Shell, absolute, neighbours, path_to
from banwatch.pages.twins import twins_of, write_twin
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.ban import BanFindings, ban_chart_scope, read_ban, view_ban
from banwatch.pages.views.day import view_day, view_measurements, view_single
from banwatch.pages.views.feed import write_feed
from banwatch.pages.views.happened.citation import MEDIA_TYPES as CITATIONS
from banwatch.pages.views.happened.citation import cite
from banwatch.pages.views.happened.evidence import read_evidence
from banwatch.pages.views.home import MessagePage, find_incident, view_home
from banwatch.pages.views.incident import IncidentPage, view_incident_page
from banwatch.pages.views.notices import notices_for
from banwatch.pages.views.provenance import provenance_details
from banwatch.pages.views.reader_reports import on_ban, on_incident, view_readers
from banwatch.pages.views.report_form import view_report_form
from banwatch.pages.wording import moments, words

_LINKS = LiveLinks()
_SHELL = Shell()
_DAY = timedelta(days=1)
_NEARBY = timedelta(days=31)
"""Distance at which the nearest earlier and later day with measurements are searched."""
_WITNESSES = 4
"""Witnesses whose verdicts are read for the rules and snapshots named on the page; each costs a query."""
MAX_ON_A_PAGE = 200
"""Measurements on one page; the API gives the others of a day that has more."""


@lru_cache(maxsize=32)
def _svg(chart: Chart) -> Drawing:
    return draw_svg(chart)


@lru_cache(maxsize=32)
def _png(chart: Chart) -> bytes:
    return draw_png(chart)


def render_home(
    reader: Reader,
    *,
    recorded: bool,
    reported: Sequence[ReaderReport] | None = None,
    shell: Shell = _SHELL,
) -> str:
    """Return the first page."""
    page = view_home(reader, _LINKS, recorded=recorded)
    readers = view_readers(()) if reported is not None else None
    return render("home.html", page, readers=readers, shell=shell)


def render_ban(
    reader: Reader,
    ban_id: str,
    *,
    recorded: bool,
    reported: Sequence[ReaderReport] | None = None,
    shell: Shell = _SHELL,
) -> str:
    """Return a ban against what was measured.

    Args:
        reader: answers the page's questions.
        ban_id: the ban.
        recorded: the measurements were replayed from a recording.
        reported: accepted reports of readers, shown apart from what was measured; None where none are taken.
        shell: what stands around the content.

    Raises:
        NotFoundError: there is no such ban.
    """
    _require_ban(reader, ban_id)
    findings = read_ban(reader, ban_id)
    scope = ban_chart_scope(findings, recorded=recorded)
    days = _days_in(reader, findings, scope)
    drawn = charts(replace(scope, columns=drawn_columns(scope, days)), days, reader.changes(), _LINKS)
    witnesses = sorted({row.witness for row in findings.rows if row.witness})
    page = view_ban(
        findings,
        _LINKS,
        recorded=recorded,
        days=days,
        cut=_is_cut(reader, findings, scope),
        pictures=[
            picture_view(scope, column, chart, _svg(chart), _LINKS, linked=number == 0)
            for number, (column, chart) in enumerate(drawn)
        ],
        checks=provenance_details(
            findings.labs,
            [(key, count) for key, count in days.items() if key.target in scope.targets],
            (v for uid in witnesses[:_WITNESSES] for v in reader.verdicts_of(uid)),
        ),
    )
    readers = view_readers(on_ban(reported, findings.ban, findings.rows)) if reported is not None else None
    ban = findings.ban
    ids = list(reader.bans())
    names = [(reader.bans()[other].title, _LINKS.ban(other)) for other in ids]
    earlier, later = neighbours(names, _LINKS.ban(ban_id))
    shell = replace(
        shell,
        crumbs=path_to(
            (words.country(ban.country), _LINKS.country(ban.country)),
            ("Bans", _LINKS.text("bans")),
            here=ban.title,
        ),
        earlier=earlier,
        later=later,
        picture=absolute(shell, _LINKS.chart(ban_id, drawn[0][0].vantage, "png")) if drawn else "",
    )
    return render("ban.html", page, readers=readers, shell=shell)


def _days_in(reader: Reader, findings: BanFindings, scope: ChartScope) -> dict[DayKey, DayCount]:
    """Read the counts of the days of a ban's targets and networks, of those that its page shows."""
    targets = sorted(TargetName(target) for target in scope.targets)
    shown = {column.vantage for column in findings.columns}
    countries = sorted({row.probe_cc for row in findings.rows})
    days = fold_days(cell for cc in countries for cell in reader.daily_cells(cc, targets=targets))
    return {key: count for key, count in days.items() if key.vantage in shown}


def _is_cut(reader: Reader, findings: BanFindings, scope: ChartScope) -> bool:
    """Tell whether days of a ban's targets are left out, since there are more than a page reads."""
    targets = sorted(TargetName(target) for target in scope.targets)
    countries = {row.probe_cc for row in findings.rows}
    return any(reader.daily_cells_from(cc, targets) is not None for cc in countries)


def render_picture(reader: Reader, ban_id: str, vantage: Vantage, extension: str, *, recorded: bool) -> bytes:
    """Return the chart of one vantage of a ban, as `svg` or `png`."""
    _require_ban(reader, ban_id)
    findings = read_ban(reader, ban_id)
    scope = ban_chart_scope(findings, recorded=recorded)
    days = _days_in(reader, findings, scope)
    chosen = tuple(column for column in scope.columns if column.vantage == vantage)
    for column, chart in charts(replace(scope, columns=chosen), days, reader.changes(), _LINKS):
        if column.vantage == vantage:
            return _svg(chart).standalone.encode() if extension == "svg" else _png(chart)
    raise NotFoundError("Nothing was measured there.")


def render_day(reader: Reader, key: DayKey, *, recorded: bool, shell: Shell = _SHELL) -> str:
    """Return the measurements of one target, vantage and day."""
    midnight = datetime.combine(key.day, time(), UTC)
    verdicts = reader.verdicts(
        probe_cc=key.vantage.probe_cc,
        probe_asn=key.vantage.probe_asn,
        access_tier=key.vantage.access_tier,
        target=key.target,
        since=midnight,
        until=midnight + _DAY,
        limit=MAX_ON_A_PAGE,
    )
    if not verdicts:
        raise NotFoundError("Nothing was measured there on that day.")
    of: defaultdict[MeasurementUid, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        of[verdict.measurement_uid].append(verdict)
    views = view_measurements(reader, of, _LINKS)
    page = view_day(
        key,
        [views[uid] for uid in of if uid in views],
        _LINKS,
        recorded=recorded,
        earlier=_nearest_day(reader, key, midnight - _NEARBY, midnight, -1),
        later=_nearest_day(reader, key, midnight + _DAY, midnight + _NEARBY, 0),
    )
    shell = replace(shell, crumbs=_day_crumbs(key.vantage, key.target, words.day(key.day)))
    return render("day.html", page, shell=shell)


def _nearest_day(reader: Reader, key: DayKey, since: datetime, until: datetime, which: int) -> str:
    """Return the address of the first (0) or last (-1) day with measurements in [since, until)."""
    found = [
        cell.day.astimezone(UTC).date()
        for cell in reader.daily_cells(key.vantage.probe_cc, targets=[key.target], since=since, until=until)
        if Vantage(cell.probe_cc, cell.probe_asn, cell.access_tier) == key.vantage
    ]
    return _LINKS.day(DayKey(key.vantage, key.target, sorted(found)[which])) if found else ""


def _day_crumbs(vantage: Vantage, target: str, here: str) -> tuple[Crumb, ...]:
    return path_to(
        (words.country(vantage.probe_cc), _LINKS.country(vantage.probe_cc)),
        (name_of(vantage.probe_asn), _LINKS.network(vantage.probe_cc, vantage.probe_asn)),
        (words.visible(target, 80), _LINKS.target(target)),
        here=here,
    )


def render_measurement(reader: Reader, uid: MeasurementUid, *, recorded: bool, shell: Shell = _SHELL) -> str:
    """Return one measurement with its evidence."""
    verdicts = reader.verdicts_of(uid)
    views = view_measurements(reader, {uid: verdicts}, _LINKS)
    if uid not in views or not verdicts:  # it may have been ingested between the two questions
        raise NotFoundError("There is no measurement of this id.")
    found = reader.measurements_of([uid])[uid]
    vantage = Vantage(found.probe_cc, found.probe_asn, found.access_tier)
    day = moments.local(found.measurement_start_time, found.probe_cc).date()
    shell = replace(shell, crumbs=_day_crumbs(vantage, verdicts[0].target, words.day(day)))
    page = view_single(views[uid], _LINKS, recorded=recorded, vantage=vantage)
    return render("day.html", page, shell=shell)


def read_raw(reader: Reader, uid: MeasurementUid) -> bytes:
    """Return a measurement as it was received."""
    for _, line in reader.raws([uid]):
        return line
    raise NotFoundError("There is no measurement of this id.")


def render_incident(
    reader: Reader,
    incident_id: str,
    *,
    recorded: bool,
    reported: Sequence[ReaderReport] | None = None,
    shell: Shell = _SHELL,
) -> str:
    """Return one incident; `reported` as for a ban."""
    incidents = reader.incidents()
    found, page = _incident_page(reader, incidents, incident_id, recorded=recorded)
    readers = view_readers(on_incident(reported, found)) if reported is not None else None
    names = [(i.incident_id, _LINKS.incident(i.incident_id)) for i in incidents]
    earlier, later = neighbours(names, _LINKS.incident(found.incident_id))
    shell = replace(
        shell,
        crumbs=path_to(
            (words.country(found.probe_cc), _LINKS.country(found.probe_cc)), here=found.incident_id
        ),
        twins=twins_of(page, _LINKS.incident(found.incident_id)),
        picture=absolute(shell, f"{_LINKS.incident(found.incident_id)}.png") if page.picture() else "",
        earlier=earlier,
        later=later,
    )
    return render("incident.html", page, readers=readers, shell=shell)


def _incident_page(
    reader: Reader, incidents: Sequence[Incident], incident_id: str, *, recorded: bool
) -> tuple[Incident, IncidentPage]:
    found = find_incident(incidents, incident_id)
    if found is None:
        raise NotFoundError("There is no incident of this id.")
    page = view_incident_page(
        found,
        reader.bans().values(),
        notices_for(reader.labs((found.probe_cc,)), recorded=recorded),
        _LINKS,
        evidence=read_evidence(reader, found),
    )
    return found, page


def twin_of_incident(
    reader: Reader, incident_id: str, form: str, *, recorded: bool, shell: Shell = _SHELL
) -> bytes:
    """Return an incident in another form, or its citation."""
    if form in CITATIONS:
        found = find_incident(reader.incidents(), incident_id)
        if found is None:
            raise NotFoundError("There is no incident of this id.")
        day = shell.published or found.onset_latest.date()
        shell = replace(shell, canonical=shell.canonical.removesuffix(f".{form}"))
        return cite(found, shell, form, day=day).encode()
    page = _incident_page(reader, reader.incidents(), incident_id, recorded=recorded)[1]
    table = f"{shell.canonical.rpartition('.')[0]}.csv" if shell.canonical else ""
    return write_twin(page, form, address=table, source=shell.imprint.name)


def render_feed(reader: Reader, base: str) -> bytes:
    """Return the feed of incidents; `base` is the address of the app, without a slash at its end."""
    incidents = reader.incidents()
    return write_feed(
        incidents,
        address_of={i.incident_id: base + _LINKS.incident(i.incident_id) for i in incidents},
        own=base + _LINKS.feed(),
        lab=any(reader.labs({incident.probe_cc for incident in incidents})) if incidents else False,
    )


def render_message(title: str, text: str, *, shell: Shell = _SHELL) -> str:
    """Return a page with nothing but a message."""
    return render("message.html", MessagePage(title=title, text=text, notices=(), links=_LINKS), shell=shell)


def render_report_form(given: Fields, problem: str = "") -> str:
    """Return the form for readers' reports, with what was filled in and what is wrong with it."""
    return render("report.html", view_report_form(given, problem, _LINKS), form=True)


def _require_ban(reader: Reader, ban_id: str) -> None:
    if ban_id not in reader.bans():
        raise NotFoundError("No ban of this name is known.")
