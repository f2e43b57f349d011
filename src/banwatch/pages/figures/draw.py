"""Drawing of charts: compact SVG, one path a state, and PNG for print and for channels that take no SVG."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from banwatch.pages.figures.chart import Chart, Square
from banwatch.pages.figures.marks import PathsOfRungs, square
from banwatch.pages.figures.svg import INK, SOFT_INK, Canvas, number, text_width, wrapped
from banwatch.pages.wording import ladder, words
from banwatch.pages.wording.ladder import Rung

MAX_LINKS = 300
"""Squares of one chart that are links at most, each some 150 bytes; the page's tables lead there too."""
_PNG_SCALE = 2.0
_PAD = 14.0
_FEW_DAYS = 18
"""Number of days up to which squares are wide."""
_NARROW_PX = 350.0
"""Width of a drawing for a phone."""
_TITLE_PX, _SUBTITLE_PX, _LABEL_PX = 14.5, 11.5, 11.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Drawings of a chart."""

    inline: str
    """The drawing for a page, in which squares are links."""
    narrow: str
    """The drawing for a phone: targets above their squares, no links."""
    standalone: str
    """The drawing for a file of its own, without links."""


def draw_svg(chart: Chart) -> Drawing:
    """Draw the chart as SVG."""
    return Drawing(
        inline=_Layout(chart, narrow=False, linked=True).draw(),
        narrow=_Layout(chart, narrow=True, linked=False).draw(),
        standalone=_Layout(chart, narrow=False, linked=False).draw(),
    )


def draw_png(chart: Chart) -> bytes:
    """Draw the chart as a PNG at twice the size of the SVG, for print and for channels without SVG."""
    return png_of(draw_svg(chart).standalone)


def png_of(svg: str) -> bytes:
    """Draw an SVG of this package as PNG; vl-convert is loaded at the first use, as it takes some 70 MB."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg, scale=_PNG_SCALE))


class _Layout:
    """Places of one drawing of a chart."""

    def __init__(self, chart: Chart, *, narrow: bool, linked: bool) -> None:
        self.chart, self.narrow, self.linked = chart, narrow, linked
        self.column = {day: index for index, day in enumerate(chart.days)}
        names = [words.visible(name, 40) for band in chart.bands for name in band.targets]
        longest = max((text_width(name, _LABEL_PX) for name in names), default=0.0)
        if narrow:
            self.left = _PAD
            self.step = (_NARROW_PX - 2 * _PAD) / max(len(chart.days), 10)
        else:
            self.left = _PAD + min(max(longest, 90.0), 230.0) + 8
            self.step = 36.0 if len(chart.days) <= _FEW_DAYS else 24.0 if len(chart.days) <= 40 else 16.0
        self.high = 22.0 if not narrow else 18.0
        self.right = self.left + self.step * len(chart.days)
        self.width = _NARROW_PX if narrow else max(self.right + _PAD, 430.0)
        self.canvas = Canvas()
        self.paths = PathsOfRungs()
        self.links: list[str] = []

    def draw(self) -> str:
        """Return the drawing."""
        y = self._title()
        top = y = self._marks(y)
        squares: defaultdict[str, list[Square]] = defaultdict(list)
        for one in self.chart.squares:
            squares[one.target].append(one)
        linked = sum(bool(one.href) for one in self.chart.squares) <= MAX_LINKS
        for band in self.chart.bands:
            y += 15
            for line in wrapped(band.title, _LABEL_PX, self.width - 2 * _PAD):
                self.canvas.text(_PAD, y, line, font_style="italic", fill=SOFT_INK)
                y += 14
            y -= 8
            for target in band.targets:
                y = self._row(target, squares[target], y, linked=linked)
            y += 4
        self.paths.draw(self.canvas, self.step - 2, self.high - 2, names_from=f"{self.chart!r}{self.narrow}")
        self._rule(top, y)
        y = self._days(y)
        y = self._legend(y)
        y = self._footer(y)
        if self.links:
            self.canvas.add(f'<g fill-opacity="0">{"".join(self.links)}</g>')
        return self.canvas.finish(self.width, y + _PAD - 6, self.chart.alt)

    def _title(self) -> float:
        y = _PAD + 12
        for line in wrapped(self.chart.title, _TITLE_PX, self.width - 2 * _PAD):
            self.canvas.text(_PAD, y, line, font_size=_TITLE_PX, font_weight="bold")
            y += 18
        for line in wrapped(self.chart.subtitle, _SUBTITLE_PX, self.width - 2 * _PAD):
            self.canvas.text(_PAD, y, line, fill=SOFT_INK)
            y += 15
        return y + 2

    def _marks(self, y: float) -> float:
        """Label the announcement and the days without an answer, each on its line, above the squares."""
        labels = []
        if self.chart.announced in self.column:
            labels.append((self._x(self.chart.announced), "announced from here"))
        silent = [day for day in self.chart.shutdown if day in self.column]
        if silent:
            labels.append((self._x(silent[0]), ladder.in_a_sentence(Rung.SILENT)))
        for at, label in labels:
            wide = text_width(label, 10.5)
            x, anchor = (at + 3, "start") if at + wide < self.width - _PAD else (at + self.step, "end")
            self.canvas.text(x, y + 8, f"↓ {label}", font_size=10.5, text_anchor=anchor)
            y += 14
        return y

    def _x(self, day: date | None) -> float:
        return self.left + self.step * self.column[day] if day is not None else self.left

    def _row(self, target: str, squares: Sequence[Square], y: float, *, linked: bool) -> float:
        name = words.visible(target, 40)
        summary = summarise(target, squares)
        if self.narrow:
            self.canvas.text(_PAD, y + 11, name, title=summary)
            y += 15
        else:
            self.canvas.text(self.left - 8, y + 15, name, title=summary, text_anchor="end")
        wide, high = self.step - 2, self.high - 2
        for one in squares:
            x = self._x(one.day) + 1
            self.paths.add(one.rung, x + wide / 2, y + 1 + high / 2)
            if self.linked and linked and one.href:
                corner = f"M{number(x)} {number(y + 1)}h{number(wide)}v{number(high)}h{number(-wide)}z"
                said = f"{words.short_day(one.day)}: {ladder.in_a_sentence(one.rung)}"
                self.links.append(
                    f'<a href="{escape(one.href)}" tabindex="-1"><path d="{corner}">'
                    f"<title>{escape(said)}</title></path></a>"
                )
        return y + self.high

    def _rule(self, top: float, bottom: float) -> None:
        if self.chart.announced in self.column:
            x = number(self._x(self.chart.announced))
            data = f"M{x} {number(top)}V{number(bottom)}"
            self.canvas.path(data, stroke=INK, stroke_width="1.6", stroke_dasharray="4 2")

    def _days(self, y: float) -> float:
        """Label the days, as many as there is room for."""
        every = max(1, int(-(-24 // self.step)))
        free_from = self.left
        for index, day in enumerate(self.chart.days):
            if index % every:
                continue
            label = words.short_day(day) if index == 0 or day.day <= every else str(day.day)
            x = self._x(day) + self.step / 2
            half = text_width(label, 10.5) / 2
            if x - half < free_from and index:
                continue
            self.canvas.text(
                max(x, half + 2), y + 12, label, font_size=10.5, text_anchor="middle", fill=SOFT_INK
            )
            free_from = x + half + 3
        return y + 22

    def _legend(self, y: float) -> float:
        present = {one.rung for one in self.chart.squares}
        x = _PAD
        for rung in (rung for rung in Rung if rung in present):
            said = ladder.word(rung)
            wide = 24 + text_width(said, _LABEL_PX) + 12
            if x > _PAD and x + wide > self.width - _PAD:
                x, y = _PAD, y + 22
            self.canvas.add(
                f'<g transform="translate({number(x + 8)} {number(y + 8)})">{square(rung, 16, 16)}</g>'
            )
            self.canvas.text(x + 22, y + 12, said)
            x += wide
        return y + 24

    def _footer(self, y: float) -> float:
        if not self.chart.footer:
            return y
        for line in wrapped(self.chart.footer, 10, self.width - 2 * _PAD):
            self.canvas.text(_PAD, y + 8, line, font_size=10.0, fill=SOFT_INK)
            y += 13
        return y + 4


def summarise(target: str, squares: Sequence[Square]) -> str:
    """Describe a row of squares by its runs: `bbc.com: reachable 27–31 Mar; likely blocked 1–10 Apr`."""
    runs: list[tuple[Rung, date, date]] = []
    for one in squares:
        if runs and runs[-1][0] is one.rung:
            runs[-1] = (one.rung, runs[-1][1], one.day)
        else:
            runs.append((one.rung, one.day, one.day))
    said = []
    for rung, first, last in runs:
        when = (
            words.short_day(first)
            if first == last
            else f"{words.short_day(first)} to {words.short_day(last)}"
        )
        said.append(f"{ladder.in_a_sentence(rung)} {when}")
    return f"{words.visible(target, 60)}: {'; '.join(said)}"
