"""The page of a network in a country: its people, what they cannot reach, day by day."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC

from banwatch.model.ids import Asn, CountryCode, TargetName, render_asn
from banwatch.pages.days import DayCount, DayKey
from banwatch.pages.figures.ban_figures import ChartScope, charts, picture_view
from banwatch.pages.figures.chart import Band
from banwatch.pages.figures.draw import draw_svg
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links
from banwatch.pages.naming.networks import name_of
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.columns import column_of
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.views.places.country import IncidentLine, incident_line, verdict_sentence
from banwatch.pages.views.places.matrix import Matrix, view_matrix
from banwatch.pages.views.places.recent import period_to, recent_counts, standings
from banwatch.pages.wording import words

MAX_TARGETS = 60
"""Targets of a network's table and charts; a longer one is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPage:
    """Content of the page of a network."""

    title: str
    name: str
    number: str
    country: str
    country_href: str
    sentence: str
    summary: str
    notices: tuple[Notice, ...]
    matrix: Matrix
    period: str
    incidents: tuple[IncidentLine, ...]
    pictures: tuple[PictureView, ...]
    links: Links

    def table(self) -> list[list[str]]:
        """Return the matrix as a table."""
        return self.matrix.table()

    def picture(self) -> str:
        """Return the first chart; empty where there is none."""
        return self.pictures[0].svg if self.pictures else ""


def view_network(reader: Reader, code: CountryCode, asn: Asn, links: Links, *, recorded: bool) -> NetworkPage:
    """Compute the page of a network.

    Raises:
        NotFoundError: nothing was measured there.
    """
    total = next((one for one in reader.network_totals(code) if one.probe_asn == asn), None)
    if total is None:
        raise NotFoundError("We have no measurements from this network.")
    period = period_to(total.last_at.astimezone(UTC).date(), total.first_at.astimezone(UTC).date())
    every = reader.target_totals(code)
    names = [one.target for one in sorted(every, key=lambda one: (-one.interfered, -one.total, one.target))]
    days = recent_counts(reader, code, names[: MAX_TARGETS * 2], period)
    days = {key: count for key, count in days.items() if key.vantage.probe_asn == asn}
    incidents = [one for one in reader.incidents() if one.probe_cc == code and asn in one.asns]
    totals = standings(days, incidents)
    measured = {target for _, target in totals}
    targets = [target for target in names if target in measured][:MAX_TARGETS]
    vantages = sorted({vantage for vantage, _ in totals})
    bound = {n.asn: n.name for ban in reader.bans().values() for n in ban.binds if ban.country == code}
    name = name_of(asn, bound.get(asn, ""))
    labs = reader.labs((code,))
    place = f"{name}, {words.country(code)}"
    return NetworkPage(
        title=f"{name} ({render_asn(asn)}) in {words.country(code)}",
        name=name,
        number=render_asn(asn),
        country=words.country(code),
        country_href=links.country(code),
        sentence=verdict_sentence(place, period, totals, incidents, lab=any(labs)),
        summary=f"{total.total:,} measurements from {words.day(total.first_at.date())} to "
        f"{words.day(total.last_at.date())}, {total.interfered:,} of {total.interfered + total.ok:,} that "
        "could tell show interference.",
        notices=notices_for(labs, recorded=recorded),
        matrix=view_matrix(targets, vantages, totals, links, bound),
        period=str(period),
        incidents=tuple(incident_line(one, links) for one in incidents[::-1][:MAX_TARGETS]),
        pictures=_pictures(reader, days, targets, vantages, name, links, recorded=recorded, lab=any(labs)),
        links=links,
    )


def _pictures(
    reader: Reader,
    days: dict[DayKey, DayCount],
    targets: list[TargetName],
    vantages: list[Vantage],
    name: str,
    links: Links,
    *,
    recorded: bool,
    lab: bool,
) -> tuple[PictureView, ...]:
    counts: Counter[TargetName] = Counter()
    for key, count in days.items():
        counts[key.target] += count.interfered
    shown = sorted(targets, key=lambda target: (-counts[target], target))[:20]
    scope = ChartScope(
        subject_id=name,
        columns=tuple(column_of(vantage, name) for vantage in vantages[:3]),
        bands=(Band(title="Targets, most interfered with first", targets=tuple(shown)),),
        begins=None,
        lab=lab,
        recorded=recorded,
    )
    drawn = charts(scope, days, reader.changes(), links)
    return tuple(
        picture_view(scope, column, chart, draw_svg(chart), links, linked=False, files=False)
        for column, chart in drawn
    )
