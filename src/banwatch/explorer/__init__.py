"""The explorer: pages and a JSON API over HTTP, and nothing else.

- The *app* maps addresses to the pages that `banwatch.pages.live_pages` makes.
- The *API* gives the rows behind the pages as JSON, a page of them at a time.
- The *report form* takes readers' reports; `report_request` checks the requests that carry them.
- *Serving* runs the app on a port of this machine.
"""

from banwatch.explorer.app import create_app

__all__ = ["create_app"]
