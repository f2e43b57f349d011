"""Routes of pages of places and texts."""

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from banwatch.explorer.page_shell import shell_of
from banwatch.model.ids import Asn, CountryCode
from banwatch.pages import live_places
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.texts.text_page import TEXTS


def add_places(app: FastAPI, reader_of: Callable[[Request], Reader]) -> None:
    """Add the routes, as plain functions, which FastAPI runs in threads."""

    @app.get("/countries", include_in_schema=False, response_class=HTMLResponse)
    def countries(request: Request) -> str:
        return live_places.render_countries(
            reader_of(request), recorded=request.app.state.recorded, shell=shell_of(request)
        )

    @app.get("/countries/{code}", include_in_schema=False, response_class=HTMLResponse)
    def country(request: Request, code: str) -> Response:
        if code != code.upper():
            return RedirectResponse(f"/countries/{code.upper()}", 308)
        page = live_places.render_country(
            reader_of(request), code, recorded=request.app.state.recorded, shell=shell_of(request)
        )
        return HTMLResponse(page)

    @app.get("/networks/{code}/{number}", include_in_schema=False, response_class=HTMLResponse)
    def network(request: Request, code: str, number: str) -> str:
        digits = number.upper().removeprefix("AS")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10):
            raise NotFoundError("That is no network; write it as AS131279.")
        return live_places.render_network(
            reader_of(request),
            code,
            int(digits),
            recorded=request.app.state.recorded,
            shell=shell_of(request),
        )

    @app.get("/targets/{name:path}", include_in_schema=False, response_class=HTMLResponse)
    def target(request: Request, name: str) -> str:
        return live_places.render_target(
            reader_of(request), name, recorded=request.app.state.recorded, shell=shell_of(request)
        )

    @app.get("/series", include_in_schema=False, response_class=HTMLResponse)
    def series(request: Request, cc: str, asn: int, target: str, tier: str = "") -> str:
        return live_places.render_series(
            reader_of(request),
            Vantage(CountryCode(cc), Asn(asn), tier),
            target,
            recorded=request.app.state.recorded,
            shell=shell_of(request),
        )

    @app.get("/search", include_in_schema=False, response_class=HTMLResponse)
    def search(request: Request, q: str = "") -> str:
        return live_places.render_search(
            reader_of(request), q, recorded=request.app.state.recorded, shell=shell_of(request)
        )

    @app.get("/bans", include_in_schema=False, response_class=HTMLResponse)
    def bans(request: Request) -> str:
        return live_places.render_bans(reader_of(request), shell=shell_of(request))

    for name in TEXTS:
        _add_text(app, name)


def _add_text(app: FastAPI, name: str) -> None:
    @app.get(f"/{name}", include_in_schema=False, response_class=HTMLResponse)
    def text(request: Request) -> str:
        return live_places.render_text(name, shell=shell_of(request))
