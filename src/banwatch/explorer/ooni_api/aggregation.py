"""Counts of measurements by OONI's API: `/api/v1/aggregation`, in JSON and CSV."""

import csv
import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from banwatch.explorer.api_v2.forms import inert
from banwatch.explorer.ooni_api.asked import Asked, AskedError
from banwatch.explorer.ooni_api.categories import category_of, inputs_of
from banwatch.explorer.ooni_api.measurements import json_answer, targets_of
from banwatch.explorer.ooni_api.scores import blocking_type_of
from banwatch.store import Store
from banwatch.store.counting.flagged import Axis, FlagCounts, Grain, Selection, count_flags

DEFAULT_DAYS = 180
_FIRST_TIME = datetime(2000, 1, 1, tzinfo=UTC)
MAX_COUNTED = 200_000
"""Rows of one answer at most; a question that has more is refused, and says how to ask for fewer."""
AXES = (
    "measurement_start_day",
    "domain",
    "input",
    "category_code",
    "probe_cc",
    "probe_asn",
    "test_name",
    "blocking_type",
)
_COUNTS = ("anomaly_count", "confirmed_count", "failure_count", "ok_count", "measurement_count")
_LEGAL_GRAINS = (
    (7, ("hour", "day")),
    (30, ("day", "week")),
    (365, ("day", "week", "month")),
    (10**6, ("day", "week", "month", "year")),
)
"""Grains that a span of at most so many days may be counted by."""
GRAINS = ("hour", "day", "week", "month", "year", "auto")


def add_aggregation_route(app: FastAPI, store_of: Callable[[Request], Store]) -> None:
    """Add the route."""

    @app.get("/api/v1/aggregation", tags=["ooni"])
    def aggregation(request: Request) -> Response:
        """Count measurements by up to two of day, domain, input, category, country, network, nettest."""
        began = time.monotonic()
        asked, store = Asked(request), store_of(request)
        as_csv = (asked.choice("format", ("json", "csv")) or "json") == "csv"
        axes = read_axes(asked)
        chosen, grain = read_filters(asked, datetime.now(UTC), axes)
        rows = count_rows(store, chosen, axes, grain)
        headers = {"Cache-Control": "max-age=60"}
        if asked.flag("download"):
            name = f"ooni-aggregate-data.{'csv' if as_csv else 'json'}"
            headers["Content-Disposition"] = f"attachment; filename={name}"
        if as_csv:
            answer = Response(_csv(rows, axes), media_type="text/csv; charset=utf-8")
        else:
            counted = sum(row["measurement_count"] for row in rows)
            answer = json_answer(
                {
                    "v": 0,
                    "dimension_count": len(axes),
                    "db_stats": {
                        "row_count": counted,
                        "bytes": 0,
                        "total_row_count": counted,
                        "elapsed_seconds": round(time.monotonic() - began, 6),
                    },
                    "result": rows if axes else rows[0],
                }
            )
        answer.headers.update(headers)
        return answer


def read_axes(asked: Asked) -> tuple[str, ...]:
    """Read the axes of a question.

    Raises:
        AskedError: one is unknown (400), or both are the same (200, as OONI's API answers).
    """
    found = []
    for name in ("axis_x", "axis_y"):
        value = asked.text(name)
        if value is not None and value not in AXES:
            raise AskedError(400, {"msg": f"Invalid {name}: one of {', '.join(AXES)}", "v": 0})
        if value is not None:
            found.append(value)
    if len(found) == 2 and found[0] == found[1]:
        raise AskedError(200, {"msg": "Axis X and Y cannot be the same", "v": 0})
    return tuple(found)


def read_filters(asked: Asked, now: datetime, axes: Sequence[str] = ()) -> tuple[Selection, Grain]:
    """Read the filters of an aggregation, whose times are from `since` on and before `until`.

    Raises:
        AskedError: a filter is malformed, or the grain does not fit the span.
    """
    until = asked.time("until") or now
    since = asked.time("since") or until - timedelta(days=DEFAULT_DAYS)
    ccs = asked.countries()
    dated = (
        any(asked.text(name) is not None for name in ("since", "until")) or "measurement_start_day" in axes
    )
    if not dated and asked.networks():
        since = _FIRST_TIME  # OONI's Explorer asks so in which countries a network was ever measured
    url, category = asked.text("input"), asked.text("category_code")
    inputs = (url,) if url is not None else inputs_of(category.upper(), ccs) if category else None
    domains = tuple(one.lower() for one in asked.texts("domain"))
    chosen = Selection(
        probe_ccs=ccs,
        probe_asns=asked.networks(),
        test_names=asked.texts("test_name"),
        domains=domains,
        targets=targets_of(domains),
        inputs=inputs,
        since=since,
        until=until,
    )
    return chosen, read_grain(asked, until - since)


def read_grain(asked: Asked, span: timedelta, *, strict: bool = True) -> Grain:
    """Read the grain; days where none is given, since OONI's Explorer gives none for its calendar.

    Args:
        asked: the query.
        span: length of the time that is asked about.
        strict: whether grains that do not fit the span are refused.

    Raises:
        AskedError: it is unknown or does not fit the span.
    """
    value = asked.text("time_grain")
    if value is None:
        return Grain.DAY
    if value not in GRAINS:
        raise AskedError(400, {"msg": f"Invalid time_grain: one of {', '.join(GRAINS)}", "v": 0})
    legal = next(grains for days, grains in _LEGAL_GRAINS if span <= timedelta(days=days))
    if value == "auto":
        return Grain(legal[0])
    if strict and value not in legal:
        said = f"Choose time_grain between {', '.join(legal)} for the given time range"
        raise AskedError(400, {"msg": said, "v": 0})
    return Grain(value)


def count_rows(store: Store, chosen: Selection, axes: Sequence[str], grain: Grain) -> list[dict[str, Any]]:
    """Count measurements into rows of OONI's shape, in ascending order of the axes.

    Raises:
        AskedError: there are more rows than one answer holds.
    """
    asked_of_store, read = store_axes(axes)
    found = count_flags(store, chosen, asked_of_store, grain, limit=MAX_COUNTED + 1)
    if len(found) > MAX_COUNTED:
        said = f"More than {MAX_COUNTED} rows: ask for a shorter time, a coarser grain, or one country"
        raise AskedError(400, {"msg": said, "v": 0})
    if not axes:
        return [
            _counts(found[0])
            if found
            else _counts(FlagCounts(values=(), confirmed=0, anomaly=0, failure=0, ok=0))
        ]
    if list(axes) == [str(axis) for axis in asked_of_store]:
        return [_row(axes, one.values, one, grain) for one in found]
    sums: dict[tuple[Any, ...], Counter[str]] = {}
    for one in found:
        sums.setdefault(read(one.values), Counter()).update(_counts(one))
    return [
        {**_shown(axes, values, grain), **{name: sums[values][name] for name in _COUNTS}}
        for values in sorted(sums, key=lambda values: tuple(map(str, values)))
    ]


def store_axes(axes: Sequence[str]) -> tuple[list[Axis], Callable[[tuple[Any, ...]], tuple[Any, ...]]]:
    """Return the axes to ask a store for, and the function that makes OONI's values of theirs."""
    found: list[Axis] = []
    makers: list[Callable[[tuple[Any, ...]], Any]] = []
    for axis in axes:
        at = len(found)
        if axis == "category_code":
            found += [Axis.INPUT, Axis.COUNTRY]
            makers.append(lambda row, at=at: category_of(row[at], row[at + 1]))  # type: ignore[misc]  # default binds
        elif axis == "blocking_type":
            found.append(Axis.LAYER)
            makers.append(lambda row, at=at: blocking_type_of(row[at]))  # type: ignore[misc]  # default binds
        else:
            found.append(Axis(axis))
            makers.append(lambda row, at=at: row[at])  # type: ignore[misc]  # default binds
    return found, lambda row: tuple(make(row) for make in makers)


def _counts(one: FlagCounts) -> dict[str, int]:
    return {
        "anomaly_count": one.anomaly,
        "confirmed_count": one.confirmed,
        "failure_count": one.failure,
        "ok_count": one.ok,
        "measurement_count": one.measurements,
    }


def _row(axes: Sequence[str], values: Sequence[Any], one: FlagCounts, grain: Grain) -> dict[str, Any]:
    return {**_shown(axes, values, grain), **_counts(one)}


def _shown(axes: Sequence[str], values: Sequence[Any], grain: Grain) -> dict[str, Any]:
    return {axis: shown_value(axis, value, grain) for axis, value in zip(axes, values, strict=True)}


def shown_value(axis: str, value: Any, grain: Grain) -> Any:
    """Write the value of an axis as OONI's API does: a day as `2026-01-31`, an hour with its time."""
    if axis == "measurement_start_day":
        return f"{value:%Y-%m-%dT%H:%M:%SZ}" if grain is Grain.HOUR else f"{value:%Y-%m-%d}"
    return int(value) if axis == "probe_asn" else value


def _csv(rows: Iterable[Mapping[str, Any]], axes: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted((*axes, *_COUNTS)))
    writer.writeheader()
    writer.writerows({name: inert(value) for name, value in row.items()} for row in rows)
    return text.getvalue()
