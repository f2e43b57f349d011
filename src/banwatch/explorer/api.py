"""The JSON API: the rows behind the pages, a page of them at a time. `/openapi.json` describes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from fastapi import FastAPI, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from banwatch.explorer.list_page import cut_list
from banwatch.explorer.openapi_schema import add_schemas, response_of
from banwatch.formats.json_views import ComparisonJson, IncidentJson, VerdictJson
from banwatch.model.ban import Ban
from banwatch.model.cell import Cell
from banwatch.model.evidence import Evidence
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader

MAX_PAGE = 1000
"""Verdicts on one page at most."""
DEFAULT_PAGE = 100
"""Verdicts on one page where the request names no limit."""
MAX_CELLS = 10_000
"""Cells of one answer; a question that has more is refused, and says how to ask for fewer."""
MAX_OBSERVATIONS = 1_000
"""Observations of one measurement in an answer; the raw measurement has all."""
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
"""Years that a time in a request may lie in, so that every engine can compare it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BanWithComparison:
    """Ban with its comparison against the measurements."""

    ban: Ban
    comparison: Sequence[ComparisonJson]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictPage:
    """Page of verdicts in order of time, with the cursor of the next page."""

    items: Sequence[VerdictJson]
    next: str | None
    """Give this as `after` to get the next page; null at the end."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Size and origin of the store's measurements."""

    measurements: int
    labs: dict[str, int]
    """Number of measurements that each lab made; the empty name is the real world."""
    recorded: bool


def add_api_routes(app: FastAPI, reader_of: Callable[[Request], Reader]) -> None:
    """Add the routes under `/api`."""

    @app.get("/api", response_model=About, tags=["data"])
    def about(request: Request) -> Response:
        """Return the number of measurements, and whether they were made in a lab."""
        labs = dict(reader_of(request).labs())
        return _json(About(measurements=sum(labs.values()), labs=labs, recorded=request.app.state.recorded))

    @app.get("/api/bans", response_model=list[Ban], tags=["data"])
    def bans(request: Request) -> Response:
        """Return every announced ban of the register."""
        return _json(list(reader_of(request).bans().values()))

    @app.get("/api/bans/{ban_id}", response_model=BanWithComparison, tags=["data"])
    def ban(request: Request, ban_id: str) -> Response:
        """Return a ban and its comparison, a row for each target, network and access tier."""
        reader = reader_of(request)
        found = reader.bans().get(ban_id)
        if found is None:
            raise NotFoundError("No ban of this name is known.")
        rows = [ComparisonJson.from_comparison(row) for row in reader.comparisons(ban_id)]
        return _json(BanWithComparison(ban=found, comparison=rows))

    @app.get("/api/incidents", response_model=list[IncidentJson], tags=["data"])
    def incidents(
        request: Request,
        cc: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
        after: str | None = None,
    ) -> Response:
        """Return incidents in order of ids; the header `Link` has the next page, where there is one."""
        found = [one for one in reader_of(request).incidents() if cc in (None, one.probe_cc)]
        page, link = cut_list(request, found, limit, after, id_of=lambda one: str(one.incident_id))
        return _json([IncidentJson.from_incident(one) for one in page], link)

    @app.get("/api/incidents/{incident_id}", response_model=IncidentJson, tags=["data"])
    def incident(request: Request, incident_id: str) -> Response:
        """Return one incident."""
        for found in reader_of(request).incidents():
            if found.incident_id == incident_id:
                return _json(IncidentJson.from_incident(found))
        raise NotFoundError("There is no incident of this id.")

    @app.get("/api/verdicts", response_model=VerdictPage, tags=["data"])
    def verdicts(
        request: Request,
        cc: str | None = None,
        asn: int | None = None,
        tier: str | None = None,
        target: str | None = None,
        state: State | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Response:
        """Return verdicts in order of time; `since` is included, `until` is not."""
        found = reader_of(request).verdicts(
            probe_cc=CountryCode(cc) if cc is not None else None,
            probe_asn=Asn(asn) if asn is not None else None,
            access_tier=tier,
            target=TargetName(target) if target is not None else None,
            state=state,
            since=_aware(since),
            until=_aware(until),
            after=parse_cursor(after) if after else None,
            limit=limit + 1,
        )
        return _json(cut_page(found, limit))

    @app.get("/api/cells", response_model=list[Cell], tags=["data"])
    def cells(
        request: Request,
        cc: str,
        target: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Response:
        """Return verdicts counted by target, network, access tier and hour; empty hours are absent."""
        found = reader_of(request).cells(
            probe_cc=CountryCode(cc),
            target=TargetName(target) if target is not None else None,
            since=_aware(since),
            until=_aware(until),
            limit=MAX_CELLS + 1,
        )
        if len(found) > MAX_CELLS:
            what = (
                f"more than {MAX_CELLS} cells: ask for one target, or for a shorter time with since and until"
            )
            raise HTTPException(400, what)
        return _json(found)

    add_schemas(app, MeasurementInFull)

    @app.get("/api/measurements/{uid:path}", responses={**response_of(MeasurementInFull)}, tags=["data"])
    def measurement(request: Request, uid: str) -> Response:
        """Return one measurement with its observations, evidence and verdicts."""
        reader, wanted = reader_of(request), MeasurementUid(uid)
        found = reader.measurements_of([wanted]).get(wanted)
        if found is None:
            raise NotFoundError("There is no measurement of this id.")
        return _json(
            MeasurementInFull(
                measurement=found,
                verdicts=[VerdictJson.from_verdict(verdict) for verdict in reader.verdicts_of(wanted)],
                observations=reader.observations_of([wanted], limit=MAX_OBSERVATIONS).get(wanted, ()),
                evidence=reader.evidence_of([wanted]).get(wanted, ()),
                raw=request.app.state.public_url + str(request.app.url_path_for("raw", uid=uid)),
            )
        )


def cut_page(found: Sequence[Verdict], limit: int) -> VerdictPage:
    """Return a page of rows, with the cursor of the next one.

    A cursor is the last row of a page, by time, measurement and target; so rows of the same microsecond are
    neither lost nor given twice, and a page deep in a list costs no more than the first.

    Args:
        found: rows in order, one more than the page needs where there are more.
        limit: rows on the page.
    """
    items = [VerdictJson.from_verdict(verdict) for verdict in found[:limit]]
    if len(found) <= limit:
        return VerdictPage(items=items, next=None)
    last = found[limit - 1]
    at = last.measurement_start_time.astimezone(UTC).isoformat()
    return VerdictPage(items=items, next=f"{at}~{last.measurement_uid}~{last.target}")


def parse_cursor(text: str) -> tuple[datetime, str, str]:
    """Parse a cursor that `cut_page` wrote.

    Raises:
        NotFoundError: the text is no such cursor.
    """
    moment, first, rest = text.partition("~")
    uid, second, target = rest.partition("~")
    try:
        at = datetime.fromisoformat(moment.replace(" ", "+"))
    except ValueError as error:
        raise NotFoundError("`after` is not what a page said under `next`.") from error
    if not (first and second and uid) or at.tzinfo is None or not _FIRST_YEAR <= at.year < _LAST_YEAR:
        raise NotFoundError("`after` is not what a page said under `next`.")
    return at, uid, target


def _aware(at: datetime | None) -> datetime | None:
    """Return a time with its zone; one without a zone is UTC.

    Raises:
        HTTPException: nothing can have been measured at that time.
    """
    if at is None:
        return None
    if not _FIRST_YEAR <= at.year < _LAST_YEAR:
        raise HTTPException(400, f"times lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _json(value: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json", headers=headers)
