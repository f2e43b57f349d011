"""Views into pages. The templates lay out what a view says; a stranger's text is escaped, always."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from banwatch.pages.views.reader_reports import ReadersView

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)
"""No script, no frame, no font, nothing from elsewhere: a page cannot be made to run or fetch anything.
`file:` is what "self" is called for a page that was opened from disk."""

FORM_POLICY = CONTENT_POLICY.replace("form-action 'none'", "form-action 'self'")
"""For the one page that has a form, which may be sent to where it came from."""

FRAME_POLICY = "frame-ancestors 'none'"
"""Only heeded in a header."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("banwatch.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = _drawing
    environment.filters["pre"] = _pre
    return environment


def _drawing(svg: str) -> Markup:
    """Let a drawing of ours into the page as it is."""
    if not svg.startswith("<svg"):
        raise ValueError("only what banwatch.pages.figures.draw drew may go into a page unescaped")
    return Markup(svg)


def _pre(text: str) -> Markup:
    """Escape text for the inside of an element: quotes mean nothing there, and JSON is full of them."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def render(template: str, page: object, *, readers: ReadersView | None = None, form: bool = False) -> str:
    """Lay a view out.

    Args:
        template: name of a template of this package.
        page: the view; the template knows it as `page`.
        readers: what readers report, kept apart from the view of what was measured; None where no reports
            are taken, as in a bulletin.
        form: the page has a form. Its browser may then send our own address along to us, and only to us, as
            that shows that the form was ours.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            page=page,
            readers=readers,
            content_policy=FORM_POLICY if form else CONTENT_POLICY,
            referrer="same-origin" if form else "no-referrer",
        )
    )


def style_sheet() -> str:
    """Read the style sheet that every page links to."""
    from importlib.resources import files

    return files("banwatch.pages").joinpath("static", "style.css").read_text(encoding="utf-8")
