"""Chart of one vantage: a square for each target and day; states differ in colour, lightness and shape."""

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from banwatch.pages.days import DAY_WORDS, DayState
from banwatch.pages.wording import words

Spec = dict[str, object]

_FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_INK = "#1c1c1a"
_SOFT_INK = "#5c5a55"
_SQUARE_PX = 26
_WIDE_SQUARE_PX = 36
_FEW_DAYS = 18
"""Number of days up to which squares are wide."""
_MAX_DAY_LABELS = 31
_LEGEND_SQUARE_PX = 44
"""Width of a legend's square with the margins of its word."""
_LEGEND_CHARACTER_PX = 6.7
_LABELS_PX = 150
_TITLE_PX = 8.6
"""Width of a character in the title, of a wide font, as the reader's font is not known."""
_SUBTITLE_PX = 6.6
_MIN_TITLE_PX = 260
CELL_URL = "https://cell.invalid/"
"""Placeholder of a square's address in the specification, which `draw` replaces."""

_FILLS = {
    DayState.BLOCKED: "#8f2d0c",
    DayState.PARTLY: "#f0a860",
    DayState.OPEN: "#d5e5f2",
    DayState.SILENT: "#2b2b2b",
    DayState.DOWN: "#cfcdc8",
    DayState.UNCLEAR: "#efede8",
    DayState.NONE: "#ffffff",
}
_CROSS = "M-.6,-.8L0,-.2L.6,-.8L.8,-.6L.2,0L.8,.6L.6,.8L0,.2L-.6,.8L-.8,.6L-.2,0L-.8,-.6Z"
_RING = "M.45,0A.45,.45,0,1,1,-.45,0A.45,.45,0,1,1,.45,0M.22,0A.22,.22,0,1,0,-.22,0A.22,.22,0,1,0,.22,0"
_GLYPHS = {
    DayState.BLOCKED: (_CROSS, "#ffffff"),
    DayState.PARTLY: ("M0,-.8A.8,.8,0,0,0,0,.8Z", "#4a1d05"),
    DayState.OPEN: (_RING, "#2f6396"),
    DayState.SILENT: ("M-.8,-.15L.8,-.15L.8,.15L-.8,.15Z", "#ffffff"),
    DayState.DOWN: ("M-.6,-.4L.6,-.4L0,.6Z", "#55534e"),
    DayState.UNCLEAR: ("M.2,0A.2,.2,0,1,1,-.2,0A.2,.2,0,1,1,.2,0", "#77746c"),
    DayState.NONE: ("M0,0Z", "#ffffff"),
}
"""Shape of each state as an SVG path, which needs no font, and its colour on the square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """Square of a chart: one target on one day."""

    target: str
    day: date
    state: DayState
    note: str
    """The square in words, which is its accessible name."""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Band of a chart: targets that belong together, in order."""

    title: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Content of the chart of one vantage."""

    title: str
    subtitle: str
    alt: str
    """The message of the chart, for readers who do not see it."""
    days: tuple[date, ...]
    bands: tuple[Band, ...]
    squares: tuple[Square, ...]
    announced: date | None
    shutdown: tuple[date, ...]
    """Days on which the network was shut down."""


def specify(chart: Chart) -> Spec:
    """Return the chart as a Vega-Lite specification."""
    shown = [day.isoformat() for day in chart.days]
    parts = [
        _specify_band(chart, band, shown, last=index == len(chart.bands) - 1)
        for index, band in enumerate(chart.bands)
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": chart.alt,
        "background": "#ffffff",
        "padding": 14,
        "title": {
            "text": _wrapped(chart.title, _TITLE_PX, chart),
            "subtitle": _wrapped(chart.subtitle, _SUBTITLE_PX, chart),
            "anchor": "start",
            "frame": "bounds",
            "fontSize": 15,
            "subtitleFontSize": 11.5,
            "subtitlePadding": 5,
            "offset": 10,
        },
        "vconcat": [*parts, _specify_legend(chart)],
        "spacing": 16,
        "config": {
            "font": _FONT,
            "view": {"stroke": None},
            "title": {"color": _INK, "subtitleColor": _SOFT_INK, "fontWeight": "bold"},
            "axis": {
                "labelColor": _INK,
                "labelFontSize": 11.5,
                "domain": False,
                "ticks": False,
                "labelPadding": 6,
                "titleColor": _SOFT_INK,
            },
        },
    }


def _day_label(day: date, *, whole: bool) -> str:
    """Return a day's label: with its month where a reader needs it."""
    return words.short_day(day) if whole or day.day == 1 else str(day.day)


def _step(chart: Chart) -> int:
    return _WIDE_SQUARE_PX if len(chart.days) <= _FEW_DAYS else _SQUARE_PX


def _wrapped(text: str, character_px: float, chart: Chart) -> list[str]:
    """Break a title at the chart's edge, where Vega would clip it."""
    width = max(len(chart.days) * _step(chart) + _LABELS_PX, _MIN_TITLE_PX)
    return textwrap.wrap(text, max(20, int(width / character_px)), break_long_words=True) or [""]


def _specify_band(chart: Chart, band: Band, shown: Sequence[str], *, last: bool) -> Spec:
    targets = [words.visible(target, 40) for target in band.targets]
    members = set(band.targets)
    rows = [
        {
            "target": words.visible(square.target, 40),
            "day": square.day.isoformat(),
            "state": square.state.value,
            "note": square.note,
            "href": f"{CELL_URL}{index}" if square.href else None,
        }
        for index, square in enumerate(chart.squares)
        if square.target in members
    ]
    every = max(1, -(-len(shown) // _MAX_DAY_LABELS))
    labelled = [day for index, day in enumerate(shown) if index % every == 0]
    labels = {
        day: _day_label(date.fromisoformat(day), whole=index == 0) for index, day in enumerate(labelled)
    }
    x: Spec = {
        "field": "day",
        "type": "ordinal",
        "scale": {"domain": list(shown), "paddingInner": 0.08, "paddingOuter": 0.04},
        "axis": {
            "title": None,
            "values": labelled,
            "labelAngle": 0,
            "labelOverlap": False,
            "labelExpr": f"({json.dumps(labels)})[datum.value]",
        }
        if last
        else None,
    }
    y: Spec = {
        "field": "target",
        "type": "nominal",
        "scale": {"domain": targets, "paddingInner": 0.08},
        "axis": {
            "title": None,
            "minExtent": _LABELS_PX,
            "maxExtent": _LABELS_PX,
            "labelLimit": _LABELS_PX - 5,
        },
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "stroke": "#c9c6bf", "strokeWidth": 0.5, "cornerRadius": 2},
            "encoding": {
                "x": x,
                "y": y,
                "fill": {"field": "state", "type": "nominal", "scale": _scale(_FILLS), "legend": None},
                "href": {"field": "href"},
                "description": {"field": "note"},
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": _SQUARE_PX * 3.6, "opacity": 1, "aria": False},
            "encoding": {"x": x, "y": y, **_glyph()},
        },
    ]
    layers += _specify_marks(chart, shown, x, first=band == chart.bands[0])
    return {
        "title": {
            "text": band.title,
            "anchor": "start",
            "frame": "group",
            "fontSize": 11.5,
            "fontWeight": "normal",
            "fontStyle": "italic",
            "color": _SOFT_INK,
            "offset": 16 if band == chart.bands[0] else 4,
        },
        "width": {"step": _step(chart)},
        "height": {"step": _SQUARE_PX - 4},
        "data": {"values": rows or [{"target": "", "day": "", "state": "none", "note": "", "href": None}]},
        "layer": layers,
    }


def _specify_marks(chart: Chart, shown: Sequence[str], x: Spec, *, first: bool) -> list[Spec]:
    """Mark the day of the announcement, and the days without a network."""
    marks: list[Spec] = []
    plain_x = {key: value for key, value in x.items() if key != "axis"}
    if chart.announced and chart.announced.isoformat() in shown:
        data: Spec = {"values": [{"day": chart.announced.isoformat(), "label": "announced from here"}]}
        at: Spec = {**plain_x, "bandPosition": 0}
        marks.append(
            {
                "data": data,
                "mark": {
                    "type": "rule",
                    "strokeWidth": 1.6,
                    "color": _INK,
                    "strokeDash": [4, 2],
                    "aria": False,
                },
                "encoding": {"x": at},
            }
        )
        if first:
            marks.append(_label(data, at, "left"))
    runs = [day.isoformat() for day in chart.shutdown if day.isoformat() in shown]
    if runs and first:
        silent: Spec = {"values": [{"day": runs[0], "label": "network shut down"}]}
        marks.append(_label(silent, {**plain_x, "bandPosition": 0}, "left"))
    return marks


def _label(data: Spec, x: Spec, align: str) -> Spec:
    return {
        "data": data,
        "mark": {
            "type": "text",
            "align": align,
            "baseline": "bottom",
            "dx": 2,
            "dy": -4,
            "fontSize": 10.5,
            "color": _INK,
            "aria": False,
        },
        "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "label"}},
    }


def _specify_legend(chart: Chart) -> Spec:
    present = {square.state for square in chart.squares}
    states = [state for state in DayState if state in present]
    width = len(chart.days) * _step(chart)
    rows: list[Spec] = []
    at, line = 0.0, 0
    for state in states:
        needed = _LEGEND_SQUARE_PX + _LEGEND_CHARACTER_PX * len(DAY_WORDS[state])
        if rows and at + needed > max(width, needed):
            at, line = 0.0, line + 1
        rows.append({"state": state.value, "word": DAY_WORDS[state], "x": 9 + at, "y": 10 + line * 24})
        at += needed
    x, y = ({"field": name, "type": "quantitative", "axis": None, "scale": None} for name in ("x", "y"))
    fill = {"field": "state", "type": "nominal", "scale": _scale(_FILLS), "legend": None}
    square: Spec = {"type": "point", "shape": "square", "filled": True, "size": 300, "opacity": 1}
    return {
        "width": width,
        "height": 24 * (line + 1),
        "data": {"values": rows},
        "layer": [
            {
                "mark": {**square, "stroke": "#c9c6bf", "strokeWidth": 0.5},
                "encoding": {"x": x, "y": y, "fill": fill},
            },
            {
                "mark": {"type": "point", "filled": True, "size": _SQUARE_PX * 3, "opacity": 1},
                "encoding": {"x": x, "y": y, **_glyph()},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 15, "fontSize": 11.5, "color": _INK},
                "encoding": {"x": x, "y": y, "text": {"field": "word"}},
            },
        ],
    }


def _scale(values: dict[DayState, str]) -> Spec:
    return {"domain": [state.value for state in values], "range": list(values.values())}


def _glyph() -> Spec:
    shapes = {state: path for state, (path, _) in _GLYPHS.items()}
    colours = {state: colour for state, (_, colour) in _GLYPHS.items()}
    return {
        "shape": {"field": "state", "type": "nominal", "scale": _scale(shapes), "legend": None},
        "color": {"field": "state", "type": "nominal", "scale": _scale(colours), "legend": None},
    }
