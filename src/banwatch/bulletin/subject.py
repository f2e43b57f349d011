"""The subject of a bulletin, a ban or an incident, and its front page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from banwatch.model.ban import Ban
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Change, Incident
from banwatch.pages.days import DayCount, DayKey
from banwatch.pages.figures.ban_figures import ChartScope, charts, picture_view
from banwatch.pages.figures.chart import Chart
from banwatch.pages.figures.draw import draw_png, draw_svg
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links, chart_path
from banwatch.pages.vantages import ComparisonColumn, Vantage
from banwatch.pages.views.details import Detail

Pictures = Sequence[PictureView]
Checks = Sequence[Detail]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Drawn chart: for a page with links, for a page without, and as files."""

    linked: PictureView
    plain: PictureView
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinSubject:
    """Subject of a bulletin, and the rendering of its front page."""

    id: str
    title: str
    countries: tuple[CountryCode, ...]
    scope: ChartScope
    vantages: frozenset[Vantage]
    since: datetime | None
    until: datetime | None
    """Measurements in [since, until) belong to the subject; None is without limit."""
    days: Mapping[DayKey, DayCount] = field(repr=False)
    incidents: tuple[Incident, ...]
    bans: tuple[Ban, ...]
    changes: tuple[Change, ...] = field(repr=False)
    labs: Mapping[str, int]
    recorded: bool
    render: Callable[[Links, Checks, Pictures], str] = field(repr=False)

    def draw(self, links: Links) -> list[Drawn]:
        """Draw every chart of the subject."""
        drawn = []
        for column, chart in charts(self.scope, self.days, self.changes, links):
            drawn.append(_draw(self.scope, column, chart, links))
        return drawn


def _draw(scope: ChartScope, column: ComparisonColumn, chart: Chart, links: Links) -> Drawn:
    drawing = draw_svg(chart)
    return Drawn(
        linked=picture_view(scope, column, chart, drawing, links),
        plain=picture_view(scope, column, chart, replace(drawing, inline=drawing.standalone), links),
        files={
            chart_path(column.vantage, "svg"): drawing.standalone.encode(),
            chart_path(column.vantage, "png"): draw_png(chart),
        },
    )
