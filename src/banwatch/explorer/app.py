"""The web app: the same pages as a bulletin, made when they are asked for."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from banwatch.explorer.api_v2 import add_api_v2
from banwatch.explorer.cross_origin import CrossOriginApi
from banwatch.explorer.guard import Guard, SiteAddress
from banwatch.explorer.kept_files import kept_files
from banwatch.explorer.ooni_api import add_ooni_api
from banwatch.explorer.packed_answers import PackedAnswers
from banwatch.explorer.page_shell import ALL_FORMS, shell_of, twin_answer
from banwatch.explorer.places import add_places
from banwatch.explorer.report_form import add_report_routes, report_taker
from banwatch.model.errors import BanwatchError, UnavailableError
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.report import ReaderReport, ReportState
from banwatch.net.http.clients import Proxies
from banwatch.pages import live_pages
from banwatch.pages.days import DayKey
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader
from banwatch.pages.render import style_sheet
from banwatch.pages.shell import Imprint
from banwatch.pages.store_reader import StoreReader
from banwatch.pages.twins import split_twin
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.reader_reports import FORM
from banwatch.pages.wording import words
from banwatch.store import Store
from banwatch.store.reports import ReportBook, reports_path

_log = logging.getLogger(__name__)
_PICTURE_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


_ANYWHERE = SiteAddress()
_NOBODY = Imprint()


def create_app(
    store_path: str | Path,
    *,
    recorded: bool = False,
    site: SiteAddress = _ANYWHERE,
    proxies: Proxies | None = None,
    imprint: Imprint = _NOBODY,
) -> FastAPI:
    """Return the app over a store, which is opened for reading when the app starts.

    Args:
        store_path: the database.
        recorded: its measurements were replayed from a recording, even if the store does not say so; every
            page then does.
        site: names of the site, and its public address.
        proxies: reverse proxies that are believed about their clients' addresses.
        imprint: who publishes the pages.

    Raises:
        BanwatchError: (at start) the store cannot be opened.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with Store.open(Path(store_path), read_only=True) as store:
            _set_reader(app, StoreReader(store), recorded=recorded)
            yield

    return create_app_over(
        None,
        lifespan=lifespan,
        reports=ReportBook(reports_path(store_path)),
        site=site,
        proxies=proxies,
        imprint=imprint,
    )


def create_app_over(
    reader: Reader | None,
    *,
    recorded: bool = False,
    lifespan: Callable[[FastAPI], object] | None = None,
    reports: ReportBook | None = None,
    site: SiteAddress = _ANYWHERE,
    proxies: Proxies | None = None,
    imprint: Imprint = _NOBODY,
) -> FastAPI:
    """Return the app over a reader; None where `lifespan` sets one when the app starts.

    Without a book for readers' reports none are taken or shown.
    """
    # The interactive documentation would load scripts from elsewhere; /openapi.json describes the API.
    app = FastAPI(title="Banwatch", docs_url=None, redoc_url=None, lifespan=lifespan)  # type: ignore[arg-type]  # typed loosely
    if reader is not None:
        _set_reader(app, reader, recorded=recorded)

    app.add_middleware(Guard, site=site, proxies=proxies or Proxies(), form_path=FORM)
    app.add_middleware(CrossOriginApi)
    app.add_middleware(PackedAnswers)

    @app.exception_handler(NotFoundError)
    async def missing(request: Request, error: NotFoundError) -> Response:
        return _refuse(request, "Not found", str(error), 404)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        title = "Not found" if error.status_code == 404 else "Not possible"
        answer = _refuse(request, title, f"{error.detail}.", error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def misunderstood(request: Request, error: RequestValidationError) -> Response:
        what = "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
        return _refuse(request, "Not understood", f"The address says something odd ({what}).", 400)

    @app.exception_handler(UnavailableError)
    async def unavailable(request: Request, error: UnavailableError) -> Response:
        answer = _refuse(request, "Not available now", str(error), 503)
        answer.headers["Retry-After"] = "60"
        return answer

    @app.exception_handler(BanwatchError)
    async def failed(request: Request, error: BanwatchError) -> Response:
        return _refuse(request, "This did not work", str(error), 500)

    app.state.reports = reports
    app.state.public_url = site.public_url
    app.state.imprint = imprint
    _add_pages(app)
    add_places(app, _reader_of)
    add_ooni_api(app, _store_of, _reader_of)
    add_api_v2(
        app,
        _store_of,
        _reader_of,
        kept_files(reports) if reports is not None else None,
        report_taker(reports) if reports is not None else None,
    )
    if reports is not None:
        add_report_routes(app, reports)
    return app


def _refuse(request: Request, title: str, text: str, status: int) -> Response:
    """Return an error as JSON under `/api` and `/raw`, and as a page elsewhere."""
    if request.url.path.startswith(("/api", "/raw")):
        return JSONResponse({"error": text}, status)
    return HTMLResponse(
        live_pages.render_message(title, words.visible(text), shell=shell_of(request)), status
    )


def _set_reader(app: FastAPI, reader: Reader, *, recorded: bool) -> None:
    app.state.reader = reader
    app.state.recorded = recorded or reader.recorded()


def _reader_of(request: Request) -> Reader:
    reader: Reader = request.app.state.reader
    return reader


def _store_of(request: Request) -> Store:
    reader: Reader = request.app.state.reader
    if not isinstance(reader, StoreReader):
        raise NotFoundError("This copy of the site has no store to ask.")
    return reader.store


def _reported(request: Request) -> Sequence[ReaderReport] | None:
    """Return the reports that a moderator accepted; None where no reports are taken."""
    book: ReportBook | None = request.app.state.reports
    if book is None:
        return None
    try:
        return book.reports(ReportState.ACCEPTED)
    except BanwatchError as error:
        _log.error("readers' reports are not shown: %s", error)
        return ()  # the page then shows the measurements alone


def _add_pages(app: FastAPI) -> None:
    """Add the routes of pages, as plain functions: FastAPI runs those in threads, and drawing takes time."""

    @app.get("/static/style.css", include_in_schema=False)
    def style() -> Response:
        return Response(style_sheet(), media_type="text/css")

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        # Browsers ask for an icon beside raw JSON, and report an error where there is none.
        return Response(status_code=204)

    @app.get("/", include_in_schema=False, response_class=HTMLResponse)
    def home(request: Request) -> str:
        return live_pages.render_home(
            _reader_of(request),
            recorded=request.app.state.recorded,
            reported=_reported(request),
            shell=shell_of(request),
        )

    @app.get("/bans/{ban_id}", include_in_schema=False, response_class=HTMLResponse)
    def ban(request: Request, ban_id: str) -> str:
        recorded = request.app.state.recorded
        return live_pages.render_ban(
            _reader_of(request),
            ban_id,
            recorded=recorded,
            reported=_reported(request),
            shell=shell_of(request),
        )

    @app.get("/bans/{ban_id}/chart.{extension}", include_in_schema=False)
    def picture(request: Request, ban_id: str, extension: str, cc: str, asn: int, tier: str = "") -> Response:
        if extension not in _PICTURE_TYPES:
            raise NotFoundError("Pictures are to be had as svg and png.")
        vantage = Vantage(CountryCode(cc), Asn(asn), tier)
        drawn = live_pages.render_picture(
            _reader_of(request), ban_id, vantage, extension, recorded=request.app.state.recorded
        )
        return Response(drawn, media_type=_PICTURE_TYPES[extension])

    @app.get("/days/{day}", include_in_schema=False, response_class=HTMLResponse)
    def day(request: Request, day: str, cc: str, asn: int, target: str, tier: str = "") -> str:
        key = DayKey(Vantage(CountryCode(cc), Asn(asn), tier), TargetName(target), _parse_day(day))
        return live_pages.render_day(
            _reader_of(request), key, recorded=request.app.state.recorded, shell=shell_of(request)
        )

    @app.get("/measurements/{uid:path}", include_in_schema=False, response_class=HTMLResponse)
    def measurement(request: Request, uid: str) -> str:
        return live_pages.render_measurement(
            _reader_of(request),
            MeasurementUid(uid),
            recorded=request.app.state.recorded,
            shell=shell_of(request),
        )

    @app.get("/raw/{uid:path}.json", include_in_schema=False)
    def raw(request: Request, uid: str) -> Response:
        return Response(
            live_pages.read_raw(_reader_of(request), MeasurementUid(uid)), media_type="application/json"
        )

    @app.get("/incidents/{incident_id}", include_in_schema=False, response_class=HTMLResponse)
    def incident(request: Request, incident_id: str) -> Response:
        recorded = request.app.state.recorded
        name, form = split_twin(incident_id, ALL_FORMS)
        if form:
            content = live_pages.twin_of_incident(
                _reader_of(request), name, form, recorded=recorded, shell=shell_of(request)
            )
            return twin_answer(content, form)
        page = live_pages.render_incident(
            _reader_of(request),
            incident_id,
            recorded=recorded,
            reported=_reported(request),
            shell=shell_of(request),
        )
        return HTMLResponse(page)

    @app.get("/feed.xml", include_in_schema=False)
    def feed(request: Request) -> Response:
        base: str = request.app.state.public_url
        return Response(live_pages.render_feed(_reader_of(request), base), media_type="application/atom+xml")


def _parse_day(text: str) -> date:
    """Parse a day in an address.

    Raises:
        NotFoundError: the text is no day, or none that could be measured.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise NotFoundError("That is not a day; write it as 2016-04-01.") from error
    if not 1970 <= day.year < 9000:  # so that a month more or less is still a date
        raise NotFoundError("Nothing was measured there on that day.")
    return day
