"""The requests that carry readers' reports: where they come from, and their bodies."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import Request
from starlette.requests import ClientDisconnect

from banwatch.formats.reader_report import MAX_BYTES

_BODY_S = 10.0
"""Time in which a report must come in: enough on slow networks, too short to hold connections."""
_RETRY_S = 3600
"""Time to wait after too many reports: the limits of `store.reports` are counted by the hour."""


class NotTakenError(Exception):
    """A report was not taken: the reason for the reader, and the HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def require_same_origin(headers: Mapping[str, str], *, program: bool) -> None:
    """Refuse a request that another site's page made a browser send.

    Browsers name the page's site in `Origin`, newer ones in `Sec-Fetch-Site` too; no page can change either.
    Programs send neither, and JSON cannot be sent across sites without a preflight request, which we refuse.

    Raises:
        NotTakenError: the request is from another site, or a form does not name its site.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    ours = site == "same-origin" or (site is None and (program or origin is not None))
    if ours and origin is not None:
        try:
            host = urlsplit(origin).netloc.lower()
        except ValueError:
            host = ""
        ours = host != "" and host == headers.get("host", "").lower()
    if not ours:
        raise NotTakenError(403, "It was not sent from this site's own form")


async def read_body(request: Request, media_type: str, *, most_bytes: int = MAX_BYTES) -> bytes:
    """Read a request's body, within limits of time and size.

    Raises:
        NotTakenError: it is of another media type, too long, too slow, or cut off.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise NotTakenError(415, f"It is sent as {media_type}")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > most_bytes:
                    raise NotTakenError(413, "It is too long")
    except TimeoutError as error:
        raise NotTakenError(408, "It did not come in whole") from error
    except ClientDisconnect as error:
        raise NotTakenError(400, "It did not come in whole") from error
    return bytes(body)


def retry_header(error: NotTakenError) -> dict[str, str]:
    """Return the header that tells a program when to try again; none where trying again is of no use."""
    return {"Retry-After": str(_RETRY_S)} if error.status == 429 else {}
