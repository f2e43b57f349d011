"""Measurements by OONI's API: the list, the statements on one, and the measurement as it was received."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import Response

from banwatch.explorer.ooni_api.asked import Asked, AskedError, malformed, tomorrow
from banwatch.explorer.ooni_api.categories import category_of, inputs_of
from banwatch.explorer.ooni_api.paging import origin_of, read_page
from banwatch.explorer.ooni_api.scores import scores_of
from banwatch.model.errors import WireError
from banwatch.model.ids import render_asn
from banwatch.model.receipt import SourceClass
from banwatch.model.verdict import Verdict
from banwatch.reference.suffixes import target_of
from banwatch.store import Store, queries
from banwatch.store.counting.flagged import Selection, count_selected, flags_of, selected_verdicts

_DEFAULT_DAYS = 30
_MAX_DAYS = 180
_TOO_LONG = (
    "Time range must not exceed 6 months. Narrow your query by adjusting the `since` and `until` parameters."
)
_SHORTEST_ID = 3
_UNSAFE = re.compile(r"[^0-9A-Za-z_.-]")


def add_measurement_routes(app: FastAPI, store_of: Callable[[Request], Store]) -> None:
    """Add the routes of lists and of single measurements."""

    @app.get("/api/v1/measurements", tags=["ooni"])
    def measurements(request: Request) -> Response:
        """List measurements in OONI's form, newest first."""
        asked, store = Asked(request), store_of(request)
        if asked.text("order_by") not in (None, "measurement_start_time"):
            raise malformed("order_by", "measurement_start_time")
        origin = origin_of(request)
        chosen = select(asked, datetime.now(UTC))
        if asked.text("since") is None and asked.text("until") is None:
            chosen = _lately(store, chosen)
        answer = json_answer(
            read_page(request, store, chosen, lambda found: [_listed(verdict, origin) for verdict in found])
        )
        answer.headers["Cache-Control"] = "max-age=60"
        return answer

    @app.get("/api/v1/measurement_meta", tags=["ooni"])
    def measurement_meta(request: Request) -> Response:
        """Return the flags of one measurement, by `measurement_uid`, or by `report_id` and `input`."""
        asked, store = Asked(request), store_of(request)
        full = asked.flag("full") or False
        verdict = _find(asked, store)
        if verdict is None:
            return json_answer({"raw_measurement": ""} if full else {})
        return json_answer(_meta(store, verdict, full=full))

    @app.get("/api/v1/raw_measurement", tags=["ooni"])
    def raw_measurement(request: Request) -> Response:
        """Return a measurement as it was received; `{}` where there is none of this id."""
        asked, store = Asked(request), store_of(request)
        if asked.text("measurement_uid") is None and asked.text("report_id") is None:
            raise AskedError(400, {"detail": "Either report_id or measurement_uid must be provided"})
        verdict = _find(asked, store)
        raw = queries.raw(store, verdict.measurement_uid) if verdict is not None else None
        if raw is None:
            return json_answer({})
        return Response(raw, media_type="application/json", headers={"Cache-Control": "max-age=86400"})

    @app.get("/api/v1/measurement/{measurement_uid}", tags=["ooni"])
    def one_measurement(request: Request, measurement_uid: str) -> Response:
        """Return a measurement as it was received, as a file where `download` says so."""
        asked, store = Asked(request), store_of(request)
        raw = queries.raw(store, measurement_uid)
        if raw is None:
            raise AskedError(404, {"detail": "Measurement not found"})
        answer = Response(raw, media_type="application/json")
        if asked.flag("download"):
            name = _UNSAFE.sub("_", measurement_uid)[:120]
            answer.headers["Content-Disposition"] = f'attachment; filename="ooni_measurement-{name}.json"'
        return answer


def json_answer(value: object, status: int = 200) -> Response:
    """Make an answer of anything that msgspec can write."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def select(asked: Asked, now: datetime) -> Selection:
    """Read the filters of `/api/v1/measurements`, whose times are behind `since` and up to `until`.

    Raises:
        AskedError: a filter is malformed, or the time longer than half a year.
    """
    report_id = asked.text("report_id")
    since, until = asked.time("since"), asked.time("until")
    if report_id is None:
        until = until or tomorrow(now)
        since = since or until - timedelta(days=_DEFAULT_DAYS)
        if until - since > timedelta(days=_MAX_DAYS):
            raise AskedError(400, {"detail": _TOO_LONG})
    ccs = asked.countries()
    url = asked.text("input")
    domains = tuple(one.lower() for one in asked.texts("domain")) if url is None else ()
    category = asked.text("category_code") if url is None else None
    inputs = (url,) if url is not None else inputs_of(category.upper(), ccs) if category else None
    versions = ("software_version", "test_version", "engine_version")
    software = {name: values for name in versions if (values := asked.texts(name))}
    return Selection(
        report_id=report_id,
        probe_ccs=ccs,
        probe_asns=asked.networks(),
        test_names=asked.texts("test_name"),
        domains=domains,
        targets=targets_of(domains),
        inputs=inputs,
        since=since,
        since_included=False,
        until=until,
        until_included=True,
        confirmed=asked.flag("confirmed"),
        anomaly=asked.flag("anomaly"),
        failure=asked.flag("failure"),
        software=software or None,
        hides_unknown=report_id is None,
    )


def _lately(store: Store, chosen: Selection) -> Selection:
    """Return the selection over the 30 days up to its newest measurement, where the last 30 days have none.

    Pages of OONI's Explorer name no dates for what was measured last, of a country for instance.
    """
    if chosen.since is None or chosen.until is None or count_selected(store, chosen):
        return chosen
    before = replace(chosen, since=None)
    newest = selected_verdicts(store, before, newest_first=True, limit=1)
    if not newest:
        return chosen
    last = newest[0].measurement_start_time
    return replace(chosen, since=last - timedelta(days=_DEFAULT_DAYS), until=last)


def targets_of(domains: tuple[str, ...]) -> tuple[str, ...]:
    """Return the targets that domains belong to, and the domains themselves, which may be applications."""
    return tuple(sorted({*domains, *(str(target_of(domain)) for domain in domains)}))


def _find(asked: Asked, store: Store) -> Verdict | None:
    """Find the measurement that is asked for; None where there is none, or nothing was asked for."""
    uid, report_id, url = asked.text("measurement_uid"), asked.text("report_id"), asked.text("input")
    for name, value in (("measurement_uid", uid), ("report_id", report_id)):
        if value is not None and len(value) < _SHORTEST_ID:
            raise malformed(name, f"at least {_SHORTEST_ID} characters")
    if uid is not None:
        return next(iter(queries.verdicts_of(store, uid)), None)
    if report_id is None:
        return None
    chosen = Selection(report_id=report_id, inputs=(url,) if url is not None else None)
    found = selected_verdicts(store, chosen, newest_first=False, limit=1)
    return found[0] if found else None


def verification_of(source: SourceClass) -> str:
    """Return OONI's word for what vouches for a measurement."""
    return (
        "verified" if source in (SourceClass.OWN, SourceClass.PARTNER, SourceClass.VERIFIED) else "unverified"
    )


def _listed(verdict: Verdict, origin: str) -> dict[str, Any]:
    confirmed, anomaly, failure = flags_of(verdict.state, verdict.test_name)
    return {
        "anomaly": anomaly,
        "confirmed": confirmed,
        "failure": failure,
        "input": verdict.input or None,
        "measurement_start_time": f"{verdict.measurement_start_time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "measurement_uid": verdict.measurement_uid,
        "measurement_url": f"{origin}/api/v1/raw_measurement?measurement_uid={verdict.measurement_uid}",
        "probe_asn": render_asn(verdict.probe_asn),
        "probe_cc": verdict.probe_cc,
        "report_id": verdict.report_id,
        "scores": scores_of(verdict),
        "test_name": verdict.test_name,
        "verification_status": verification_of(verdict.source_class),
    }


def _meta(store: Store, verdict: Verdict, *, full: bool) -> dict[str, Any]:
    confirmed, anomaly, failure = flags_of(verdict.state, verdict.test_name)
    made = queries.measurement(store, verdict.measurement_uid)
    began = made.test_start_time if made is not None else verdict.measurement_start_time
    answer: dict[str, Any] = {
        "anomaly": anomaly,
        "confirmed": confirmed,
        "failure": failure,
        "category_code": category_of(verdict.input, verdict.probe_cc) if verdict.input else None,
        "input": verdict.input or None,
        "measurement_start_time": _second(verdict.measurement_start_time),
        "measurement_uid": verdict.measurement_uid,
        "probe_asn": int(verdict.probe_asn),
        "probe_cc": verdict.probe_cc,
        "report_id": verdict.report_id,
        "scores": msgspec.json.encode(scores_of(verdict)).decode(),
        "test_name": verdict.test_name,
        "test_start_time": _second(began),
        "verification_status": verification_of(verdict.source_class),
    }
    if full:
        try:
            raw = queries.raw(store, verdict.measurement_uid)
        except WireError:
            raw = None  # its segment is damaged; what was concluded from it is still there
        answer["raw_measurement"] = raw.decode("utf-8", "replace") if raw is not None else ""
    return answer


def _second(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
