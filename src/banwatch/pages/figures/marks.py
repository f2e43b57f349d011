"""Marks of charts: for each rung of the ladder a colour and a shape, so that either alone tells it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from banwatch.pages.figures.svg import LINE, Canvas, number
from banwatch.pages.wording.ladder import Rung


@dataclass(frozen=True, slots=True)
class Mark:
    """Fill of a square, and the shape on it as relative SVG commands from the middle, ten units wide."""

    fill: str
    shape: str
    ink: str
    filled: bool = False
    """Whether the shape is filled; else it is drawn by its line."""


MARKS: Mapping[Rung, Mark] = {
    Rung.BLOCKED: Mark("#6e1607", "m-4-4l8 8m0-8l-8 8", "#ffffff"),
    Rung.LIKELY_BLOCKED: Mark("#b8482a", "m-4 4l8-8", "#ffffff"),
    Rung.TAMPERED: Mark("#8a63a8", "m-4.5 3.5h9l-4.5-8z", "#ffffff"),
    Rung.AT_TIMES: Mark("#f0a860", "m0-4.5a4.5 4.5 0 0 0 0 9z", "#4a1d05", filled=True),
    Rung.SILENT: Mark("#2b2b2b", "m-5 0h10", "#ffffff"),
    Rung.IMPAIRED: Mark("#e9dfb4", "m0-4.5v5m0 3v1", "#5d5114"),
    Rung.DOWN: Mark("#bfbcb5", "m-4-2.5h8l-4 6z", "#3f3d39", filled=True),
    Rung.OK: Mark("#d5e5f2", "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0", "#2f6396"),
    Rung.INSUFFICIENT: Mark("#efede8", "m-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0", "#77746c", filled=True),
    Rung.NOT_MEASURED: Mark("#ffffff", "", "#77746c"),
}

LEAST_SHAPE_PX = 9.0
"""Width of a square below which its shape is left out: no eye could tell it."""


def square(rung: Rung, wide: float, high: float) -> str:
    """Return a square of a rung, with its middle at the origin."""
    mark = MARKS[rung]
    corner = f"M{number(-wide / 2)} {number(-high / 2)}h{number(wide)}v{number(high)}h{number(-wide)}z"
    drawn = f'<path d="{corner}" fill="{mark.fill}" stroke="{LINE}" stroke-width=".5"/>'
    if not mark.shape or wide < LEAST_SHAPE_PX:
        return drawn
    ink = f'fill="{mark.ink}"' if mark.filled else f'fill="none" stroke="{mark.ink}" stroke-width="1.8"'
    return f'{drawn}<path d="M0 0{mark.shape}" {ink}/>'


class PathsOfRungs:
    """Paths, one for each rung: each corner is the middle of a square, which a marker draws."""

    def __init__(self) -> None:
        self._data: dict[Rung, str] = {}
        self._last: dict[Rung, tuple[float, float]] = {}

    def add(self, rung: Rung, x: float, y: float) -> None:
        """Add a square by its middle."""
        before = self._last.get(rung)
        if before is not None and before[1] == y:
            step = f"h{number(x - before[0])}"
        else:
            step = f"M{number(x)} {number(y)}h0"  # a part of one corner alone is not drawn by every program
        self._data[rung] = self._data.get(rung, "") + step
        self._last[rung] = (x, y)

    def draw(self, canvas: Canvas, wide: float, high: float, *, names_from: str) -> None:
        """Draw the paths; the names of their markers are made from a text that no other drawing has."""
        prefix = "k" + hashlib.blake2b(names_from.encode("utf-8", "replace"), digest_size=4).hexdigest()
        for rung, data in self._data.items():
            name = f"{prefix}-{rung.css}"
            use = f"url(#{name})"
            canvas.add(
                f'<marker id="{name}" markerUnits="userSpaceOnUse" markerWidth="{number(wide + 1)}" '
                f'markerHeight="{number(high + 1)}" overflow="visible">{square(rung, wide, high)}</marker>'
            )
            canvas.path(data, fill="none", marker_start=use, marker_mid=use, marker_end=use)
