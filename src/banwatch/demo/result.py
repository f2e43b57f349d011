"""Result of a demo run in one file, for machines: `result.json`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from banwatch.formats.json_views import ComparisonJson, IncidentJson
from banwatch.model.ban import Comparison
from banwatch.model.incident import Incident

Json = Mapping[str, object]


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
        "incidents": msgspec.to_builtins([IncidentJson.from_incident(one) for one in incidents]),
        "comparison": msgspec.to_builtins([ComparisonJson.from_comparison(row) for row in comparisons]),
        "score": score,
    }


def write_result(result: Json, path: Path) -> None:
    """Write the result, keys in the order given, so that the same run gives the same bytes."""
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
