"""Routes of pages of places and texts."""

from collections.abc import Callable
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from banwatch.explorer.page_shell import shell_of, twin_answer
from banwatch.model.ids import Asn, CountryCode
from banwatch.pages import live_places
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader
from banwatch.pages.twins import MEDIA_TYPES, split_twin
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.texts.text_page import TEXTS


def add_places(app: FastAPI, reader_of: Callable[[Request], Reader]) -> None:
    """Add the routes, as plain functions, which FastAPI runs in threads."""

    @app.get("/countries", include_in_schema=False, response_class=HTMLResponse)
    def countries(request: Request) -> str:
        return live_places.render_countries(
            reader_of(request), recorded=request.app.state.recorded, shell=shell_of(request)
        )

    @app.get("/countries.{form}", include_in_schema=False)
    def countries_twin(request: Request, form: str) -> Response:
        if form not in MEDIA_TYPES:
            raise NotFoundError("There is no such form of this page.")
        recorded = request.app.state.recorded
        return twin_answer(
            live_places.twin_of_countries(
                reader_of(request), form, recorded=recorded, shell=shell_of(request)
            ),
            form,
        )

    @app.get("/countries/{code}", include_in_schema=False, response_class=HTMLResponse)
    def country(request: Request, code: str) -> Response:
        name, form = split_twin(code)
        if name != name.upper():
            return RedirectResponse(f"/countries/{quote(name.upper() + code[len(name) :], safe='')}", 308)
        if form:
            recorded = request.app.state.recorded
            made = live_places.twin_of_country(
                reader_of(request), name, form, recorded=recorded, shell=shell_of(request)
            )
            return twin_answer(made, form)
        page = live_places.render_country(
            reader_of(request), code, recorded=request.app.state.recorded, shell=shell_of(request)
        )
        return HTMLResponse(page)

    @app.get("/networks/{code}/{number}", include_in_schema=False, response_class=HTMLResponse)
    def network(request: Request, code: str, number: str) -> Response:
        name, form = split_twin(number)
        digits = name.upper().removeprefix("AS")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10):
            raise NotFoundError("That is no network; write it as AS131279.")
        recorded = request.app.state.recorded
        if form:
            made = live_places.twin_of_network(
                reader_of(request), code, int(digits), form, recorded=recorded, shell=shell_of(request)
            )
            return twin_answer(made, form)
        page = live_places.render_network(
            reader_of(request), code, int(digits), recorded=recorded, shell=shell_of(request)
        )
        return HTMLResponse(page)

    @app.get("/targets/{name:path}", include_in_schema=False, response_class=HTMLResponse)
    def target(request: Request, name: str) -> Response:
        recorded = request.app.state.recorded
        stem, form = split_twin(name)
        if form:
            made = live_places.twin_of_target(
                reader_of(request), stem, form, recorded=recorded, shell=shell_of(request)
            )
            return twin_answer(made, form)
        page = live_places.render_target(reader_of(request), name, recorded=recorded, shell=shell_of(request))
        return HTMLResponse(page)

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
