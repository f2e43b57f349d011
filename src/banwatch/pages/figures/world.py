"""World map: Natural Earth's boundaries in the Equal Earth projection, as one SVG path a country.

Equal Earth (Šavrič, Patterson and Jenny, 2018) shows areas in their true proportion, so that no country looks
more important than it is.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from babel.core import get_global

from banwatch.pages.figures.svg import Canvas, number

_A = (1.340264, -0.081106, 0.000893, 0.003796)
"""Coefficients of the projection, from the paper."""
_WIDTH = 960.0
_MERIDIAN = 11.0
"""Longitude of the middle, in degrees east: the map's edge then runs through the Bering Strait."""
_SCALE = _WIDTH / (2 * 2.7066)
"""Pixels a unit of the projection, whose equator is 2 x 2.7066 units long."""
_TOP_LATITUDE, _LOW_LATITUDE = 84.0, -57.0
_WITHOUT_CODE = {"Kosovo": "XK"}
"""Codes of territories that the file has by name alone; those that have no code at all stay without."""
_LEFT_OUT = "Antarctica"
_EDGE = "#8b8880"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """Country on the map."""

    code: str
    """Empty where the territory has none."""
    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """Colour of a country, with what it means there."""

    fill: str
    said: str
    href: str = ""


def project(longitude: float, latitude: float) -> Point:
    """Project a place, in degrees, to pixels of the map."""
    longitude -= _MERIDIAN
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    a1, a2, a3, a4 = _A
    t2, t6 = theta**2, theta**6
    slope = a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / (3 * slope)
    y = theta * (a1 + a2 * t2 + t6 * (a3 + a4 * t2))
    return _WIDTH / 2 + x * _SCALE, -y * _SCALE


@cache
def lands() -> tuple[Land, ...]:
    """Return every country of the file, projected once; their paths begin at the upper edge of the map."""
    topology = json.loads(files("banwatch.pages").joinpath("data", "countries-110m.json").read_text("utf-8"))
    arcs = [list(_unpacked(arc, topology["transform"])) for arc in topology["arcs"]]
    top = project(0, _TOP_LATITUDE)[1]
    found = []
    for shape in topology["objects"]["countries"]["geometries"]:
        name = shape["properties"]["name"]
        if name != _LEFT_OUT:
            path = "".join(_ring(ring, arcs, top) for polygon in _polygons(shape) for ring in polygon)
            found.append(Land(code=_code_of(shape, name), name=name, path=path))
    return tuple(found)


def _code_of(shape: Mapping[str, Any], name: str) -> str:
    alike = get_global("territory_aliases").get(str(shape.get("id", "")), ())
    codes = [code for code in alike if len(code) == 2]
    return codes[0] if codes else _WITHOUT_CODE.get(name, "")


def _unpacked(arc: Sequence[Sequence[int]], transform: Mapping[str, Sequence[float]]) -> Iterator[Point]:
    """Yield the places of an arc, whose points are differences in units of the file."""
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        yield (
            x * transform["scale"][0] + transform["translate"][0],
            y * transform["scale"][1] + transform["translate"][1],
        )


def _polygons(shape: Mapping[str, Any]) -> Sequence[Sequence[Sequence[int]]]:
    return shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]


def _ring(indices: Sequence[int], arcs: Sequence[Sequence[Point]], top: float) -> str:
    """Return a ring as a path in whole pixels, each point as the step from the one before."""
    points: list[tuple[int, int]] = []
    before: float | None = None
    for index in indices:
        arc = arcs[index] if index >= 0 else list(reversed(arcs[~index]))
        for given, latitude in arc:
            longitude = given
            if before is None:
                longitude += 360 if given < _MERIDIAN - 180 else 0
            else:  # the shorter way around the globe
                longitude += 360 * round((before - given) / 360)
            before = longitude
            x, y = project(longitude, latitude)
            at = (round(x), round(y - top))
            if not points or points[-1] != at:
                points.append(at)
    if len(points) < 3:
        return ""
    steps = "".join(
        f"{x1 - x0}{' ' if y1 >= y0 else ''}{y1 - y0}" + ("" if last else " ")
        for (x0, y0), (x1, y1), last in _pairs(points)
    )
    return f"M{points[0][0]} {points[0][1]}l{steps.replace(' -', '-')}z"


def _pairs(
    points: Sequence[tuple[int, int]],
) -> Iterator[tuple[tuple[int, int], tuple[int, int], bool]]:
    for at in range(1, len(points)):
        yield points[at - 1], points[at], at == len(points) - 1


def draw_world(shades: Mapping[str, Shade], plain: Shade, alt: str, legend: Sequence[tuple[str, str]]) -> str:
    """Draw the map.

    Args:
        shades: of countries, by code.
        plain: of all others.
        alt: the message of the map.
        legend: fill and meaning of each colour, in order.
    """
    canvas = Canvas()
    canvas.add(f'<g stroke="{_EDGE}" stroke-width=".4" stroke-linejoin="round">')
    canvas.path("".join(land.path for land in lands() if land.code not in shades), fill=plain.fill)
    for land in lands():
        shade = shades.get(land.code)
        if shade is None:
            continue
        drawn = f'<path d="{land.path}" fill="{shade.fill}"><title>{escape(shade.said)}</title></path>'
        canvas.add(f'<a href="{escape(shade.href)}">{drawn}</a>' if shade.href else drawn)
    canvas.add("</g>")
    bottom = project(0, _LOW_LATITUDE)[1] - project(0, _TOP_LATITUDE)[1]
    x = 12.0
    for fill, said in legend:
        canvas.add(f'<path d="M{number(x)} {number(bottom)}h16v12h-16z" fill="{fill}" stroke="{_EDGE}"/>')
        canvas.text(x + 22, bottom + 11, said, font_size=13.0)
        x += 36 + 7.4 * len(said)
    return canvas.finish(_WIDTH, bottom + 22, alt)
