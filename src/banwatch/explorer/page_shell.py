"""Shell of the page that a request asks for, and answers in other forms than a page."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import Response

from banwatch.pages.shell import Shell
from banwatch.pages.twins import MEDIA_TYPES
from banwatch.pages.views.happened.citation import MEDIA_TYPES as CITATIONS

ALL_FORMS = {**MEDIA_TYPES, **CITATIONS}
"""Media type of every form of a page, and of citations."""

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


def twin_answer(content: bytes, form: str) -> Response:
    """Return a page in another form; pictures may be shown by other sites."""
    headers = {"Access-Control-Allow-Origin": "*"}
    return Response(content, media_type=ALL_FORMS[form], headers=headers)
