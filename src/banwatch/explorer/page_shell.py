"""Shell of the page that a request asks for."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from fastapi import Request

from banwatch.pages.shell import Shell

_NOT_PART_OF_THE_ADDRESS = frozenset({"embed"})
"""Parameters that change how a page is shown, not what it shows."""


def shell_of(request: Request) -> Shell:
    """Return the shell of a request: publisher, day, and the one address of the page."""
    asked = [(name, value) for name, value in request.query_params.multi_items()]
    kept = [(name, value) for name, value in asked if name not in _NOT_PART_OF_THE_ADDRESS]
    query = f"?{urlencode(kept)}" if kept else ""
    return Shell(
        imprint=request.app.state.imprint,
        published=datetime.now(UTC).date(),
        canonical=f"{request.app.state.public_url}{quote(request.url.path, safe='/')}{query}",
        embedded=("embed", "1") in asked,
    )
