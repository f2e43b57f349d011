"""The page of a series: every day of one target from one vantage, with a way to each day's measurements."""

from dataclasses import dataclass

from banwatch.model.ids import TargetName
from banwatch.pages.days import fold_days
from banwatch.pages.links import Links
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.day import describe_vantage
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.views.places.matrix import MatrixCell, view_cell
from banwatch.pages.views.places.recent import Standing
from banwatch.pages.wording import words
from banwatch.pages.wording.ladder import Rung

MAX_DAYS = 400
"""Days of a page at most, the latest ones; the downloads have all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDay:
    """Line of a series: one day."""

    day: str
    machine_day: str
    measurements: str
    cell: MatrixCell


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPage:
    """Content of the page of a series."""

    title: str
    vantage: str
    target: str
    target_href: str
    notices: tuple[Notice, ...]
    days: tuple[SeriesDay, ...]
    rungs: frozenset[Rung]
    links: Links


def view_series(
    reader: Reader, vantage: Vantage, target: TargetName, links: Links, *, recorded: bool
) -> SeriesPage:
    """Compute the page of a series.

    Raises:
        NotFoundError: nothing of it was measured.
    """
    counts = fold_days(reader.daily_cells(vantage.probe_cc, targets=[target]))
    mine = sorted(
        ((key, count) for key, count in counts.items() if key.vantage == vantage),
        key=lambda one: one[0],
        reverse=True,
    )
    if not mine:
        raise NotFoundError("Nothing was measured there.")
    lines = tuple(
        SeriesDay(
            day=words.day(key.day),
            machine_day=key.day.isoformat(),
            measurements=f"{count.total:,}",
            cell=view_cell(Standing(count), words.day(key.day), links.day(key)),
        )
        for key, count in mine[:MAX_DAYS]
    )
    return SeriesPage(
        title=f"{words.visible(target, 80)}: {describe_vantage(vantage)}",
        vantage=describe_vantage(vantage),
        target=words.visible(target, 80),
        target_href=links.target(target),
        notices=notices_for(reader.labs((vantage.probe_cc,)), recorded=recorded),
        days=lines,
        rungs=frozenset(line.cell.rung for line in lines),
        links=links,
    )
