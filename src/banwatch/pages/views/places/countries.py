"""All countries at once: a world map, and a table that has those that are too small for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from banwatch.model.incident import Incident
from banwatch.model.rollup import CountryTotal
from banwatch.pages.figures.marks import MARKS
from banwatch.pages.figures.world import Shade, draw_world
from banwatch.pages.links import Links
from banwatch.pages.naming.places import native_name
from banwatch.pages.reader import Reader
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.views.places.recent import RECENT_DAYS
from banwatch.pages.wording import words
from banwatch.pages.wording.ladder import INTERFERENCE, Rung

_LASTING, _QUIET, _OLD, _NONE = (
    f"{INTERFERENCE.capitalize()}, not seen to end",
    "Measured lately, none that lasts",
    "Measured, not lately",
    "Not measured",
)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_FILLS = {
    _LASTING: MARKS[Rung.LIKELY_BLOCKED].fill,
    _QUIET: MARKS[Rung.OK].fill,
    _OLD: MARKS[Rung.DOWN].fill,
    _NONE: "#fbfaf7",
}
"""Colours of the map, of marks that stand for the like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryLine:
    """Line of the table of countries."""

    code: str
    name: str
    native: str
    href: str
    measurements: str
    days: str
    last: str
    lasting: str
    """Number of incidents that were not seen to end; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountriesPage:
    """Content of the page of all countries."""

    title: str
    notices: tuple[Notice, ...]
    map_svg: str
    lines: tuple[CountryLine, ...]
    links: Links

    def table(self) -> list[list[str]]:
        """Return the countries as a table."""
        rows = [["code", "name", "verdicts", "days", "last", "incidents_not_seen_to_end"]]
        return rows + [
            [one.code, one.name, one.measurements, one.days, one.last, one.lasting] for one in self.lines
        ]

    def picture(self) -> str:
        """Return the map."""
        return self.map_svg


def view_countries(reader: Reader, links: Links, *, recorded: bool) -> CountriesPage:
    """Compute the page of all countries."""
    totals = reader.country_totals()
    lasting = Counter(one.probe_cc for one in reader.incidents() if one.end_latest is None)
    lines = [
        CountryLine(
            code=total.probe_cc,
            name=words.country(total.probe_cc),
            native=native_name(total.probe_cc),
            href=links.country(total.probe_cc),
            measurements=f"{total.total:,}",
            days=f"{total.days:,}",
            last=words.day(total.last_at.date()),
            lasting=f"{lasting[total.probe_cc]:,}" if lasting[total.probe_cc] else "",
        )
        for total in totals
    ]
    return CountriesPage(
        title="Countries",
        notices=notices_for(reader.labs() if totals else {}, recorded=recorded),
        map_svg=world_map(totals, reader.incidents(), links),
        lines=tuple(sorted(lines, key=lambda line: line.name)),
        links=links,
    )


def world_map(totals: Sequence[CountryTotal], incidents: Sequence[Incident], links: Links) -> str:
    """Draw which countries have interference that lasts, and which are measured at all."""
    lasting = Counter(one.probe_cc for one in incidents if one.end_latest is None)
    latest = max((total.last_at for total in totals), default=_LONG_AGO)
    shades: dict[str, Shade] = {}
    for total in totals:
        meaning = _QUIET if total.last_at > latest - timedelta(days=RECENT_DAYS) else _OLD
        if lasting[total.probe_cc]:
            meaning = _LASTING
        name = words.country(total.probe_cc)
        shades[total.probe_cc] = Shade(
            fill=_FILLS[meaning], said=f"{name}: {meaning.lower()}", href=links.country(total.probe_cc)
        )
    counted = words.counted(len(totals), "country", "countries")
    those = words.number(len(lasting))
    alt = f"{counted.capitalize()} measured, of which {those} with {INTERFERENCE} that lasts."
    return draw_world(shades, Shade(fill=_FILLS[_NONE], said=""), alt, _legend(shades))


def _legend(shades: Mapping[str, Shade]) -> list[tuple[str, str]]:
    used = {shade.fill for shade in shades.values()} | {_FILLS[_NONE]}
    return [(fill, meaning) for meaning, fill in _FILLS.items() if fill in used]
