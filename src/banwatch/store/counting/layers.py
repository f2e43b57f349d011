"""Verdicts and observations counted by layer and failure, for the newer routes of OONI's API."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from banwatch.store.counting.flagged import Axis, Grain, Selection, axis_of, period, selected
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
    rows = selected(store, chosen)
    keys = {f"axis_{number}": axis_of(rows, axis, grain) for number, axis in enumerate(axes)}
    named = rows.select(
        **keys, state=rows.state, layer=ibis.coalesce(rows.layer, ""), mechanisms=rows.mechanisms
    )
    by = [*keys, "state", "layer", "mechanisms"]
    found = named.group_by(by).agg(n=named.count()).order_by(by).limit(limit)
    for row in store.to_arrow(found).to_pylist():
        yield LayerCounts(
            values=tuple(row[name] for name in keys),
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
    made = selected(store, chosen).select(
        "measurement_uid", "probe_cc", "probe_asn", "test_name", "measurement_start_time"
    )
    seen = store.table("observation")
    seen = seen.filter(seen.follow_up.isnull())
    if hostnames:
        seen = seen.filter(seen.hostname.isin(list(hostnames)))
    if addresses:
        seen = seen.filter(seen.ip.isin(list(addresses)))
    rows = seen.select("measurement_uid", "step", "failure", "hostname", "ip").join(made, "measurement_uid")
    keys = {f"axis_{number}": _column(rows, axis, grain) for number, axis in enumerate(axes)}
    named = rows.select(
        **keys, step=rows.step, failure=ibis.coalesce(rows.failure.cast("string"), NO_FAILURE)
    )
    by = [*keys, "step", "failure"]
    found = named.group_by(by).agg(n=named.count()).order_by(by).limit(limit)
    for row in store.to_arrow(found).to_pylist():
        yield FailureCounts(
            values=tuple(row[name] for name in keys),
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
