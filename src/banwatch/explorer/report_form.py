"""Form for readers' reports that something does not open, and its twin for programs.

No address of a sender is read, kept or logged, and there are no cookies. A form is taken only where the
browser says that it is ours, so that no other site can make its readers' browsers report.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from banwatch.explorer.report_request import NotTakenError, read_body, require_same_origin, retry_header
from banwatch.formats.own_address import is_address
from banwatch.formats.reader_report import (
    Fields,
    parse_form_untrusted,
    parse_json_untrusted,
    read_claim_untrusted,
)
from banwatch.formats.scrub import scrubber
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import TargetName
from banwatch.model.report import ReaderReport
from banwatch.pages.live_pages import render_message, render_report_form
from banwatch.pages.views.reader_reports import FORM
from banwatch.reference.suffixes import target_of
from banwatch.store.reports import RefusedError, ReportBook

_log = logging.getLogger(__name__)
_FILED = "/report/filed"


def add_report_routes(
    app: FastAPI, book: ReportBook, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> None:
    """Add the form."""

    @app.get(FORM, include_in_schema=False, response_class=HTMLResponse)
    def form() -> str:
        return render_report_form(Fields(), "")

    @app.get(_FILED, include_in_schema=False, response_class=HTMLResponse)
    def filed() -> str:
        said = "Your report is kept. It is shown once a moderator has accepted it."
        return render_message("Thank you", said)

    @app.post(FORM, include_in_schema=False)
    async def take_form(request: Request) -> Response:
        given = Fields()
        try:
            require_same_origin(request.headers, program=False)
            body = await read_body(request, "application/x-www-form-urlencoded")
            given = parse_form_untrusted(body)
            await run_in_threadpool(_take, book, _scrubbed(given, request), now())
        except WireError as error:
            return HTMLResponse(render_report_form(given, error.reason), 400)
        except NotTakenError as error:
            return HTMLResponse(render_report_form(given, error.reason), error.status, retry_header(error))
        return RedirectResponse(_FILED, 303)


def report_taker(
    book: ReportBook, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Callable[[Request], Awaitable[Response]]:
    """Make the function that takes a report from a program, in JSON."""

    async def take(request: Request) -> Response:
        try:
            require_same_origin(request.headers, program=True)
            given = parse_json_untrusted(await read_body(request, "application/json"))
            report = await run_in_threadpool(_take, book, _scrubbed(given, request), now())
        except WireError as error:
            return JSONResponse({"error": error.reason}, 400)
        except NotTakenError as error:
            return JSONResponse({"error": error.reason}, error.status, retry_header(error))
        return Response(msgspec.json.encode(report), 201, media_type="application/json")

    return take


def _scrubbed(given: Fields, request: Request) -> Fields:
    """Take the reader's own address out of a report: people paste what a page shows them."""
    sender = request.client.host if request.client else ""
    if not is_address(sender):
        return given
    scrub = scrubber([sender])
    return Fields(*(scrub(text.encode("utf-8", "replace")).decode("utf-8", "replace") for text in given))


def _take(book: ReportBook, given: Fields, now: datetime) -> ReaderReport:
    claim = read_claim_untrusted(given, now)
    if "." in claim.target:
        claim = replace(claim, target=TargetName(target_of(claim.target)))  # as measurements are counted
    try:
        return book.file(claim, now)
    except RefusedError as error:
        raise NotTakenError(429, f"{error}; try again later") from error
    except BanwatchError as error:
        _log.error("a reader's report was lost: %s", error)
        raise NotTakenError(503, "It cannot be kept here at the moment") from error
