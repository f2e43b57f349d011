"""Incidents with their evidence, and announced bans with their comparison."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import Response

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
from banwatch.formats.json_views import ComparisonJson, IncidentJson, VerdictJson
from banwatch.model.ban import Ban, Comparison
from banwatch.model.evidence import Evidence
from banwatch.model.ids import MeasurementUid
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader

MAX_WITNESSES = 50
"""Witnesses of an incident that come with their evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Measurement that an incident rests on, with what was concluded from it."""

    measurement_uid: MeasurementUid
    verdicts: Sequence[VerdictJson]
    evidence: Sequence[Evidence]
    raw: str
    """Address of the measurement as it was received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentWithEvidence:
    """Incident with the measurements that it rests on."""

    incident: IncidentJson
    evidence: Sequence[Witness]
    """At most 50 of them, those of the incident first, then one of each member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BanWithComparison:
    """Ban with its comparison against the measurements."""

    ban: Ban
    comparison: Sequence[ComparisonJson]
    """Every row where there are at most 5,000, else those that are announced or show interference."""


def add_finding_routes(app: FastAPI, reader_of: Callable[[Request], Reader]) -> None:
    """Add the routes."""

    @app.get("/api/v2/incidents", **documented(IncidentJson, "incidents"))
    def incidents(
        request: Request,
        cc: str | None = None,
        asn: int | None = None,
        target: str | None = None,
        kind: IncidentKind | None = None,
        confirmed: bool | None = None,
        limit: Limit = DEFAULT_ROWS,
        after: After = None,
        format: Format = None,
    ) -> Response:
        """Return incidents in order of their ids; `confirmed=true` leaves out unconfirmed ones."""

        def key_of(one: Incident) -> tuple[str]:
            return (one.incident_id,)

        rows = [
            one
            for one in reader_of(request).incidents()
            if cc in (None, one.probe_cc)
            and (asn is None or asn in one.asns)
            and (target is None or target in one.targets)
            and kind in (None, one.kind)
            and confirmed in (None, not one.unconfirmed)
        ]
        found = behind(rows, read_cursor(after, tuple[str]), key_of)
        return page_answer(
            request,
            found,
            limit,
            IncidentJson,
            asked=format,
            key_of=key_of,
            shape=IncidentJson.from_incident,
        )

    @app.get("/api/v2/incidents/{incident_id}", **documented(IncidentWithEvidence, "incident", is_list=False))
    def incident(request: Request, incident_id: str) -> Response:
        """Return one incident with its evidence: the verdicts and columns of the measurements it rests on."""
        reader = reader_of(request)
        for found in reader.incidents():
            if found.incident_id == incident_id:
                return one_answer(
                    IncidentWithEvidence(
                        incident=IncidentJson.from_incident(found),
                        evidence=_witnesses(request, reader, found),
                    )
                )
        raise NotFoundError("There is no incident of this id.")

    @app.get("/api/v2/bans", **documented(Ban, "bans"))
    def bans(
        request: Request, limit: Limit = DEFAULT_ROWS, after: After = None, format: Format = None
    ) -> Response:
        """Return the announced bans of the register, in order of their ids."""

        def key_of(ban: Ban) -> tuple[str]:
            return (ban.ban_id,)

        rows = sorted(reader_of(request).bans().values(), key=key_of)
        found = behind(rows, read_cursor(after, tuple[str]), key_of)
        return page_answer(request, found, limit, Ban, asked=format, key_of=key_of)

    @app.get("/api/v2/bans/{ban_id}", **documented(BanWithComparison, "ban", is_list=False))
    def ban(request: Request, ban_id: str) -> Response:
        """Return a ban and its comparison, a row for each target, network and access tier."""
        reader = reader_of(request)
        return one_answer(
            BanWithComparison(
                ban=_ban_of(reader, ban_id),
                comparison=[ComparisonJson.from_comparison(row) for row in reader.comparisons(ban_id)],
            )
        )

    @app.get("/api/v2/bans/{ban_id}/comparison", **documented(ComparisonJson, "comparison"))
    def comparison(
        request: Request,
        ban_id: str,
        limit: Limit = DEFAULT_ROWS,
        after: After = None,
        format: Format = None,
    ) -> Response:
        """Return the comparison of a ban alone, in order of target, country, network and access tier."""

        def key_of(row: Comparison) -> tuple[str, str, int, str]:
            return (row.target, row.probe_cc, row.probe_asn, row.access_tier)

        reader = reader_of(request)
        _ban_of(reader, ban_id)
        rows = sorted(reader.comparisons(ban_id), key=key_of)
        found = behind(rows, read_cursor(after, tuple[str, str, int, str]), key_of)
        return page_answer(
            request,
            found,
            limit,
            ComparisonJson,
            asked=format,
            key_of=key_of,
            shape=ComparisonJson.from_comparison,
        )


def _ban_of(reader: Reader, ban_id: str) -> Ban:
    found = reader.bans().get(ban_id)
    if found is None:
        raise NotFoundError("No ban of this name is known.")
    return found


def _witnesses(request: Request, reader: Reader, incident: Incident) -> list[Witness]:
    named = [*incident.witnesses, *(member.witnesses[0] for member in incident.members if member.witnesses)]
    uids = list(dict.fromkeys(named))[:MAX_WITNESSES]
    evidence = reader.evidence_of(uids)
    return [
        Witness(
            measurement_uid=uid,
            verdicts=[VerdictJson.from_verdict(verdict) for verdict in reader.verdicts_of(uid)],
            evidence=evidence.get(uid, ()),
            raw=request.app.state.public_url + str(request.app.url_path_for("raw", uid=uid)),
        )
        for uid in uids
    ]
