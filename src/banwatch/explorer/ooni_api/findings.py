"""Incidents in the shape of OONI's findings: `/api/v1/incidents/search` and `/show`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from banwatch.explorer.ooni_api.asked import Asked, AskedError
from banwatch.explorer.ooni_api.measurements import json_answer
from banwatch.explorer.ooni_api.paging import origin_of
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.reader import Reader
from banwatch.pages.wording import words

_MOST = 1_000
"""Findings of one answer at most, the newest ones."""
_WRITING = ("create", "update", "delete", "publish", "unpublish")


def add_finding_routes(app: FastAPI, reader_of: Callable[[Request], Reader]) -> None:
    """Add the routes: reading only, since incidents are found here, not written."""

    @app.get("/api/v1/incidents/search", tags=["ooni"])
    def search(request: Request) -> Response:
        """List the confirmed incidents, newest first."""
        asked = Asked(request)
        ccs, asns = asked.countries("country_code"), set(asked.networks("asn"))
        domains = {one.lower() for one in asked.texts("domain")}
        themes = asked.texts("theme")
        found = [
            one
            for one in reader_of(request).incidents()
            if not one.unconfirmed
            and (not ccs or one.probe_cc in ccs)
            and (not asns or asns & set(one.asns))
            and (not domains or domains & set(one.targets))
            and not themes  # no incident here has one
            and not asked.flag("only_mine")
        ]
        found.sort(key=lambda one: (one.onset_latest, one.incident_id), reverse=True)
        return json_answer({"incidents": [_finding(one, origin_of(request)) for one in found[:_MOST]]})

    @app.get("/api/v1/incidents/show/{incident_id}", tags=["ooni"])
    def show(request: Request, incident_id: str) -> Response:
        """Return one incident with its text."""
        for one in reader_of(request).incidents():
            if incident_id in (one.incident_id, _slug(one)):
                finding = _finding(one, origin_of(request))
                text = f"{finding['short_description']}\n\n[Evidence and pictures]({finding['links'][0]})"
                return json_answer({"incident": {**finding, "text": text}})
        raise AskedError(404, {"detail": "OONI Finding not found"})

    @app.post("/api/v1/incidents/{verb}", include_in_schema=False)
    def write(verb: str) -> Response:
        if verb not in _WRITING:
            raise AskedError(404, {"detail": "Not Found"})
        raise AskedError(403, {"detail": "Incidents are found in the measurements here, and not written."})


def _slug(one: Incident) -> str:
    return f"{one.onset_latest.year}-{one.incident_id}".lower()[:64]


def _finding(one: Incident, origin: str) -> dict[str, Any]:
    place = words.country(one.probe_cc)
    what = (
        "Network shutdown"
        if one.kind is IncidentKind.SHUTDOWN
        else "Nearly everything failed, cause unclear"
        if one.kind is IncidentKind.IMPAIRMENT
        else "Blocking of " + words.listed(one.targets, 3)
    )
    since = "since" if one.onset_known else "seen since"
    end = one.end_latest
    until = f" until {_day(end)}" if end is not None else ""
    counted = words.counted(one.measurements, "measurement")
    return {
        "id": one.incident_id,
        "slug": _slug(one),
        "title": f"{'Unconfirmed: ' if one.unconfirmed else ''}{place}: {what}",
        "short_description": f"{what} in {place}, {since} {_day(one.onset_latest)}{until}: {counted}.",
        "start_time": _moment(one.onset_latest),
        "end_time": _moment(end) if end is not None else None,
        "create_time": _moment(one.onset_latest),
        "update_time": _moment(end or one.onset_latest),
        "reported_by": "Banwatch",
        "email_address": "",
        "creator_account_id": "",
        "published": not one.unconfirmed,
        "event_type": "incident",
        "ASNs": [int(asn) for asn in one.asns],
        "CCs": [one.probe_cc],
        "domains": [target for target in one.targets if "." in target],
        "themes": [],
        "tags": list(one.mechanisms),
        "test_names": [],
        "links": [f"{origin}/incidents/{one.incident_id}"],
        "mine": False,
    }


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
