"""Rendering of views by templates, with every text escaped that a stranger may have written."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from banwatch.pages.prose import prose
from banwatch.pages.shell import Shell
from banwatch.pages.views.reader_reports import ReadersView
from banwatch.pages.wording import ladder

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'self'"
)
"""The content policy of every page: no script, frame or font, and nothing from elsewhere; forms are sent to
the page's own site. `file:` stands for "self" in a page that was opened from disk."""
FRAME_POLICY = "frame-ancestors 'none'"
"""The policy against frames, which browsers only heed in a header."""
EMBED_POLICY = "frame-ancestors *"
"""The policy of a page that was asked for as a part of others (`?embed=1`); it takes no input."""
_PLAIN_SHELL = Shell()


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
    environment.filters["prose"] = prose
    environment.globals["ladder"] = [(rung, ladder.LADDER[rung]) for rung in ladder.Rung]
    return environment


def _drawing(svg: str) -> Markup:
    """Put a drawing of `pages.figures.draw` into the page unescaped."""
    if not svg.startswith("<svg"):
        raise ValueError("only what banwatch.pages.figures.draw drew may go into a page unescaped")
    return Markup(svg)


def _pre(text: str) -> Markup:
    """Escape text for the content of an element, where quotes may stay: JSON is full of them."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def render(
    template: str,
    page: object,
    *,
    readers: ReadersView | None = None,
    form: bool = False,
    shell: Shell = _PLAIN_SHELL,
) -> str:
    """Render a view by its template.

    Args:
        template: name of a template of this package.
        page: the view; the template knows it as `page`.
        readers: readers' reports, apart from the view of the measurements; None where no reports are taken,
            as in a bulletin.
        shell: what stands around the content.
        form: the page has the readers' form. The browser may then send the page's address along to its own
            site, and only there, which shows that the form was ours.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            page=page,
            readers=readers,
            shell=shell,
            content_policy=CONTENT_POLICY,
            referrer="same-origin" if form else "no-referrer",
        )
    )


def style_sheet() -> str:
    """Read the style sheet that every page links to."""
    from importlib.resources import files

    return files("banwatch.pages").joinpath("static", "style.css").read_text(encoding="utf-8")
