"""Where readers report that something does not open: a form and its twin for programs.

Whoever sends a report is not looked at: no address is read, kept or logged, and there are no cookies. So that
no other site can make its readers' browsers report, a form is taken only where the browser says that it is
ours.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from banwatch.formats.reader_report import (
    MAX_BYTES,
    MAX_NOTE,
    MAX_TARGET,
    Fields,
    parse_form_untrusted,
    parse_json_untrusted,
    read_claim_untrusted,
)
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import TargetName
from banwatch.model.report import ReaderReport, ReportState
from banwatch.pages.links import Links, LiveLinks
from banwatch.pages.render import render
from banwatch.pages.views.home import MessagePage
from banwatch.pages.views.notices import Notice
from banwatch.pages.views.reader_reports import FORM
from banwatch.pages.wording import words
from banwatch.reference.suffixes import target_of
from banwatch.store.reports import RefusedError, ReportBook

_log = logging.getLogger(__name__)
_LINKS = LiveLinks()
_FILED = "/report/filed"
_API = "/api/reports"
_BODY_S = 10.0
"""How long a report may take to come in, in seconds: slow networks, not held connections."""
_RETRY_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """The form, with what was filled in and what is wrong with it."""

    title: str
    notices: tuple[Notice, ...]
    links: Links
    action: str
    given: Fields
    problem: str
    max_note: int
    max_target: int


class _NotTakenError(Exception):
    """A report was not taken; says why, and with which status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def add_reports(
    app: FastAPI, book: ReportBook, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> None:
    """Add the form and the API's routes for reports."""

    @app.get(FORM, include_in_schema=False, response_class=HTMLResponse)
    def form() -> str:
        return _page(Fields(), "")

    @app.get(_FILED, include_in_schema=False, response_class=HTMLResponse)
    def filed() -> str:
        said = "Your report is kept. It is shown once a moderator has accepted it."
        return render("message.html", MessagePage(title="Thank you", text=said, notices=(), links=_LINKS))

    @app.post(FORM, include_in_schema=False)
    async def take_form(request: Request) -> Response:
        given = Fields()
        try:
            _require_same_origin(request.headers, program=False)
            body = await _body_of(request, "application/x-www-form-urlencoded")
            given = parse_form_untrusted(body)
            await run_in_threadpool(_take, book, given, now())
        except WireError as error:
            return HTMLResponse(_page(given, error.reason), 400)
        except _NotTakenError as error:
            return HTMLResponse(_page(given, error.reason), error.status, _retry(error))
        return RedirectResponse(_FILED, 303)

    schema = {"requestBody": {"required": True, "content": {"application/json": {"schema": _schema()}}}}

    @app.post(_API, response_model=ReaderReport, status_code=201, tags=["reports"], openapi_extra=schema)
    async def take(request: Request) -> Response:
        """Report that something does not open. It is shown once a moderator has accepted it."""
        try:
            _require_same_origin(request.headers, program=True)
            given = parse_json_untrusted(await _body_of(request, "application/json"))
            report = await run_in_threadpool(_take, book, given, now())
        except WireError as error:
            return JSONResponse({"error": error.reason}, 400)
        except _NotTakenError as error:
            return JSONResponse({"error": error.reason}, error.status, _retry(error))
        return Response(msgspec.json.encode(report), 201, media_type="application/json")

    @app.get(_API, response_model=list[ReaderReport], tags=["reports"])
    def accepted(cc: str | None = None, target: str | None = None) -> Response:
        """What readers report and a moderator accepted: not measured, not verified."""
        found = [
            report
            for report in book.reports(ReportState.ACCEPTED)
            if cc in (None, report.claim.probe_cc) and target in (None, report.claim.target)
        ]
        return Response(msgspec.json.encode(found), media_type="application/json")


def _page(given: Fields, problem: str) -> str:
    shown = Fields(*(words.visible(value, MAX_TARGET) for value in given))
    page = ReportPage(
        title="Report that something does not open",
        notices=(),
        links=_LINKS,
        action=FORM,
        given=shown,
        problem=problem,
        max_note=MAX_NOTE,
        max_target=MAX_TARGET,
    )
    return render("report.html", page, form=True)


def _take(book: ReportBook, given: Fields, now: datetime) -> ReaderReport:
    claim = read_claim_untrusted(given, now)
    if "." in claim.target:
        claim = replace(claim, target=TargetName(target_of(claim.target)))  # as measurements are counted
    try:
        return book.file(claim, now)
    except RefusedError as error:
        raise _NotTakenError(429, f"{error}; try again later") from error
    except BanwatchError as error:
        _log.error("a reader's report was lost: %s", error)
        raise _NotTakenError(503, "It cannot be kept here at the moment") from error


def _require_same_origin(headers: Mapping[str, str], *, program: bool) -> None:
    """Refuse what another site's page made a browser send.

    Browsers name the page's site in `Origin`, newer ones in `Sec-Fetch-Site` too; no page can change either.
    Programs send neither, and JSON cannot be sent across sites without asking first, which we do not answer.

    Raises:
        _NotTakenError: it is from elsewhere, or a form does not say where it is from.
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
        raise _NotTakenError(403, "It was not sent from this site's own form")


async def _body_of(request: Request, media_type: str) -> bytes:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise _NotTakenError(415, f"A report is sent as {media_type}")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BYTES:
                    raise _NotTakenError(413, "The report is too long")
    except TimeoutError as error:
        raise _NotTakenError(408, "The report did not come in whole") from error
    except ClientDisconnect as error:
        raise _NotTakenError(400, "The report did not come in whole") from error
    return bytes(body)


def _retry(error: _NotTakenError) -> dict[str, str]:
    return {"Retry-After": str(_RETRY_S)} if error.status == 429 else {}


def _schema() -> dict[str, object]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["target"],
        "properties": {
            "target": {**text, "description": "A domain, or the name of an app"},
            "network": {**text, "description": "Its AS number, such as AS131279; may be empty"},
            "country": {**text, "description": "Two letters, such as KP; may be empty"},
            "time": {**text, "description": "ISO 8601, UTC where it names no zone; empty is now"},
            "note": {**text, "maxLength": MAX_NOTE},
        },
    }
