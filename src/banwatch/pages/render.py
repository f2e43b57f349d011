"""Rendering of views by templates, with every text escaped that a stranger may have written."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from banwatch.pages.views.reader_reports import ReadersView

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)
"""The content policy of every page: no script, frame or font, and nothing from elsewhere. `file:` stands for
"self" in a page that was opened from disk."""

FORM_POLICY = CONTENT_POLICY.replace("form-action 'none'", "form-action 'self'")
"""The content policy of the one page with a form, which may be sent to its own site."""

FRAME_POLICY = "frame-ancestors 'none'"
"""The policy against frames, which browsers only heed in a header."""


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
    """Put a drawing of `pages.figures.draw` into the page unescaped."""
    if not svg.startswith("<svg"):
        raise ValueError("only what banwatch.pages.figures.draw drew may go into a page unescaped")
    return Markup(svg)


def _pre(text: str) -> Markup:
    """Escape text for the content of an element, where quotes may stay: JSON is full of them."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def render(template: str, page: object, *, readers: ReadersView | None = None, form: bool = False) -> str:
    """Render a view by its template.

    Args:
        template: name of a template of this package.
        page: the view; the template knows it as `page`.
        readers: readers' reports, apart from the view of the measurements; None where no reports are taken,
            as in a bulletin.
        form: the page has a form. The browser may then send the page's address along to its own site, and
            only there, which shows that the form was ours.
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
