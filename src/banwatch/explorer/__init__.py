"""Pages for readers: what was announced against what was measured, each claim one click from its evidence.

*reader*: the typed questions that a page may ask the store. *view*: a frozen dataclass with everything that
one page shows, ready to print; templates only lay it out. *words*: identifiers and times in plain language.
*links*: where a page's neighbours are, for the running app and for a folder of files alike. *chart*: a
Vega-Lite specification, drawn as SVG and PNG.
"""

from banwatch.explorer.app import create_app

__all__ = ["create_app"]
