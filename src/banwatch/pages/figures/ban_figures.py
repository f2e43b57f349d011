"""Charts of a ban or an incident: one for each column of the comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from banwatch.model.ids import TargetName
from banwatch.model.incident import Change, IncidentKind
from banwatch.pages.days import DayCount, DayKey
from banwatch.pages.figures.chart import Band, Chart, Square
from banwatch.pages.figures.draw import Drawing
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links
from banwatch.pages.vantages import ComparisonColumn, Vantage
from banwatch.pages.wording import ladder, words
from banwatch.pages.wording.ladder import Rung

MAX_DAYS = 62
"""Days that a chart shows at most, those nearest the change: more squares in a row are too small to read."""


MAX_SQUARES = 3_000
"""Squares in all charts of a page at most: each is some 30 bytes in a drawing, 180 where it is a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartScope:
    """Targets and vantages that the charts of a ban or an incident show."""

    subject_id: str
    """Id of the ban or incident."""
    columns: tuple[ComparisonColumn, ...]
    bands: tuple[Band, ...]
    begins: date | None
    """The day from which the restriction was announced."""
    lab: bool
    recorded: bool

    @property
    def targets(self) -> frozenset[str]:
        """Return every target in scope."""
        return frozenset(target for band in self.bands for target in band.targets)


def drawn_columns(scope: ChartScope, days: Mapping[DayKey, DayCount]) -> tuple[ComparisonColumn, ...]:
    """Choose the columns whose charts a page shows: the first ones, up to `MAX_SQUARES`, at least one."""
    counts = {key: count for key, count in days.items() if key.target in scope.targets}
    if not counts:
        return scope.columns
    squares = len(scope.targets) * len(_shown_days(scope, counts))
    return scope.columns[: max(1, MAX_SQUARES // squares)]


def charts(
    scope: ChartScope, days: Mapping[DayKey, DayCount], changes: Sequence[Change], links: Links
) -> list[tuple[ComparisonColumn, Chart]]:
    """Lay out a chart for each column.

    Args:
        scope: the targets and vantages to show.
        days: the counts of each day.
        changes: among them the shutdowns, which are marked.
        links: addresses that the squares lead to.
    """
    targets = scope.targets
    counts = {key: count for key, count in days.items() if key.target in targets}
    if not counts:
        return []
    shown = _shown_days(scope, counts)
    return [(column, _chart(scope, column, shown, counts, changes, links)) for column in scope.columns]


def _shown_days(scope: ChartScope, days: Mapping[DayKey, DayCount]) -> tuple[date, ...]:
    """Return the days from the first measurement to the last, or those around the announcement."""
    first, last = min(key.day for key in days), max(key.day for key in days)
    if (last - first).days >= MAX_DAYS:
        centre = scope.begins if scope.begins and first <= scope.begins <= last else last
        first = max(first, centre - timedelta(days=MAX_DAYS // 3))
        last = min(last, first + timedelta(days=MAX_DAYS - 1))
    return tuple(first + timedelta(days=offset) for offset in range((last - first).days + 1))


def _chart(
    scope: ChartScope,
    column: ComparisonColumn,
    shown: tuple[date, ...],
    days: Mapping[DayKey, DayCount],
    changes: Sequence[Change],
    links: Links,
) -> Chart:
    squares = []
    for band in scope.bands:
        for target in band.targets:
            for day in shown:
                key = DayKey(column.vantage, TargetName(target), day)
                count = days.get(key, DayCount())
                squares.append(
                    Square(
                        target=target,
                        day=day,
                        rung=count.rung,
                        note=describe_square(target, day, count),
                        href=links.day(key) if count.total else "",
                    )
                )
    shutdown = shutdown_days(column.vantage, changes)
    marks = [mark for mark, said in (("made in a lab", scope.lab), ("recording", scope.recorded)) if said]
    years = "–".join(dict.fromkeys(str(day.year) for day in (shown[0], shown[-1])))
    return Chart(
        title=f"{column.heading} ({column.network}): day by day",
        subtitle=" · ".join(["Banwatch", scope.subject_id, *marks, f"days in UTC, {years}"]),
        alt=alternative_text(column, squares, scope.begins, shutdown),
        days=shown,
        bands=scope.bands,
        squares=tuple(squares),
        announced=scope.begins,
        shutdown=shutdown,
    )


def describe_square(target: str, day: date, count: DayCount) -> str:
    """Describe a square in words."""
    said = f"{words.visible(target, 60)}, {words.day(day)}: {ladder.in_a_sentence(count.rung)}"
    if count.total:
        total = words.counted(count.total, "measurement")
        said += f" ({count.interfered} of {total} showed {ladder.INTERFERENCE})"
    return said


def shutdown_days(vantage: Vantage, changes: Sequence[Change]) -> tuple[date, ...]:
    """List the days on which a shutdown of the vantage's network was certainly on, in part or in whole."""
    found: set[date] = set()
    for change in changes:
        if change.kind is not IncidentKind.SHUTDOWN:
            continue
        if (change.probe_cc, change.probe_asn, change.access_tier) != (
            vantage.probe_cc,
            vantage.probe_asn,
            vantage.access_tier,
        ):
            continue
        start = change.onset_latest.astimezone(UTC)
        end = (change.end_earliest or change.onset_latest).astimezone(UTC)
        found.update(
            start.date() + timedelta(days=offset) for offset in range((end.date() - start.date()).days + 1)
        )
    return tuple(sorted(found))


def alternative_text(
    column: ComparisonColumn, squares: Sequence[Square], begins: date | None, shutdown: Sequence[date]
) -> str:
    """Return the alternative text of a chart: its message in one sentence."""
    last_day = max((square.day for square in squares if square.rung is not Rung.NOT_MEASURED), default=None)
    if last_day is None:
        return f"{column.label}: nothing was measured."
    last = [square for square in squares if square.day == last_day]
    blocked = sum(square.rung.accuses for square in last)
    reachable = sum(square.rung is Rung.OK for square in last)
    said = (
        f"For {column.label}, on {words.day(last_day)}, {_of(blocked, len(last))} interfered with and "
        f"{words.number(reachable) if reachable else 'none'} reachable"
    )
    first_day = min(square.day for square in squares)
    if begins and first_day < begins:
        before = {square.target for square in squares if square.day < begins and square.rung.accuses}
        said += f"; before {words.day(begins)} {_of(len(before), len(last))} interfered with"
    if shutdown:
        said += f"; nothing got any answer on {words.listed([words.day(day) for day in shutdown], 4)}"
    return said + "."


def _of(count: int, total: int) -> str:
    some = words.number(count) if count else "none"
    return f"{some} of the {words.counted(total, 'site')} {'was' if count < 2 else 'were'}"


def picture_view(
    scope: ChartScope,
    column: ComparisonColumn,
    chart: Chart,
    drawing: Drawing,
    links: Links,
    *,
    linked: bool = True,
    files: bool = True,
) -> PictureView:
    """Return the view of a drawn chart; without links it is a third as large."""
    linked = linked and "<a " in drawing.inline
    return PictureView(
        heading=f"{column.heading}, {column.network}",
        caption="Each square leads to that day’s measurements." if linked else "",
        alt=chart.alt,
        svg=drawing.inline if linked else drawing.standalone,
        narrow=drawing.narrow,
        svg_href=links.chart(scope.subject_id, column.vantage, "svg") if files else "",
        png_href=links.chart(scope.subject_id, column.vantage, "png") if files else "",
    )
