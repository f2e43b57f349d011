"""Routes of health: `/healthz`, `/readyz`, `/status` and `/metrics`."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.middleware import Middleware

from banwatch.observatory.health.facts import Health
from banwatch.observatory.health.metrics import CountAnswers, Metrics, NoteRoute
from banwatch.observatory.schedule.state import TaskState
from banwatch.pages.links import Links, LiveLinks
from banwatch.pages.render import render
from banwatch.pages.views.notices import Notice

_LINKS = LiveLinks()
_NOT_KEPT = {"Cache-Control": "no-store"}
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def add_health(app: FastAPI, health: Health, *, metrics_for_all: bool) -> None:
    """Add the routes, and count every answer of the app."""
    metrics = Metrics(health)
    app.add_middleware(CountAnswers, metrics=metrics)  # the outermost: refusals are counted too
    app.user_middleware.append(Middleware(NoteRoute))  # the innermost

    @app.get("/healthz", include_in_schema=False)
    async def alive() -> Response:
        return PlainTextResponse("ok\n", headers=_NOT_KEPT)

    @app.get("/readyz", include_in_schema=False)
    def ready() -> Response:
        is_ready = health.is_ready()
        body = {"ready": is_ready, "checks": health.checks()}
        return JSONResponse(body, 200 if is_ready else 503, _NOT_KEPT)

    @app.get("/status", include_in_schema=False)
    def status(request: Request) -> Response:
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(_status(health, with_errors=_is_operator(request)), headers=_NOT_KEPT)
        return HTMLResponse(_page(health, with_errors=_is_operator(request)), headers=_NOT_KEPT)

    @app.get("/metrics", include_in_schema=False)
    def numbers(request: Request) -> Response:
        if not (metrics_for_all or _is_operator(request)):
            text = "Metrics are for this machine; `metrics = true` under [serve] opens them.\n"
            return PlainTextResponse(text, 403)
        return Response(metrics.render(), media_type=_METRICS_TYPE, headers=_NOT_KEPT)


def _is_operator(request: Request) -> bool:
    """Whether a request comes from this machine itself, without a proxy between."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


def _status(health: Health, *, with_errors: bool) -> dict[str, Any]:
    facts = health.facts()
    return {
        "checks": health.checks(),
        "measurements": facts.measurements,
        "newest": facts.newest.isoformat() if facts.newest else None,
        "tasks": {
            name: _task(state, with_errors=with_errors) for name, state in sorted(health.states().items())
        },
    }


def _task(state: TaskState, *, with_errors: bool) -> dict[str, Any]:
    said = state.last_error if with_errors else ("failed" if state.last_error else "")
    return {
        "running": state.running,
        "last_ran": _text(state.last_began),
        "last_success": _text(state.last_success),
        "next_due": _text(state.next_due),
        "failures": state.failures,
        "last_error": said,
        "summary": state.summary,
        "took_s": state.took_s,
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _page(health: Health, *, with_errors: bool) -> str:
    """Return the page of health: checks, and when each task ran, is due, and how it failed."""
    status = _status(health, with_errors=with_errors)
    page = StatusPage(
        title="State of this observatory",
        checks=tuple(status["checks"].items()),
        tasks=tuple(_row(name, task) for name, task in status["tasks"].items()),
    )
    return render("status.html", page)


def _row(name: str, task: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        name,
        task["last_ran"] or "not yet",
        "now" if task["running"] else task["next_due"] or "now",
        task["last_error"] or "none",
        task["summary"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """Content of the page of health."""

    title: str
    checks: tuple[tuple[str, str], ...]
    tasks: tuple[tuple[str, ...], ...]
    """Name, last run, next run, last error and result of each task."""
    notices: tuple[Notice, ...] = ()
    links: Links = _LINKS
