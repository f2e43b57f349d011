"""Reading by the pages of other sites: the API's answers say that anybody's page may read them."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_PATH = "/api/"


class CrossOriginApi:
    """ASGI middleware: cross-origin reading of what lies under `/api/`, errors included, and of nothing else.

    Nothing there depends on who asks, and no cookie is ever set.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "POST", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["ETag", "Content-Disposition"],
            max_age=86_400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and scope["path"].startswith(_PATH)
        await (self._open if is_api else self._app)(scope, receive, send)
