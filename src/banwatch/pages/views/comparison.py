"""The comparison as a table: a row for each target, a column for each vantage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import TargetName
from banwatch.pages.days import DayCount, DayKey, total_of
from banwatch.pages.links import Links
from banwatch.pages.vantages import ComparisonColumn, Vantage, vantage_of
from banwatch.pages.views.mechanism import MechanismView, view_mechanisms
from banwatch.pages.wording import ladder, moments, words
from banwatch.pages.wording.ladder import LADDER, Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """Cell of the comparison, ready to print."""

    column: str
    """Heading of the column, for screens that do not show it."""
    measured: str
    rung: Rung
    css: str
    symbol: str
    since: str
    since_exact: str
    relation: str
    """Departure from the announcement; empty where there is none."""
    mechanisms: tuple[MechanismView, ...]
    count: str
    """`29 of 36`: measurements that show interference, of those that could."""
    count_words: str
    witness: str
    """Address of an example: a measurement that shows interference, else the last day's measurements."""
    witness_word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """Row of the comparison: one target, with a cell for each column."""

    target: str
    href: str
    """Address of the target's page; empty where there is none."""
    note: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Group of rows with the same relation to the announcement."""

    title: str
    rows: tuple[RowView, ...]


def view_group(
    title: str,
    targets: Sequence[TargetName],
    rows: Sequence[Comparison],
    columns: Sequence[ComparisonColumn],
    days: Mapping[DayKey, DayCount],
    links: Links,
) -> GroupView:
    """Compute the rows of a group of targets.

    Args:
        title: the heading of the group.
        targets: in the order in which they are shown.
        rows: the comparison.
        columns: its columns.
        days: the counts of each day, for cells in which the comparison has no answer.
        links: the page's neighbours.
    """
    by_vantage = {(row.target, vantage_of(row)): row for row in rows}
    totals = total_of(days)
    last_day: dict[tuple[Vantage, TargetName], DayKey] = {}
    for key in sorted(days):
        last_day[key.vantage, key.target] = key
    lines = []
    for target in targets:

        def last(column: ComparisonColumn, target: TargetName = target) -> str:
            key = last_day.get((column.vantage, target))
            return links.day(key) if key else ""

        found = [by_vantage.get((target, column.vantage)) for column in columns]
        category = next((row.category for row in found if row and row.category), "")
        lines.append(
            RowView(
                target=words.visible(target, 80),
                href=links.target(target),
                note=words.category(category) if category else "",
                cells=tuple(
                    _cell(column, row, last(column), links)
                    if row and row.measured is not Measured.NO_DATA
                    else _undecided_cell(
                        column, totals.get((column.vantage, target), DayCount()), last(column)
                    )
                    for column, row in zip(columns, found, strict=True)
                ),
            )
        )
    return GroupView(title=title, rows=tuple(lines))


def _cell(column: ComparisonColumn, row: Comparison, last: str, links: Links) -> CellView:
    witness = links.measurement(row.witness) if row.witness else ""
    since, exact = _since(row)
    rung = ladder.of_comparison(row)
    return CellView(
        column=f"{column.heading}, {column.network}",
        measured=ladder.against_announcement(rung) if row.announced else ladder.word(rung),
        rung=rung,
        css=rung.css,
        symbol=LADDER[rung].symbol,
        since=since,
        since_exact=exact,
        relation=words.listed([words.relation(name) for name in row.relation]),
        mechanisms=view_mechanisms(row.mechanisms, links),
        count=count_of(row),
        count_words=f"{row.interfered:,} of the {row.measurements:,} measurements that could tell "
        f"showed {ladder.INTERFERENCE}",
        witness=witness or last,
        witness_word="an example" if witness else "the last day’s",
    )


def _undecided_cell(column: ComparisonColumn, total: DayCount, last: str) -> CellView:
    """Return a cell without an answer, with the reason: no measurement, or none that can decide."""
    rung = total.rung if total.total else Rung.NOT_MEASURED
    most = {Rung.DOWN: total.down, Rung.IMPAIRED: total.impaired, Rung.SILENT: total.silent}.get(
        rung, total.unclear
    )
    return CellView(
        column=f"{column.heading}, {column.network}",
        measured=ladder.word(rung),
        rung=rung,
        css=rung.css,
        symbol=LADDER[rung].symbol,
        since="",
        since_exact="",
        relation="",
        mechanisms=(),
        count=f"{most:,} of {total.total:,}" if total.total else "",
        count_words=f"{most:,} of {total.total:,} measurements say so; none can tell of a block",
        witness=last if total.total else "",
        witness_word="the last day’s",
    )


def count_of(row: Comparison) -> str:
    """Write a row's counts with their denominators: `33 of 33 since, 0 of 20 before`."""
    if not row.during or row.during == row.measurements:
        return f"{row.interfered:,} of {row.measurements:,}"
    here, there = ("while it lasted", "before and after") if row.until else ("since", "before")
    outside = row.measurements - row.during
    rest = row.interfered - row.interfered_during
    return f"{row.interfered_during:,} of {row.during:,} {here}, {rest:,} of {outside:,} {there}"


def _since(row: Comparison) -> tuple[str, str]:
    if row.since is None:
        return "", ""
    cc = row.probe_cc
    if row.since_known:
        said, exact = f"since {moments.between(*row.since, cc)}", moments.exactly(*row.since, cc)
    else:
        said = f"since before {words.day(moments.local(row.since[0], cc).date())}"
        exact = f"already so in the first measurement, {moments.moment(row.since[1], cc)}"
    if row.until is not None:
        said += f", until {moments.between(*row.until, cc)}"
        exact += f"; until {moments.exactly(*row.until, cc)}"
    return said, exact
