"""What a run says in one file, for machines: `result.json`."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from banwatch.model.ban import Comparison
from banwatch.model.ids import render_asn
from banwatch.model.incident import Incident

Json = Mapping[str, object]


def render_time(at: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def render_interval(earliest: datetime | None, latest: datetime | None) -> list[str] | None:
    """Write an interval as `[earliest, latest]`; None where there is none."""
    return None if earliest is None or latest is None else [render_time(earliest), render_time(latest)]


def render_result(
    *,
    ban_id: str,
    recorded: bool,
    measurements: int,
    incidents: Sequence[Incident],
    comparisons: Sequence[Comparison],
    score: Json,
) -> Json:
    """Assemble the run's result.

    Args:
        ban_id: the ban that was checked.
        recorded: whether the measurements were read from recordings instead of made just now.
        measurements: how many the store accepted.
        incidents: what happened, in the order of their ids.
        comparisons: announced against measured, a row for each target and tier.
        score: the verdicts against the censor's own log of what it did.
    """
    return {
        "ban": ban_id,
        "recorded": recorded,
        "measurements": measurements,
        "incidents": [_render_incident(incident) for incident in incidents],
        "comparison": [_render_comparison(row) for row in comparisons],
        "score": score,
    }


def _render_incident(incident: Incident) -> Json:
    return {
        "id": incident.incident_id,
        "kind": incident.kind,
        "country": incident.probe_cc,
        "asn": render_asn(incident.asns[0]) if len(incident.asns) == 1 else None,
        "asns": [render_asn(asn) for asn in incident.asns],
        "tiers": list(incident.access_tiers),
        "targets": list(incident.targets),
        "mechanisms": list(incident.mechanisms),
        "onset": render_interval(incident.onset_earliest, incident.onset_latest),
        "onset_known": incident.onset_known,
        "end": render_interval(incident.end_earliest, incident.end_latest),
        "confidence": round(incident.confidence, 4),
        "sentence": incident.sentence,
    }


def _render_comparison(row: Comparison) -> Json:
    return {
        "target": row.target,
        "category": row.category,
        "tier": row.access_tier,
        "asn": render_asn(row.probe_asn),
        "announced": row.announced,
        "measured": row.measured,
        "since": render_interval(*row.since) if row.since else None,
        "since_known": row.since_known,
        "until": render_interval(*row.until) if row.until else None,
        "mechanisms": list(row.mechanisms),
        "measurements": row.measurements,
        "interfered": row.interfered,
        "witness": row.witness,
    }


def write_result(result: Json, path: Path) -> None:
    """Write the result, keys in the order given, so that the same run gives the same bytes."""
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
