"""Verdicts and observations counted by layer and failure, for the newer routes of OONI's API."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from banwatch.store.counting.flagged import (
    Axis,
    Grain,
    Selection,
    axis_of,
    period,
    prepared,
    selected,
)
from banwatch.store.prepared import LIMIT, is_one_of
from banwatch.store.store import Store

NO_FAILURE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCounts:
    """Verdicts of one value of each axis, by state, layer and mechanism."""

    values: tuple[Any, ...]
    state: str
    layer: str
    """Empty where no layer showed trouble."""
    mechanism: str
    """The first one; empty where there is none."""
    measurements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCounts:
    """Observations of one value of each axis that failed alike."""

    values: tuple[Any, ...]
    step: str
    failure: str
    """`NO_FAILURE` where the step succeeded."""
    observations: int


def count_layers(
    store: Store, chosen: Selection, axes: Sequence[Axis], grain: Grain, *, limit: int
) -> Iterator[LayerCounts]:
    """Count verdicts by axes, state, layer and first mechanism, in ascending order."""
    key, values = prepared(chosen)
    values["limit"] = limit
    names = [f"axis_{number}" for number in range(len(axes))]

    def build() -> ibis.Table:
        rows = selected(store, chosen)
        keys = {name: axis_of(rows, axis, grain) for name, axis in zip(names, axes, strict=True)}
        named = rows.select(
            **keys, state=rows.state, layer=ibis.coalesce(rows.layer, ""), mechanisms=rows.mechanisms
        )
        by = [*keys, "state", "layer", "mechanisms"]
        return named.group_by(by).agg(n=named.count()).order_by(by).limit(LIMIT)

    name = f"count_layers:{[str(axis) for axis in axes]}:{grain}:{key}"
    for row in store.ask_prepared(name, build, values).to_pylist():
        yield LayerCounts(
            values=tuple(row[name] for name in names),
            state=row["state"],
            layer=row["layer"],
            mechanism=next(iter(row["mechanisms"] or ()), ""),
            measurements=row["n"],
        )


def count_failures(
    store: Store,
    chosen: Selection,
    axes: Sequence[str],
    grain: Grain,
    *,
    hostnames: Sequence[str] = (),
    addresses: Sequence[str] = (),
    limit: int,
) -> Iterator[FailureCounts]:
    """Count observations by axes, step and failure, in ascending order.

    Args:
        store: the store.
        chosen: filters on their measurements.
        axes: columns: `timestamp`, `hostname`, `ip`, `probe_cc`, `probe_asn`, `test_name` or
            `measurement_uid`.
        grain: length of the periods of `timestamp`.
        hostnames: host names of the observations; any where empty.
        addresses: addresses of the observations; any where empty.
        limit: rows at most.
    """
    key, values = prepared(chosen)
    values |= {"limit": limit, "hostname": tuple(hostnames), "ip": tuple(addresses)}
    names = [f"axis_{number}" for number in range(len(axes))]

    def build() -> ibis.Table:
        made = selected(store, chosen).select(
            "measurement_uid", "probe_cc", "probe_asn", "test_name", "measurement_start_time"
        )
        seen = store.table("observation")
        seen = seen.filter(seen.follow_up.isnull())
        if hostnames:
            seen = seen.filter(is_one_of(seen.hostname, "hostname"))
        if addresses:
            seen = seen.filter(is_one_of(seen.ip, "ip"))
        steps = seen.select("measurement_uid", "step", "failure", "hostname", "ip")
        rows = steps.join(made, "measurement_uid")
        keys = {name: _column(rows, axis, grain) for name, axis in zip(names, axes, strict=True)}
        failure = ibis.coalesce(rows.failure.cast("string"), NO_FAILURE)
        named = rows.select(**keys, step=rows.step, failure=failure)
        by = [*keys, "step", "failure"]
        return named.group_by(by).agg(n=named.count()).order_by(by).limit(LIMIT)

    name = f"count_failures:{list(axes)}:{grain}:{bool(hostnames)}:{bool(addresses)}:{key}"
    for row in store.ask_prepared(name, build, values).to_pylist():
        yield FailureCounts(
            values=tuple(row[name] for name in names),
            step=row["step"],
            failure=row["failure"],
            observations=row["n"],
        )


def _column(rows: ibis.Table, axis: str, grain: Grain) -> Any:
    if axis == "timestamp":
        return period(rows.measurement_start_time, grain)
    if axis in ("hostname", "ip"):
        return ibis.coalesce(rows[axis], "")
    return rows[axis]
