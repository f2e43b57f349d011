"""Newer routes of OONI's API: `/api/v1/aggregation/analysis`, `/aggregation/observations`, and their lists.

OONI estimates how likely a layer is blocked, down or fine (`loni`). Here a measurement has one verdict, so
that a cell's likelihood is the share of its measurements: those that say that somebody interfered in the
layer, that it fails for the control too, and all others.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import Response

from banwatch.explorer.ooni_api.aggregation import (
    DEFAULT_DAYS,
    MAX_COUNTED,
    read_grain,
    shown_value,
    store_axes,
)
from banwatch.explorer.ooni_api.asked import Asked, AskedError, tomorrow
from banwatch.explorer.ooni_api.categories import category_of
from banwatch.explorer.ooni_api.measurements import json_answer, targets_of
from banwatch.explorer.ooni_api.paging import read_page
from banwatch.model.ids import render_asn
from banwatch.model.incident import Change
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries
from banwatch.store.counting.flagged import Selection
from banwatch.store.counting.layers import (
    NO_FAILURE,
    FailureCounts,
    LayerCounts,
    count_failures,
    count_layers,
)

_LAYERS = {"dns": ("dns",), "tcp": ("network", "ip", "tcp"), "tls": ("tls", "quic", "http")}
"""OONI's three layers, of ours: it has no likelihood of HTTP's own."""
_ANALYSIS_AXES = (
    "measurement_start_day",
    "domain",
    "probe_cc",
    "probe_asn",
    "test_name",
    "input",
    "category_code",
)
_GROUPS = (
    "timestamp",
    "failure",
    "hostname",
    "ip",
    "probe_cc",
    "probe_asn",
    "test_name",
    "measurement_uid",
    "category_code",
)
_LIKELY = 0.5
"""A mechanism is listed for a cell where more than this share of its measurements shows it."""
_MOST_LISTED = 1_000
"""Rows of a list at most, since each comes with all that is known of a measurement."""
_NONE = "none"


def add_analysis_routes(app: FastAPI, store_of: Callable[[Request], Store]) -> None:
    """Add the routes."""

    @app.get("/api/v1/aggregation/analysis", tags=["ooni"])
    def aggregation_analysis(request: Request) -> Response:
        """Count verdicts by layer: shares of DNS, TCP and TLS blocked, down or fine, by one or two axes."""
        asked, store = Asked(request), store_of(request)
        axes = [asked.choice("axis_x", _ANALYSIS_AXES) or "measurement_start_day"]
        other = asked.choice("axis_y", _ANALYSIS_AXES)
        if other is not None and other not in axes:
            axes.append(other)
        chosen, span = _chosen(asked, datetime.now(UTC))
        grain = read_grain(asked, span, strict=False)
        cells: defaultdict[tuple[Any, ...], list[LayerCounts]] = defaultdict(list)
        columns, read = store_axes(axes)
        for one in bounded(count_layers(store, chosen, columns, grain, limit=MAX_COUNTED + 1)):
            cells[read(one.values)].append(one)
        results = [
            {
                **{axis: shown_value(axis, v, grain) for axis, v in zip(axes, values, strict=True)},
                "count": sum(one.measurements for one in counts),
                "loni": loni_of(counts),
            }
            for values, counts in sorted(cells.items(), key=lambda cell: tuple(map(str, cell[0])))
        ]
        return json_answer(
            {"db_stats": _stats(results, "count"), "dimension_count": len(axes), "results": results}
        )

    @app.get("/api/v1/aggregation/observations", tags=["ooni"])
    def aggregation_observations(request: Request) -> Response:
        """Count the steps of measurements by failure, time, host, address, country or network."""
        asked, store = Asked(request), store_of(request)
        groups = asked.texts("group_by") or ("timestamp", "failure")
        for group in groups:
            if group not in _GROUPS:
                raise AskedError(400, {"msg": f"Invalid group_by: one of {', '.join(_GROUPS)}", "v": 0})
        chosen, span = _chosen(asked, datetime.now(UTC))
        grain = read_grain(asked, span, strict=False)
        columns = [group for group in groups if group not in ("failure", "category_code")]
        found = count_failures(
            store,
            chosen,
            columns,
            grain,
            hostnames=tuple(one.lower() for one in asked.texts("hostname")),
            addresses=asked.texts("ip"),
            limit=MAX_COUNTED + 1,
        )
        sums: Counter[tuple[Any, ...]] = Counter()
        for one in bounded(found):
            values = dict(zip(columns, one.values, strict=True)) | {"failure": failure_of(one)}
            if "category_code" in groups:
                values["category_code"] = category_of(f"https://{values.get('hostname', '')}/")
            sums[tuple(values[group] for group in groups)] += one.observations
        results = [
            {
                **{
                    group: f"{value:%Y-%m-%dT%H:%M:%SZ}" if group == "timestamp" else value
                    for group, value in zip(groups, values, strict=True)
                },
                "observation_count": count,
            }
            for values, count in sorted(sums.items(), key=lambda item: tuple(map(str, item[0])))
        ]
        return json_answer({"db_stats": _stats(results, "observation_count"), "results": results})

    @app.get("/api/v1/analysis", tags=["ooni"])
    def analysis(request: Request) -> Response:
        """List verdicts with their layers, newest first."""
        return _list(request, store_of(request), _analysed)

    @app.get("/api/v1/observations", tags=["ooni"])
    def observations(request: Request) -> Response:
        """List measurements with the steps in them, newest first."""
        return _list(request, store_of(request), _observed)

    @app.get("/api/v1/detector/changepoints", tags=["ooni"])
    def changepoints(request: Request) -> Response:
        """List the moments at which a target began or ceased to be blocked on a network."""
        asked = Asked(request)
        ccs, asns, domains = asked.countries(), asked.networks(), asked.texts("domain")
        since, until = asked.time("since"), asked.time("until")
        rows = [
            row
            for change in queries.changes(store_of(request))
            if (not ccs or change.probe_cc in ccs)
            and (not asns or change.probe_asn in asns)
            and (not domains or change.target in targets_of(domains))
            for at, row in _points(change)
            if (since is None or at >= since) and (until is None or at < until)
        ]
        return json_answer({"results": sorted(rows, key=lambda row: row["start_time"])[:MAX_COUNTED]})


def bounded(rows: Iterable[Any]) -> Iterable[Any]:
    """Pass rows on.

    Raises:
        AskedError: there are more than one answer holds.
    """
    for number, row in enumerate(rows):
        if number >= MAX_COUNTED:
            said = f"More than {MAX_COUNTED} rows: ask for a shorter time, a coarser grain, or one country"
            raise AskedError(400, {"msg": said, "v": 0})
        yield row


def loni_of(counts: Sequence[LayerCounts]) -> dict[str, Any]:
    """Make `loni` of a cell: shares of its measurements by layer, and the mechanisms of most of them."""
    total = sum(one.measurements for one in counts)
    blocked: Counter[str] = Counter()
    down: Counter[str] = Counter()
    named: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in counts:
        for layer, ours in _LAYERS.items():
            if one.layer not in ours:
                continue
            if State(one.state).accuses:
                blocked[layer] += one.measurements
                named[layer][one.mechanism or f"{layer}.unknown"] += one.measurements
            elif one.state in (State.DOWN, State.IMPAIRED):
                down[layer] += one.measurements
    found: dict[str, Any] = {}
    for layer in _LAYERS:
        found[f"{layer}_blocked"] = round(blocked[layer] / total, 6) if total else 0.0
        found[f"{layer}_down"] = round(down[layer] / total, 6) if total else 0.0
        found[f"{layer}_ok"] = round(1 - found[f"{layer}_blocked"] - found[f"{layer}_down"], 6)
        found[f"{layer}_blocked_outcome"] = named[layer].most_common(1)[0][0] if named[layer] else _NONE
    worst = max(_LAYERS, key=lambda layer: found[f"{layer}_blocked"])
    found["blocked_max"] = found[f"{worst}_blocked"]
    found["blocked_max_outcome"] = found[f"{worst}_blocked_outcome"]
    found["likely_blocked_protocols"] = [
        [mechanism, round(number / total, 6)]
        for counter in named.values()
        for mechanism, number in sorted(counter.items())
        if total and number / total > _LIKELY
    ]
    return found


def failure_of(one: FailureCounts) -> str:
    """Name a failure as OONI does, with its step in front; `none` where there is none."""
    if one.failure == NO_FAILURE:
        return NO_FAILURE
    step = {"dns": "dns_isp", "http": "https"}.get(one.step, one.step)
    return f"{step}.{one.failure}"


def _chosen(asked: Asked, now: datetime) -> tuple[Selection, timedelta]:
    until = asked.time("until") or tomorrow(now)
    since = asked.time("since") or until - timedelta(days=DEFAULT_DAYS)
    domains = tuple(one.lower() for one in asked.texts("domain"))
    chosen = Selection(
        measurement_uids=asked.texts("measurement_uid"),
        probe_ccs=asked.countries(),
        probe_asns=asked.networks(),
        test_names=asked.texts("test_name"),
        domains=domains,
        targets=targets_of(domains),
        inputs=asked.texts("input") or None,
        since=since,
        until=until,
    )
    return chosen, until - since


def _stats(results: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    count = sum(row[name] for row in results)
    return {"row_count": count, "bytes": 0, "total_row_count": count, "elapsed_seconds": 0.0}


def _list(request: Request, store: Store, show: Callable[[Store, Sequence[Verdict]], list[Any]]) -> Response:
    chosen, _ = _chosen(Asked(request), datetime.now(UTC))
    return json_answer(
        read_page(request, store, chosen, lambda found: show(store, found), most_rows=_MOST_LISTED)
    )


def _analysed(_: Store, found: Sequence[Verdict]) -> list[Any]:
    rows = []
    for verdict in found:
        one = LayerCounts(
            values=(),
            state=verdict.state,
            layer=verdict.layer or "",
            mechanism=next(iter(verdict.mechanisms), ""),
            measurements=1,
        )
        loni = loni_of([one])
        rows.append(
            {
                **_named(verdict),
                "top_probe_analysis": verdict.state,
                **{
                    key: value for key, value in loni.items() if not key.startswith(("blocked_max", "likely"))
                },
            }
        )
    return rows


def _observed(store: Store, found: Sequence[Verdict]) -> list[Any]:
    steps = queries.observations_of(store, [one.measurement_uid for one in found], limit=200)
    return [
        {**_named(one), "observations": msgspec.to_builtins(steps.get(one.measurement_uid, []))}
        for one in found
    ]


def _named(verdict: Verdict) -> dict[str, Any]:
    return {
        "measurement_uid": verdict.measurement_uid,
        "measurement_start_time": f"{verdict.measurement_start_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "report_id": verdict.report_id,
        "input": verdict.input or None,
        "domain": verdict.target,
        "probe_cc": verdict.probe_cc,
        "probe_asn": int(verdict.probe_asn),
        "test_name": verdict.test_name,
    }


def _points(change: Change) -> Iterable[tuple[datetime, dict[str, Any]]]:
    """Make OONI's rows of a change: one where it began, one where it ended."""
    layer = next(iter(change.mechanisms), "network").partition(".")[0]
    ours = next((name for name, layers in _LAYERS.items() if layer in layers), "tcp")
    moments = [(change.onset_latest, "up")] if change.onset_known else []
    moments += [(change.end_latest, "down")] if change.end_latest is not None else []
    for at, direction in moments:
        yield (
            at,
            {
                "probe_asn": int(change.probe_asn),
                "probe_cc": change.probe_cc,
                "domain": change.target,
                "start_time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "count": change.measurements,
                "change_dir": direction,
                "current_state": "blocked" if direction == "up" else "ok",
                "block_type": next(iter(change.mechanisms), "unknown"),
                **{
                    f"{name}_blocked": change.share if name == ours and direction == "up" else 0.0
                    for name in _LAYERS
                },
                "confidence": change.confidence,
                "network": render_asn(change.probe_asn),
            },
        )
