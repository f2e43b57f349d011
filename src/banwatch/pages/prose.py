"""Markdown of the operator as HTML: no raw HTML, no picture, and only links that a browser may follow."""

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def prose(text: str) -> Markup:
    """Return a Markdown text as HTML; what looks like HTML in it stays text."""
    return Markup(_markdown().render(text))
