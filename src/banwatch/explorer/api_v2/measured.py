"""Verdicts in order of time, and single measurements with all that was concluded from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import Response

from banwatch.explorer.api_v2.described import documented
from banwatch.explorer.api_v2.forms import one_answer
from banwatch.explorer.api_v2.pages import (
    DEFAULT_ROWS,
    After,
    Format,
    Limit,
    aware,
    page_answer,
    read_cursor,
)
from banwatch.formats.json_views import VerdictJson
from banwatch.model.evidence import Evidence
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.state import State
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader

MAX_OBSERVATIONS = 1_000
"""Observations of one measurement in an answer; the raw measurement has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementInFull:
    """Measurement with its observations, evidence and verdicts."""

    measurement: Measurement
    verdicts: Sequence[VerdictJson]
    observations: Sequence[Observation]
    """The first 1,000 of them; `raw` has all."""
    evidence: Sequence[Evidence]
    raw: str
    """Address of the measurement as it was received."""


def add_measured_routes(app: FastAPI, reader_of: Callable[[Request], Reader]) -> None:
    """Add the routes."""

    @app.get("/api/v2/verdicts", **documented(VerdictJson, "verdicts"))
    def verdicts(
        request: Request,
        cc: str | None = None,
        asn: int | None = None,
        tier: str | None = None,
        target: str | None = None,
        state: State | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: Limit = DEFAULT_ROWS,
        after: After = None,
        format: Format = None,
    ) -> Response:
        """Return verdicts in order of time; `since` is included, `until` is not."""
        last = read_cursor(after, tuple[datetime, str, str])
        found = reader_of(request).verdicts(
            probe_cc=CountryCode(cc) if cc is not None else None,
            probe_asn=Asn(asn) if asn is not None else None,
            access_tier=tier,
            target=TargetName(target) if target is not None else None,
            state=state,
            since=aware(since),
            until=aware(until),
            after=(aware(last[0]) or last[0], last[1], last[2]) if last is not None else None,
            limit=limit + 1,
        )
        return page_answer(
            request,
            found,
            limit,
            VerdictJson,
            asked=format,
            key_of=lambda row: (
                row.measurement_start_time.astimezone(UTC),
                row.measurement_uid,
                row.target,
            ),
            shape=VerdictJson.from_verdict,
        )

    @app.get("/api/v2/measurements/{uid:path}", **documented(MeasurementInFull, "measurement", is_list=False))
    def measurement(request: Request, uid: str) -> Response:
        """Return one measurement with its observations, evidence and verdicts."""
        reader, wanted = reader_of(request), MeasurementUid(uid)
        found = reader.measurements_of([wanted]).get(wanted)
        if found is None:
            raise NotFoundError("There is no measurement of this id.")
        return one_answer(
            MeasurementInFull(
                measurement=found,
                verdicts=[VerdictJson.from_verdict(verdict) for verdict in reader.verdicts_of(wanted)],
                observations=reader.observations_of([wanted], limit=MAX_OBSERVATIONS).get(wanted, ()),
                evidence=reader.evidence_of([wanted]).get(wanted, ()),
                raw=request.app.state.public_url + str(request.app.url_path_for("raw", uid=uid)),
            )
        )
