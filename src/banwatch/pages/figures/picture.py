"""What a reader sees of a chart."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A chart in the page."""

    heading: str
    caption: str
    alt: str
    svg: str
    """The drawing, put into the page as it is: only ever made by `banwatch.pages.figures.draw`."""
    svg_href: str
    png_href: str
