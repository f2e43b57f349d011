"""Paths of the first version, which had no number: they lead to the second one, and say that they will go."""

from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

DEPRECATED_AT = datetime(2026, 11, 28, tzinfo=UTC)
"""Day from which on the paths without a number are out of date."""
SUNSET_AT = datetime(2027, 11, 28, tzinfo=UTC)
"""Day after which they may be gone."""
_LISTS = ("bans", "incidents", "verdicts", "cells", "measurements", "reports")


def add_moved_routes(app: FastAPI) -> None:
    """Add redirects (308: method and body stay) with `Deprecation` (RFC 9745) and `Sunset` (RFC 8594)."""

    def moved(request: Request) -> Response:
        following = "/api/v2" + request.scope["path"].removeprefix("/api")
        place = request.url.replace(path=following)
        answer = RedirectResponse(f"{place.path}?{place.query}" if place.query else place.path, 308)
        answer.headers["Deprecation"] = f"@{int(DEPRECATED_AT.timestamp())}"
        answer.headers["Sunset"] = f"{SUNSET_AT:%a, %d %b %Y %H:%M:%S GMT}"
        answer.headers["Link"] = f'<{place.path}>; rel="successor-version"'
        return answer

    app.add_api_route("/api", moved, methods=["GET"], include_in_schema=False)
    for name in _LISTS:
        app.add_api_route(f"/api/{name}", moved, methods=["GET", "POST"], include_in_schema=False)
        app.add_api_route(f"/api/{name}/{{rest:path}}", moved, methods=["GET"], include_in_schema=False)
