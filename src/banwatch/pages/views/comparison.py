"""The comparison as a table: a row for each target, a column for each vantage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import TargetName
from banwatch.pages.days import DayCount, DayKey, total_of
from banwatch.pages.links import Links
from banwatch.pages.vantages import ComparisonColumn, Vantage, vantage_of
from banwatch.pages.views.mechanism import MechanismView, view_mechanisms
from banwatch.pages.wording import words

_SYMBOLS = {Measured.ENFORCED: "●", Measured.PARTLY: "◐", Measured.NOT_ENFORCED: "○", Measured.NO_DATA: "–"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """Cell of the comparison, ready to print."""

    column: str
    """Heading of the column, for screens that do not show it."""
    measured: str
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
    """Address of a measurement that shows interference, else of the last day's measurements."""
    witness_word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """Row of the comparison: one target, with a cell for each column."""

    target: str
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
    return CellView(
        column=f"{column.heading}, {column.network}",
        measured=words.measured(row.measured, announced=row.announced),
        css=row.measured.value.replace("_", "-"),
        symbol=_SYMBOLS[row.measured],
        since=since,
        since_exact=exact,
        relation=words.listed([words.relation(name) for name in row.relation]),
        mechanisms=view_mechanisms(row.mechanisms),
        count=f"{row.interfered:,} of {row.measurements:,}",
        count_words=f"{row.interfered:,} of the {row.measurements:,} measurements that could tell "
        "showed interference",
        witness=witness or last,
        witness_word="a witness" if witness else "the last ones",
    )


def _undecided_cell(column: ComparisonColumn, total: DayCount, last: str) -> CellView:
    """Return a cell without an answer, with the reason: no measurement, or none that can decide."""
    said = words.measured(Measured.NO_DATA, announced=True)
    most = max(total.down, total.impaired, total.unclear)
    if most:
        said = {total.unclear: "Cannot tell", total.impaired: "Not working, cause unclear"}.get(most, "")
        said = "Down for everybody" if total.down == most else said
    return CellView(
        column=f"{column.heading}, {column.network}",
        measured=said,
        css="no-data",
        symbol=_SYMBOLS[Measured.NO_DATA],
        since="",
        since_exact="",
        relation="",
        mechanisms=(),
        count=f"{most:,} of {total.total:,}" if total.total else "",
        count_words=f"{most:,} of {total.total:,} measurements say so; none can tell of a block",
        witness=last if total.total else "",
        witness_word="the last ones",
    )


def _since(row: Comparison) -> tuple[str, str]:
    if row.since is None:
        return "", ""
    if row.since_known:
        said, exact = f"since {words.between(*row.since)}", words.exact_between(*row.since)
    else:
        first = row.since[0]
        said = f"since before {words.day(first.date())}"
        exact = f"already so in the first measurement, {words.exact(row.since[1])}"
    if row.until is not None:
        said += f", until {words.between(*row.until)}"
        exact += f"; until {words.exact_between(*row.until)}"
    return said, exact
