"""What a bulletin is about, and the front page that says it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from banwatch.model.ban import Ban
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Change, Incident
from banwatch.pages.figures.ban_figures import Scene, charts, picture_view
from banwatch.pages.figures.chart import Chart
from banwatch.pages.figures.days import DayCount, DayKey
from banwatch.pages.figures.draw import draw_png, draw_svg
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links, chart_path
from banwatch.pages.places import Column, Place
from banwatch.pages.views.facts import Fact

Pictures = Sequence[PictureView]
Checks = Sequence[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture, in the page with links and without, and as files."""

    linked: PictureView
    plain: PictureView
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What a bulletin is about, and how its first page is laid out."""

    id: str
    title: str
    countries: tuple[CountryCode, ...]
    scene: Scene
    places: frozenset[Place]
    since: datetime | None
    until: datetime | None
    """Measurements in [since, until) belong to it; None is without end."""
    days: Mapping[DayKey, DayCount] = field(repr=False)
    incidents: tuple[Incident, ...]
    bans: tuple[Ban, ...]
    changes: tuple[Change, ...] = field(repr=False)
    labs: Mapping[str, int]
    recorded: bool
    render: Callable[[Links, Checks, Pictures], str] = field(repr=False)

    def draw(self, links: Links) -> list[Drawn]:
        """Draw every picture of the scene."""
        drawn = []
        for column, chart in charts(self.scene, self.days, self.changes, links):
            drawn.append(_draw(self.scene, column, chart, links))
        return drawn


def _draw(scene: Scene, column: Column, chart: Chart, links: Links) -> Drawn:
    drawing = draw_svg(chart)
    return Drawn(
        linked=picture_view(scene, column, chart, drawing.inline, links),
        plain=picture_view(scene, column, chart, drawing.standalone, links),
        files={
            chart_path(column.place, "svg"): drawing.standalone.encode(),
            chart_path(column.place, "png"): draw_png(chart),
        },
    )
