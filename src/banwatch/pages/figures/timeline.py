"""Timeline: incidents as bars with the uncertainty of their ends, over each day's share of interference."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from banwatch.pages.figures.marks import MARKS
from banwatch.pages.figures.svg import INK, LINE, SOFT_INK, Canvas, number, text_width, wrapped
from banwatch.pages.wording import words
from banwatch.pages.wording.ladder import INTERFERENCE, Rung

_PAD, _LEFT, _PLOT = 14.0, 118.0, 560.0
_NARROW_PLOT = 218.0
_ROW, _SHARES, _SAMPLES = 22.0, 64.0, 18.0
_MAX_TICKS = 7
Position = Callable[[datetime], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Incident on a timeline."""

    label: str
    said: str
    onset: tuple[datetime, datetime]
    end: tuple[datetime, datetime] | None
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Content of a timeline."""

    title: str
    first: datetime
    last: datetime
    bars: tuple[Bar, ...]
    days: tuple[tuple[date, int, int, int], ...]
    """Day, measurements that show interference, that could tell, and all."""
    announced: tuple[date, ...] = ()

    @property
    def alt(self) -> str:
        """Return the message of the timeline in words."""
        counted = sum(interfered for _, interfered, _, _ in self.days)
        could_tell = sum(informative for _, _, informative, _ in self.days)
        said = f"{counted:,} of {could_tell:,} measurements that could tell show {INTERFERENCE}"
        incidents = words.counted(len(self.bars), "incident").capitalize()
        return f"{incidents} from {words.day(self.first.date())} to {words.day(self.last.date())}; {said}."


def draw_timeline(timeline: Timeline, *, narrow: bool = False) -> str:
    """Draw a timeline as SVG."""
    canvas = Canvas()
    plot = _NARROW_PLOT if narrow else _PLOT
    span = max((timeline.last - timeline.first).total_seconds(), 86_400.0)

    def x(at: datetime) -> float:
        share = (at - timeline.first).total_seconds() / span
        return _LEFT + plot * min(max(share, 0.0), 1.0)

    y = _PAD + 4
    for line in wrapped(timeline.title, 13, plot + _LEFT - _PAD):
        canvas.text(_PAD, y + 8, line, font_size=13.0, font_weight="bold")
        y += 18
    top = y
    for bar in timeline.bars:
        canvas.text(_LEFT - 8, y + 14, bar.label, text_anchor="end", title=bar.said)
        fill = MARKS[Rung.SILENT if bar.silent else Rung.LIKELY_BLOCKED].fill
        begin, sure = x(bar.onset[0]), x(bar.onset[1])
        end, over = (x(bar.end[0]), x(bar.end[1])) if bar.end else (x(timeline.last), x(timeline.last))
        end = max(end, sure)
        canvas.path(_box(begin, y + 5, max(over - begin, 2.0), 12), fill=fill, fill_opacity=".35")
        canvas.path(_box(sure, y + 5, max(end - sure, 2.0), 12), fill=fill)
        if bar.end is None:
            canvas.path(f"M{number(end)} {number(y + 3)}l8 8l-8 8z", fill=fill)
        y += _ROW
    y = _shares(canvas, timeline, x, y + 8, plot)
    for day in timeline.announced:
        at = number(x(datetime.combine(day, time(), UTC)))
        canvas.path(
            f"M{at} {number(top)}V{number(y)}", stroke=INK, stroke_width="1.4", stroke_dasharray="4 2"
        )
    y = _ticks(canvas, timeline, x, y, plot)
    notes = ["Pale ends: the time in which it began or ended.", "Arrow: still so when last measured."]
    if timeline.announced:
        notes.append("Dashed: announced.")
    for line in wrapped(" ".join(notes), 10.5, plot + _LEFT - _PAD):
        canvas.text(_PAD, y + 10, line, font_size=10.5, fill=SOFT_INK)
        y += 14
    return canvas.finish(_LEFT + plot + _PAD + 8, y + 8, timeline.alt)


def _shares(canvas: Canvas, timeline: Timeline, x: Position, y: float, plot: float) -> float:
    """Draw each day's share of interference as a column, and the number of measurements below it."""
    canvas.text(_LEFT - 8, y + 12, "Share", text_anchor="end")
    canvas.text(_LEFT - 8, y + 26, INTERFERENCE, text_anchor="end", fill=SOFT_INK, font_size=10.5)
    most = max((total for *_, total in timeline.days), default=1) or 1
    days = max((timeline.last.date() - timeline.first.date()).days + 1, 1)
    wide = max(plot / days - 1, 0.8)
    shares, samples = "", ""
    for day, interfered, informative, total in timeline.days:
        left = x(datetime.combine(day, time(), UTC))
        if informative and interfered:
            high = _SHARES * interfered / informative
            shares += _box(left, y + _SHARES - high, wide, high)
        samples += _box(left, y + _SHARES + 6, wide, max(_SAMPLES * total / most, 1.0))
    base = y + _SHARES
    canvas.path(
        f"M{number(_LEFT)} {number(y)}h{number(plot)}M{number(_LEFT)} {number(base)}h{number(plot)}",
        stroke=LINE,
    )
    canvas.path(shares, fill=MARKS[Rung.LIKELY_BLOCKED].fill)
    canvas.path(samples, fill="#8d97a5")
    canvas.text(_LEFT + plot + 3, y + 8, "100 %", font_size=9.0, fill=SOFT_INK, text_anchor="end")
    canvas.text(_LEFT - 8, base + 18, f"n (≤ {most:,})", text_anchor="end", fill=SOFT_INK, font_size=10.5)
    return base + 6 + _SAMPLES + 4


def _ticks(canvas: Canvas, timeline: Timeline, x: Position, y: float, plot: float) -> float:
    days = (timeline.last.date() - timeline.first.date()).days + 1
    most = _MAX_TICKS if plot > _NARROW_PLOT else 3
    every = max(1, -(-days // most))
    free_from = 0.0
    for offset in range(0, days, every):
        day = timeline.first.date() + timedelta(days=offset)
        label = words.day(day) if offset == 0 else words.short_day(day)
        at = x(datetime.combine(day, time(), UTC))
        half = text_width(label, 10.5) / 2
        if at - half < free_from:
            continue
        canvas.text(max(at, half), y + 12, label, font_size=10.5, text_anchor="middle", fill=SOFT_INK)
        free_from = at + half + 6
    return y + 20


def _box(x: float, y: float, wide: float, high: float) -> str:
    return f"M{number(x)} {number(y)}h{number(wide)}v{number(high)}h{number(-wide)}z"
