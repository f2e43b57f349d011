"""View of a chart in a page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A drawn chart, ready to print."""

    heading: str
    caption: str
    alt: str
    svg: str
    """The drawing by `banwatch.pages.figures.draw`, which goes into the page unescaped."""
    narrow: str
    """The drawing for a phone; empty where the other serves."""
    svg_href: str
    png_href: str
