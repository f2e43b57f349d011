"""Twins of a page: its content as JSON, its table as CSV, its picture as SVG and PNG, at the same address."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Protocol

import msgspec

from banwatch.pages.figures.draw import png_of
from banwatch.pages.figures.proof import Facts, stamp_png, stamp_svg, without_proof
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.shell import Twin

MEDIA_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}
"""Media type of each twin, by the ending of its address."""
_LEFT_OUT = frozenset({"links", "svg", "narrow", "map_svg", "raw", "note"})
"""Fields of a view that are no data: addresses, drawings, and texts that have an address of their own."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a text that a spreadsheet would take for a formula."""
Row = Sequence[str]


class Page(Protocol):
    """View of a page; it may have `table()`, whose heading comes first, and `picture()`, an SVG."""

    @property
    def title(self) -> str:
        """Title of the page."""


def split_twin(name: str, among: Iterable[str] = MEDIA_TYPES) -> tuple[str, str]:
    """Split the last part of an address into a name and the form that is asked for; empty for the page."""
    stem, dot, ending = name.rpartition(".")
    return (stem, ending) if dot and stem and ending in set(among) else (name, "")


def twins_of(page: object, address: str) -> tuple[Twin, ...]:
    """List the twins that a page has."""
    table, picture = getattr(page, "table", None), getattr(page, "picture", None)
    forms = ["json"]
    forms += ["csv"] if table is not None else []
    forms += ["svg", "png"] if picture is not None and picture() else []
    return tuple(
        Twin(label=form.upper(), href=f"{address}.{form}", media_type=MEDIA_TYPES[form].partition(";")[0])
        for form in forms
    )


def write_twin(page: Page, form: str, *, address: str = "", source: str = "Banwatch") -> bytes:
    """Write a page in another form.

    Args:
        page: the view of the page.
        form: one of `MEDIA_TYPES`.
        address: of the page's table, which a picture leads back to.
        source: who publishes it.

    Raises:
        NotFoundError: the page has no table, or no picture.
    """
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(_plain(page)), indent=1)
    table = getattr(page, "table", None)
    if form == "csv":
        if table is None:
            raise NotFoundError("This page has no table.")
        return _csv(table())
    picture = getattr(page, "picture", None)
    drawn = picture() if picture is not None else ""
    if not drawn:
        raise NotFoundError("This page has no picture.")
    facts = Facts(
        title=page.title,
        source=source,
        address=address,
        span=str(getattr(page, "period", "")),
        measurements=str(getattr(page, "sample", "")),
        data=_csv(table()).decode() if table is not None else "",
    )
    stamped = stamp_svg(str(drawn), facts)
    if form == "svg":
        return stamped.encode()
    return stamp_png(_png(without_proof(stamped)), facts)


@lru_cache(maxsize=32)
def _png(svg: str) -> bytes:
    return png_of(svg)


def _csv(rows: Iterable[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return out.getvalue().encode("utf-8", "replace")


def _plain(value: object) -> object:
    """Return a view as values that JSON has."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in _LEFT_OUT
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(str(_plain(item)) for item in value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
