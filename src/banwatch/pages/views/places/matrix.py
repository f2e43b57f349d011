"""Matrix of targets and vantages: in each cell the state, and how many measurements say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banwatch.model.ids import Asn, TargetName, render_asn
from banwatch.pages.days import DayCount
from banwatch.pages.links import Links
from banwatch.pages.naming.networks import name_of
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.places.recent import Standing
from banwatch.pages.wording import words
from banwatch.pages.wording.ladder import LADDER, Rung

_NOTHING = Standing(DayCount())


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """Cell of a matrix."""

    column: str
    rung: Rung
    word: str
    symbol: str
    count: str
    """Measurements that show interference, of those that could tell; of all, where none could."""
    rate: int
    """Share of interference in percent, for the width of a bar."""
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixColumn:
    """Column of a matrix: a network and the people on it."""

    name: str
    number: str
    people: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """Row of a matrix: a target."""

    name: str
    href: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Targets against vantages."""

    columns: tuple[MatrixColumn, ...]
    rows: tuple[MatrixRow, ...]

    def table(self) -> list[list[str]]:
        """Return the matrix as rows, one for each target on each network; its heading first."""
        heading = ["target", "network", "asn", "people", "state", "measurements", "interference_percent"]
        found = [heading]
        for row in self.rows:
            for column, cell in zip(self.columns, row.cells, strict=True):
                rate = str(cell.rate) if cell.rung is not Rung.NOT_MEASURED else ""
                place = (row.name, column.name, column.number, column.people)
                found.append([*place, cell.rung.value, cell.count, rate])
        return found

    @property
    def rungs(self) -> frozenset[Rung]:
        """Return the rungs that it shows."""
        return frozenset(cell.rung for row in self.rows for cell in row.cells)


def view_matrix(
    targets: Sequence[TargetName],
    vantages: Sequence[Vantage],
    standing: Mapping[tuple[Vantage, TargetName], Standing],
    links: Links,
    names: Mapping[Asn, str],
) -> Matrix:
    """Lay out a matrix.

    Args:
        targets: rows, in order.
        vantages: columns, in order.
        standing: how each cell stands.
        links: addresses.
        names: names that announcements give to networks.
    """
    columns = tuple(_column(vantage, links, names) for vantage in vantages)
    return Matrix(
        columns=columns,
        rows=tuple(
            MatrixRow(
                name=words.visible(target, 80),
                href=links.target(target),
                cells=tuple(
                    view_cell(
                        standing.get((vantage, target), _NOTHING),
                        f"{column.name}, {column.people}" if column.people else column.name,
                        links.series(vantage, target),
                    )
                    for vantage, column in zip(vantages, columns, strict=True)
                ),
            )
            for target in targets
        ),
    )


def _column(vantage: Vantage, links: Links, names: Mapping[Asn, str]) -> MatrixColumn:
    return MatrixColumn(
        name=name_of(vantage.probe_asn, names.get(vantage.probe_asn, "")),
        number=render_asn(vantage.probe_asn),
        people=words.tier(vantage.access_tier) if vantage.access_tier else "",
        href=links.network(vantage.probe_cc, vantage.probe_asn),
    )


def view_cell(standing: Standing, column: str, href: str) -> MatrixCell:
    """Lay out one cell."""
    count, rung = standing.count, standing.rung
    since = f" since {words.short_day(standing.since)}" if standing.since else ""
    share = count.interfered / count.informative if count.informative else 0.0
    return MatrixCell(
        column=column,
        rung=rung,
        word=LADDER[rung].word,
        symbol=LADDER[rung].symbol,
        count=f"{count.interfered:,} of {count.informative:,}{since}"
        if count.informative
        else (words.counted(count.total, "measurement") if count.total else ""),
        rate=round(100 * share),
        href=href if count.total else "",
    )
