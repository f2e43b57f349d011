"""Serves the pages and the JSON API over HTTP.

- The *app* maps addresses to pages; `pages` makes each page's text from a view of `banwatch.pages`.
- The *API* gives the rows behind the pages as JSON, a page of them at a time.
- The *report form* takes what readers report.
- *Serving* runs the app on a port of this machine.
"""

from banwatch.explorer.app import create_app

__all__ = ["create_app"]
