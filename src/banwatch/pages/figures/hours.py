"""Picture of an incident: measurements by the hour before, during and after it, and its brackets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from banwatch.pages.figures.marks import PathsOfRungs, square
from banwatch.pages.figures.svg import INK, SOFT_INK, Canvas, number, text_width, wrapped
from banwatch.pages.wording import ladder, moments, words
from banwatch.pages.wording.ladder import Rung

MAX_BINS = 120
"""Squares in a row at most: more are too small to see."""
_PAD, _PLOT, _NARROW_PLOT = 14.0, 600.0, 322.0
_ROW, _BRACKET = 16.0, 5.0
Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourRow:
    """Row of the picture: a target on a network."""

    label: str
    bins: tuple[Rung, ...]
    onset: Interval | None
    end: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HourPicture:
    """Content of the picture."""

    title: str
    alt: str
    country: str
    since: datetime
    bin_hours: int
    rows: tuple[HourRow, ...]
    footer: str = ""

    @property
    def until(self) -> datetime:
        """Return the end of the last square."""
        count = max((len(row.bins) for row in self.rows), default=1)
        return self.since + timedelta(hours=self.bin_hours * count)


def draw_hours(picture: HourPicture, *, narrow: bool = False) -> str:
    """Draw the picture as SVG; labels stand above their rows, so that a phone has room for the hours."""
    canvas = Canvas()
    plot = _NARROW_PLOT if narrow else _PLOT
    span = (picture.until - picture.since).total_seconds()
    count = max((len(row.bins) for row in picture.rows), default=1)
    step = plot / count
    paths = PathsOfRungs()

    def x(at: datetime) -> float:
        share = (at - picture.since).total_seconds() / span
        return _PAD + plot * min(max(share, 0.0), 1.0)

    y = _PAD + 4
    for line in wrapped(picture.title, 13, plot):
        canvas.text(_PAD, y + 8, line, font_size=13.0, font_weight="bold")
        y += 18
    for row in picture.rows:
        canvas.text(_PAD, y + 11, row.label)
        y += 15
        for index, rung in enumerate(row.bins):
            if rung is not Rung.NOT_MEASURED:
                paths.add(rung, _PAD + step * (index + 0.5), y + _ROW / 2)
        canvas.path(f"M{number(_PAD)} {number(y + _ROW)}h{number(plot)}", stroke="#dcd9d2", stroke_width=".6")
        for interval in (row.onset, row.end):
            if interval:
                left, right = x(interval[0]), max(x(interval[1]), x(interval[0]) + 1.5)
                down = f"M{number(left)} {number(y + _ROW + 1)}v{number(_BRACKET)}"
                data = f"{down}H{number(right)}v{number(-_BRACKET)}"
                canvas.path(data, fill="none", stroke=INK, stroke_width="1.4")
        y += _ROW + _BRACKET + 6
    gap = 1.0 if step > 5 else 0.0
    paths.draw(canvas, step - gap, _ROW - 2, names_from=f"{picture!r}{narrow}")
    y = _ticks(canvas, picture, x, y, 3 if narrow else 6)
    y = _legend(canvas, picture, y, plot)
    for line in wrapped(f"Brackets: the time in which it began or ended. {picture.footer}", 10.5, plot):
        canvas.text(_PAD, y + 9, line, font_size=10.5, fill=SOFT_INK)
        y += 14
    return canvas.finish(2 * _PAD + plot, y + 8, picture.alt)


def _ticks(
    canvas: Canvas, picture: HourPicture, x: Callable[[datetime], float], y: float, most: int
) -> float:
    """Label days in the time of the place."""
    first = moments.local(picture.since, picture.country)
    days = max(1, round((picture.until - picture.since) / timedelta(days=1)))
    every = max(1, -(-days // most))
    free_from = 0.0
    at = (first + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    while at < picture.until:
        label = words.day(at.date()) if free_from == 0.0 else words.short_day(at.date())
        half = text_width(label, 10.5) / 2
        place = x(at)
        canvas.path(f"M{number(place)} {number(y - 4)}v5", stroke=SOFT_INK, stroke_width=".8")
        if place - half > free_from:
            canvas.text(max(place, half), y + 11, label, font_size=10.5, text_anchor="middle", fill=SOFT_INK)
            free_from = place + half + 6
        at += timedelta(days=every)
    return y + 20


def _legend(canvas: Canvas, picture: HourPicture, y: float, plot: float) -> float:
    present = {rung for row in picture.rows for rung in row.bins} - {Rung.NOT_MEASURED}
    x = _PAD
    for rung in (rung for rung in Rung if rung in present):
        wide = 34 + text_width(ladder.word(rung), 11.5)
        if x > _PAD and x + wide > plot + _PAD:
            x, y = _PAD, y + 20
        canvas.add(f'<g transform="translate({number(x + 8)} {number(y + 8)})">{square(rung, 16, 14)}</g>')
        canvas.text(x + 21, y + 12, ladder.word(rung))
        x += wide
    return y + 24
