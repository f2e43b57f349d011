"""Drawing of charts: SVG for pages and files, PNG for print and for channels that take no SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from banwatch.pages.figures.chart import CELL_URL, Chart, specify

_PNG_SCALE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Two drawings of a chart."""

    inline: str
    """The drawing for a page, in which each square is a link."""
    standalone: str
    """The drawing for a file of its own, without links, but with the same words on each square."""


def draw_svg(chart: Chart) -> Drawing:
    """Draw the chart as SVG.

    vl-convert carries a JavaScript engine (some 70 MB), so it is loaded at the first drawing.
    """
    import vl_convert

    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    source = vl_convert.vegalite_to_svg(specify(chart))
    drawings = []
    for linked in (True, False):
        root = ElementTree.fromstring(source)
        _mend(root, [square.href for square in chart.squares] if linked else [])
        root.set("role", "img")
        root.set("aria-label", chart.alt)
        drawings.append(ElementTree.tostring(root, encoding="unicode"))
    return Drawing(inline=drawings[0], standalone=drawings[1])


def draw_png(chart: Chart) -> bytes:
    """Draw the chart as a PNG at twice the size of the SVG, for print and for channels without SVG."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(specify(chart), scale=_PNG_SCALE))


_SVG = "{http://www.w3.org/2000/svg}"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"


def _mend(root: ElementTree.Element, addresses: Sequence[str]) -> None:
    """Replace placeholders by addresses, or remove the links where there are none.

    The links are not reached by keyboard: the table of the page leads to the same measurements.
    """
    for element in root.iter():
        label = element.attrib.get("aria-label") if element.tag == f"{_SVG}path" else None
        for name in ("style", "role", "aria-label", "aria-roledescription", "aria-hidden", "pointer-events"):
            element.attrib.pop(
                name, None
            )  # the image has one label of its own, and the content policy refuses `style`
        if element.tag == f"{_SVG}a":
            address = element.attrib.pop(_XLINK_HREF, "")
            element.attrib.pop("target", None)
            if addresses and address.startswith(CELL_URL):
                element.set("href", addresses[int(address.removeprefix(CELL_URL))])
                element.set("tabindex", "-1")
            else:
                element.tag = f"{_SVG}g"
        if label:
            title = ElementTree.SubElement(element, f"{_SVG}title")
            title.text = label
