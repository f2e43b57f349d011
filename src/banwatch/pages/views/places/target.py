"""The page of a target: where it is blocked and where it is not, with all its names."""

from dataclasses import dataclass

from banwatch.bans.compare import announced_targets
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.rollup import TargetTotal
from banwatch.pages.days import DayCount
from banwatch.pages.links import Links
from banwatch.pages.naming.apps import names_of
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.views.places.country import (
    BanOfPlace,
    IncidentLine,
    ban_of_place,
    incident_line,
)
from banwatch.pages.views.places.matrix import MatrixCell, view_cell
from banwatch.pages.views.places.recent import Standing
from banwatch.pages.wording import ladder, words
from banwatch.pages.wording.ladder import Rung

MAX_COUNTRIES = 250
MAX_INCIDENTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlace:
    """Line of a target's table: one country."""

    code: str
    name: str
    href: str
    cell: MatrixCell
    measurements: str
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPage:
    """Content of the page of a target."""

    title: str
    name: str
    names: tuple[str, ...]
    """Other names of the same site, app or company."""
    sentence: str
    notices: tuple[Notice, ...]
    places: tuple[TargetPlace, ...]
    rungs: frozenset[Rung]
    incidents: tuple[IncidentLine, ...]
    bans: tuple[BanOfPlace, ...]
    links: Links

    def table(self) -> list[list[str]]:
        """Return the countries as a table."""
        rows = [["country", "state", "interference", "measurements", "first", "last"]]
        return rows + [
            [one.code, one.cell.rung.value, one.cell.count, one.measurements, one.first, one.last]
            for one in self.places
        ]


def view_target(reader: Reader, name: TargetName, links: Links, *, recorded: bool) -> TargetPage:
    """Compute the page of a target.

    Raises:
        NotFoundError: it was neither measured nor announced.
    """
    totals = reader.countries_of_target(name)
    bans = [ban for ban in reader.bans().values() if name in announced_targets(ban)]
    if not totals and not bans:
        raise NotFoundError("Nothing of this name was measured or announced.")
    places = [_place(total, links) for total in totals[:MAX_COUNTRIES]]
    order = list(Rung)
    places.sort(key=lambda one: (order.index(one.cell.rung), one.name))
    incidents = [one for one in reader.incidents() if name in one.targets]
    labs = reader.labs({total.probe_cc for total in totals}) if totals else {}
    shown = words.visible(name, 80)
    return TargetPage(
        title=f"{shown}: where it can be reached",
        name=shown,
        names=names_of(name),
        sentence=_sentence(shown, places),
        notices=notices_for(labs, recorded=recorded),
        places=tuple(places),
        rungs=frozenset(one.cell.rung for one in places),
        incidents=tuple(incident_line(one, links) for one in incidents[::-1][:MAX_INCIDENTS]),
        bans=tuple(ban_of_place(ban, links) for ban in bans),
        links=links,
    )


def _place(total: TargetTotal, links: Links) -> TargetPlace:
    count = DayCount(
        blocked=total.blocked,
        likely_blocked=total.likely_blocked,
        tampered=total.tampered,
        reachable=total.ok,
        down=total.down,
        impaired=total.impaired,
        unclear=total.insufficient,
        silent=total.silent,
    )
    code = CountryCode(total.probe_cc)
    return TargetPlace(
        code=code,
        name=words.country(code),
        href=links.country(code),
        cell=view_cell(Standing(count), words.country(code), links.country(code)),
        measurements=f"{total.total:,}",
        first=words.day(total.first_at.date()),
        last=words.day(total.last_at.date()),
    )


def _sentence(name: str, places: list[TargetPlace]) -> str:
    if not places:
        return f"{name} was announced as blocked; we have no measurements of it."
    hit = [one for one in places if one.cell.rung.accuses]
    measured = words.counted(len(places), "country", "countries")
    if not hit:
        return f"No interference with {name} was found in the {measured} where it was measured."
    where = words.listed([one.name for one in hit], 5)
    rungs = " or ".join(ladder.in_a_sentence(rung) for rung in Rung if rung in {one.cell.rung for one in hit})
    return f"{name} was {rungs} in {where}, of {measured} where it was measured, over all days together."
