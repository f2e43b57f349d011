"""Statements of others: readers' reports, signals of other observatories, and scores of accuracy."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from banwatch.explorer.api_v2.bearer import SECURED, require_token
from banwatch.explorer.api_v2.described import documented
from banwatch.explorer.api_v2.forms import one_answer
from banwatch.explorer.api_v2.pages import (
    DEFAULT_ROWS,
    After,
    Format,
    Limit,
    behind,
    page_answer,
    read_cursor,
)
from banwatch.explorer.kept_files import (
    KeptFiles,
    keep_accuracy,
    keep_signals,
    read_accuracy,
    read_kept_signals,
    signal_key,
)
from banwatch.explorer.report_request import NotTakenError, read_body
from banwatch.explorer.tokens import TokenScope
from banwatch.formats.outside_signals import parse_signals_untrusted
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.report import ReaderReport, ReportState
from banwatch.model.signal import Signal
from banwatch.pages.not_found import NotFoundError

_NOT_TAKEN = (400, 403, 408, 413, 415, 429, 503)
TakeReport = Callable[[Request], Awaitable[Response]]
MAX_BODY_BYTES = 4 << 20
"""Longest file of signals, or of scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """Result of bringing signals in."""

    added: int
    """Signals that were not there yet."""
    passed_over: int
    """Entries that give no signal."""


def add_statement_routes(
    app: FastAPI, kept: KeptFiles, take_report: TakeReport, now: Callable[[], datetime]
) -> None:
    """Add the routes."""

    def key_of(report: ReaderReport) -> tuple[str, str]:
        return (report.received_at.isoformat(), report.report_id)

    @app.get("/api/v2/reports", **documented(ReaderReport, "reports", problems=(400, 401, 403, 404, 406)))
    def reports(
        request: Request,
        cc: str | None = None,
        target: str | None = None,
        state: ReportState = ReportState.ACCEPTED,
        limit: Limit = DEFAULT_ROWS,
        after: After = None,
        format: Format = None,
    ) -> Response:
        """Return readers' reports that a moderator accepted, in order of their hour: none is verified.

        Other states need a token that may moderate.
        """
        if state is not ReportState.ACCEPTED:
            require_token(request, kept.tokens, TokenScope.MODERATE, now())
        rows = [
            report
            for report in kept.reports.reports(state)
            if cc in (None, report.claim.probe_cc) and target in (None, report.claim.target)
        ]
        found = behind(sorted(rows, key=key_of), read_cursor(after, tuple[str, str]), key_of)
        return page_answer(request, found, limit, ReaderReport, asked=format, key_of=key_of)

    @app.post(
        "/api/v2/reports",
        **documented(ReaderReport, "report", is_list=False, status=201, problems=_NOT_TAKEN),
        openapi_extra=_body(_REPORT_SCHEMA),
    )
    async def take(request: Request) -> Response:
        """Report that something does not open. It is shown once a moderator has accepted it."""
        return await take_report(request)

    @app.post(
        "/api/v2/reports/{report_id}/{decision}",
        **documented(ReaderReport, "report", is_list=False, problems=(400, 401, 403, 404)),
        openapi_extra=SECURED,
    )
    def decide(request: Request, report_id: str, decision: ReportState) -> Response:
        """Decide on a report: `accepted` shows it, with its note; `rejected` hides it."""
        require_token(request, kept.tokens, TokenScope.MODERATE, now())
        if decision is ReportState.PENDING:
            raise HTTPException(400, "a decision is accepted or rejected")
        try:
            (decided,) = kept.reports.decide([report_id], decision, now())
        except BanwatchError as error:
            raise NotFoundError("There is no report of this id.") from error
        return one_answer(decided)

    @app.get("/api/v2/signals", **documented(Signal, "signals"))
    def signals(
        request: Request,
        cc: str | None = None,
        asn: int | None = None,
        limit: Limit = DEFAULT_ROWS,
        after: After = None,
        format: Format = None,
    ) -> Response:
        """Return what other observatories report of outages, in order of time; verdicts do not rest on it."""
        rows = [
            one
            for one in read_kept_signals(kept.signals)
            if cc in (None, one.country) and asn in (None, one.asn)
        ]
        last = read_cursor(after, tuple[float, str, str, int, str, str])
        found = behind(rows, last, signal_key)
        return page_answer(request, found, limit, Signal, asked=format, key_of=signal_key)

    @app.post(
        "/api/v2/signals",
        **documented(Brought, "brought", is_list=False, problems=(400, 401, 403, 408, 413, 415)),
        openapi_extra={**SECURED, **_body({"type": "object"})},
    )
    async def bring_signals(request: Request) -> Response:
        """Bring in signals: an answer of IODA or Cloudflare Radar, as it was given."""
        require_token(request, kept.tokens, TokenScope.WRITE, now())
        body = await _body_of(request)
        passed_over: Counter[str] = Counter()
        try:
            found = await run_in_threadpool(parse_signals_untrusted, body, passed_over)
            added = await run_in_threadpool(keep_signals, kept.signals, found)
        except (WireError, BanwatchError) as error:
            raise HTTPException(400, str(error)) from error
        return one_answer(Brought(added=added, passed_over=passed_over.total()))

    @app.get("/api/v2/accuracy", **documented(dict[str, Any], "accuracy", is_list=False))
    def accuracy(request: Request) -> Response:
        """Return the score of the judge against ground truth, as `banwatch lab score --json` printed it."""
        found = read_accuracy(kept.accuracy)
        if found is None:
            raise NotFoundError("No score was brought in.")
        return one_answer(found)

    @app.put(
        "/api/v2/accuracy",
        **documented(dict[str, Any], "accuracy", is_list=False, problems=(400, 401, 403, 408, 413, 415)),
        openapi_extra={**SECURED, **_body({"type": "object"})},
    )
    async def bring_accuracy(request: Request) -> Response:
        """Bring in a score, in place of the one before."""
        require_token(request, kept.tokens, TokenScope.WRITE, now())
        try:
            found = msgspec.json.decode(await _body_of(request), type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise HTTPException(400, "a score is an object of JSON") from error
        await run_in_threadpool(keep_accuracy, kept.accuracy, found)
        return one_answer(found)


async def _body_of(request: Request) -> bytes:
    """Read a body of JSON.

    Raises:
        HTTPException: it is too long, or not JSON by its type.
    """
    try:
        return await read_body(request, "application/json", most_bytes=MAX_BODY_BYTES)
    except NotTakenError as error:
        raise HTTPException(error.status, error.reason) from error


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_TEXT = {"type": "string"}
_REPORT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["target"],
    "properties": {
        "target": {**_TEXT, "description": "A domain, or the name of an app"},
        "network": {**_TEXT, "description": "Its AS number, such as AS131279; may be empty"},
        "country": {**_TEXT, "description": "Two letters, such as KP; may be empty"},
        "time": {**_TEXT, "description": "ISO 8601, UTC where it names no zone; empty is now"},
        "note": _TEXT,
    },
}
