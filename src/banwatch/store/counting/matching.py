"""Verdicts that match a filter: counted by a column, their time span, and found by part of an id."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import ibis

from banwatch.model.verdict import Verdict
from banwatch.store.filters import filtered, moment
from banwatch.store.store import Store


def count_by(
    store: Store,
    column: str,
    *,
    equal: Mapping[str, object],
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> dict[str, int]:
    """Count verdicts by a column, the most frequent value first, at most `limit` values."""
    found = filtered(store.table("verdict"), equal=equal, since=since, until=until)
    counted = found.group_by(found[column].cast("string").name("value")).aggregate(number=found.count())
    rows = store.to_arrow(counted.order_by([ibis.desc("number"), "value"]).limit(limit)).to_pylist()
    return {str(row["value"]): int(row["number"]) for row in rows}


def time_span(
    store: Store,
    *,
    equal: Mapping[str, object],
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[datetime, datetime] | None:
    """Return the first and the last start of a measurement; None where no verdict matches."""
    found = filtered(store.table("verdict"), equal=equal, since=since, until=until)
    at = found["measurement_start_time"]
    (row,) = store.to_arrow(found.aggregate(first=at.min(), last=at.max())).to_pylist()
    return None if row["first"] is None else (_utc(row["first"]), _utc(row["last"]))


def ids_ending_with(store: Store, ending: str, *, limit: int) -> list[str]:
    """Find measurements whose id ends so."""
    verdicts = store.table("verdict")
    found = verdicts.filter(verdicts["measurement_uid"].endswith(ending))
    rows = store.to_arrow(
        found.select("measurement_uid").distinct().order_by("measurement_uid").limit(limit)
    ).to_pylist()
    return [str(row["measurement_uid"]) for row in rows]


def verdicts_near(store: Store, target: str, at: datetime, *, limit: int) -> list[Verdict]:
    """Read the verdicts on a target that are nearest to a moment, the nearest first."""
    verdicts = store.table("verdict")
    found = verdicts.filter(verdicts["target"] == target)
    start = found["measurement_start_time"]
    before = found.filter(start <= moment(at)).order_by(
        [ibis.desc("measurement_start_time"), "measurement_uid"]
    )
    after = found.filter(start > moment(at)).order_by(["measurement_start_time", "measurement_uid"])
    near = [*store.read(before.limit(limit), Verdict), *store.read(after.limit(limit), Verdict)]
    near.sort(key=lambda one: (abs(one.measurement_start_time - at), one.measurement_uid))
    return near[:limit]


def _utc(at: Any) -> datetime:
    value: datetime = at
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
