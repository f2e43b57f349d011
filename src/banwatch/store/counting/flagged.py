"""Verdicts with the flags of OONI's API: selected, listed and counted.

OONI's API has three flags of a measurement, `confirmed`, `anomaly` and `failure`; without one it is "ok".
A state becomes the flag that reads most like it (docs/ooni-api.md):

    blocked                              confirmed (of another nettest than web_connectivity: anomaly)
    likely_blocked, tampered, impaired   anomaly
    insufficient                         failure
    ok, down                             none of the three
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import ibis

from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.store.counting.windows import window
from banwatch.store.prepared import LIMIT, OFFSET, Value, argument, is_one_of, moment
from banwatch.store.store import Store

WEB = "web_connectivity"
_ANOMALIES = (State.LIKELY_BLOCKED, State.TAMPERED, State.IMPAIRED)
_HOST = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/:?#]*)"
"""Host of a URL, in the syntax that DuckDB's and ClickHouse's RE2 share."""
_ORDER = ("measurement_start_time", "measurement_uid")


class Axis(StrEnum):
    """Column that measurements are counted by."""

    DAY = "measurement_start_day"
    DOMAIN = "domain"
    INPUT = "input"
    CATEGORY = "category_code"
    COUNTRY = "probe_cc"
    NETWORK = "probe_asn"
    NETTEST = "test_name"
    LAYER = "layer"
    """Layer in which the trouble showed; OONI's `blocking_type` is made from it."""


class Grain(StrEnum):
    """Length of the periods that measurements are counted by; weeks begin on Sunday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters on measurements; an empty tuple or None is "any"."""

    measurement_uids: tuple[str, ...] = ()
    report_id: str | None = None
    probe_ccs: tuple[str, ...] = ()
    probe_asns: tuple[int, ...] = ()
    test_names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    """Registrable domains, names of applications, or host names of the input."""
    targets: tuple[str, ...] = ()
    """Targets that the domains belong to, by which rows are found without reading their inputs."""
    inputs: tuple[str, ...] | None = None
    since: datetime | None = None
    since_included: bool = True
    until: datetime | None = None
    until_included: bool = False
    confirmed: bool | None = None
    anomaly: bool | None = None
    failure: bool | None = None
    software: Mapping[str, tuple[str, ...]] | None = None
    """Values of `software_version`, `test_version` and `engine_version`."""
    hides_unknown: bool = False
    """Whether measurements of an unknown country or network are left out, unless they are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCounts:
    """Numbers of measurements by flag, for one value of each axis; the four counts are disjoint."""

    values: tuple[Any, ...]
    """Value of each axis, in the order in which the axes were given; a period by its beginning."""
    confirmed: int
    anomaly: int
    failure: int
    ok: int

    @property
    def measurements(self) -> int:
        """Number of measurements."""
        return self.confirmed + self.anomaly + self.failure + self.ok


def flags_of(state: State, test_name: str) -> tuple[bool, bool, bool]:
    """Return whether a verdict is `confirmed`, `anomaly`, `failure`."""
    confirmed = state is State.BLOCKED and test_name == WEB
    return (
        confirmed,
        state in _ANOMALIES or (state is State.BLOCKED and not confirmed),
        state is State.INSUFFICIENT,
    )


def _confirmed(rows: ibis.Table) -> Any:
    return (rows.state == State.BLOCKED.value) & (rows.test_name == WEB)


def _anomaly(rows: ibis.Table) -> Any:
    other = (rows.state == State.BLOCKED.value) & (rows.test_name != WEB)
    return rows.state.isin([state.value for state in _ANOMALIES]) | other


def _failure(rows: ibis.Table) -> Any:
    return rows.state == State.INSUFFICIENT.value


def _host(rows: ibis.Table) -> Any:
    return rows.input.re_extract(_HOST, 1).lower()


def prepared(chosen: Selection) -> tuple[str, dict[str, Value]]:
    """Return the name of a selection's expression, and its values; those of one name differ in values."""
    lists = _lists(chosen)
    values: dict[str, Value] = {name: given for name, given in lists.items() if given is not None}
    values |= {name: at for name in ("since", "until") if (at := getattr(chosen, name)) is not None}
    if chosen.report_id is not None:
        values["report_id"] = chosen.report_id
    options = (
        chosen.since_included,
        chosen.until_included,
        chosen.confirmed,
        chosen.anomaly,
        chosen.failure,
        chosen.hides_unknown and "ZZ" not in chosen.probe_ccs,
        chosen.hides_unknown and 0 not in chosen.probe_asns,
    )
    return f"{sorted(values)}:{options}", values


def _lists(chosen: Selection) -> dict[str, tuple[str, ...] | tuple[int, ...] | None]:
    """Return the lists of a selection by the names of their arguments; None where one is no filter."""
    return {
        "measurement_uid": chosen.measurement_uids or None,
        "probe_cc": chosen.probe_ccs or None,
        "probe_asn": chosen.probe_asns or None,
        "test_name": chosen.test_names or None,
        "domain": chosen.domains or None,
        "target": (chosen.targets or None) if chosen.domains else None,
        "input": chosen.inputs,
        **{name: values or None for name, values in (chosen.software or {}).items()},
    }


def selected(store: Store, chosen: Selection) -> ibis.Table:
    """Return the verdicts of a selection, with arguments in place of its values (`prepared`)."""
    lists = _lists(chosen)
    rows = store.table("verdict")
    for name in ("measurement_uid", "probe_cc", "probe_asn", "test_name", "target", "input"):
        if lists[name] is not None:
            rows = rows.filter(is_one_of(rows[name], name, "int64" if name == "probe_asn" else "string"))
    if chosen.report_id is not None:
        rows = rows.filter(rows.report_id == argument("report_id"))
    if chosen.hides_unknown and "ZZ" not in chosen.probe_ccs:
        rows = rows.filter(rows.probe_cc != "ZZ")
    if chosen.hides_unknown and 0 not in chosen.probe_asns:
        rows = rows.filter(rows.probe_asn != 0)
    if chosen.domains:
        rows = rows.filter(is_one_of(rows.target, "domain") | is_one_of(_host(rows), "domain"))
    at = rows.measurement_start_time
    if chosen.since is not None:
        rows = rows.filter(at >= moment("since") if chosen.since_included else at > moment("since"))
    if chosen.until is not None:
        rows = rows.filter(at <= moment("until") if chosen.until_included else at < moment("until"))
    for wanted, flag in (
        (chosen.confirmed, _confirmed),
        (chosen.anomaly, _anomaly),
        (chosen.failure, _failure),
    ):
        if wanted is not None:
            rows = rows.filter(flag(rows) if wanted else ~flag(rows))
    if chosen.software:
        made = store.table("measurement")
        for name in chosen.software:
            made = made.filter(is_one_of(made[name], name))
        rows = rows.semi_join(made.select("measurement_uid"), "measurement_uid")
    return rows


def count_selected(store: Store, chosen: Selection) -> int:
    """Count the measurements of a selection."""
    key, values = prepared(chosen)

    def build() -> ibis.Table:
        rows = selected(store, chosen)
        return rows.agg(n=rows.count())

    return int(store.ask_prepared(f"count_selected:{key}", build, values).column("n")[0].as_py())


def selected_verdicts(
    store: Store,
    chosen: Selection,
    *,
    newest_first: bool,
    limit: int,
    offset: int = 0,
    after: tuple[datetime, str] | None = None,
) -> list[Verdict]:
    """Read a page of verdicts in order of time and measurement.

    Args:
        store: the store.
        chosen: the filters.
        newest_first: the order of time.
        limit: rows at most.
        offset: rows that are passed over; costs as much as reading them.
        after: time and measurement of a row; only rows behind it are read, at the cost of a first page.
    """
    narrow = _narrowed(store, chosen, after, newest_first=newest_first, rows=offset + limit)
    found = _page(store, narrow, newest_first=newest_first, limit=limit, offset=offset, after=after)
    if len(found) == limit or narrow is chosen:
        return found
    return _page(store, chosen, newest_first=newest_first, limit=limit, offset=offset, after=after)


def _page(
    store: Store,
    chosen: Selection,
    *,
    newest_first: bool,
    limit: int,
    offset: int,
    after: tuple[datetime, str] | None,
) -> list[Verdict]:
    key, values = prepared(chosen)
    values |= {"limit": limit, "offset": offset}
    if after is not None:
        values |= {"after_at": after[0], "after_uid": after[1]}

    def build() -> ibis.Table:
        rows = selected(store, chosen)
        if after is not None:
            rows = rows.filter(_behind(rows, newest_first=newest_first))
        order = [rows[name].desc() if newest_first else rows[name] for name in _ORDER]
        return rows.order_by(order).limit(LIMIT, offset=OFFSET)

    name = f"selected_verdicts:{newest_first}:{after is not None}:{key}"
    return store.read_prepared(name, build, values, Verdict)


def _narrowed(
    store: Store, chosen: Selection, after: tuple[datetime, str] | None, *, newest_first: bool, rows: int
) -> Selection:
    """Narrow the period of a selection to the days that hold a page, where counts by day can tell."""
    others = (chosen.measurement_uids, chosen.report_id, chosen.test_names, chosen.domains, chosen.software)
    flags = (chosen.confirmed, chosen.anomaly, chosen.failure)
    if any(others) or chosen.inputs is not None or flags != (None, None, None):
        return chosen
    since, until = chosen.since, chosen.until
    if after is not None and newest_first:
        until = after[0] if until is None else min(until, after[0])
    elif after is not None:
        since = after[0] if since is None else max(since, after[0])
    first, last = window(
        store,
        probe_ccs=chosen.probe_ccs,
        probe_asns=chosen.probe_asns,
        since=since,
        until=until,
        newest_first=newest_first,
        rows=rows,
    )
    # an end of the selection's own stays with what it includes; one of a day's is its midnight
    if first != since:
        return replace(chosen, since=first, since_included=True)
    return replace(chosen, until=last, until_included=False) if last != until else chosen


def _behind(rows: ibis.Table, *, newest_first: bool) -> Any:
    at, uid = rows.measurement_start_time, rows.measurement_uid
    last, last_uid = moment("after_at"), argument("after_uid")
    if newest_first:
        return (at < last) | ((at == last) & (uid < last_uid))
    return (at > last) | ((at == last) & (uid > last_uid))


def count_flags(
    store: Store, chosen: Selection, axes: Sequence[Axis], grain: Grain = Grain.DAY, *, limit: int
) -> list[FlagCounts]:
    """Count measurements by flag and axes, in ascending order of the axes' values.

    Args:
        store: the store.
        chosen: the filters.
        axes: columns to count by; none for one row of totals. `CATEGORY` is not a column of the store: count
            by `INPUT` and map.
        grain: length of the periods of `DAY`.
        limit: rows at most; one more than a caller wants tells it that there are more.
    """
    key, values = prepared(chosen)
    values["limit"] = limit

    def build() -> ibis.Table:
        rows = selected(store, chosen)
        keys = {f"axis_{number}": axis_of(rows, axis, grain) for number, axis in enumerate(axes)}
        flagged = rows.select(
            **keys,
            confirmed=_confirmed(rows).cast("int64"),
            anomaly=_anomaly(rows).cast("int64"),
            failure=_failure(rows).cast("int64"),
        )
        sums = {name: flagged[name].sum() for name in ("confirmed", "anomaly", "failure")}
        if not keys:
            return flagged.agg(**sums, n=flagged.count()).limit(LIMIT)
        found = flagged.group_by(list(keys)).agg(**sums, n=flagged.count())
        return found.order_by(list(keys)).limit(LIMIT)

    name = f"count_flags:{[str(axis) for axis in axes]}:{grain}:{key}"
    return list(_counts(store.ask_prepared(name, build, values).to_pylist(), len(axes)))


def _counts(rows: Sequence[Mapping[str, Any]], axes: int) -> Iterator[FlagCounts]:
    for row in rows:
        confirmed, anomaly, failure = (int(row[name] or 0) for name in ("confirmed", "anomaly", "failure"))
        yield FlagCounts(
            values=tuple(row[f"axis_{number}"] for number in range(axes)),
            confirmed=confirmed,
            anomaly=anomaly,
            failure=failure,
            ok=row["n"] - confirmed - anomaly - failure,
        )


def axis_of(rows: ibis.Table, axis: Axis, grain: Grain) -> Any:
    """Return the column of an axis."""
    match axis:
        case Axis.DAY:
            return period(rows.measurement_start_time, grain)
        case Axis.DOMAIN:
            return _host(rows)
        case Axis.LAYER:
            return ibis.coalesce(rows.layer, "")
        case _:
            return rows[axis.value]


def period(at: Any, grain: Grain) -> Any:
    """Return the beginning of the period that a moment lies in."""
    if grain is Grain.WEEK:  # weeks of the engines begin on Monday, of OONI's API on Sunday
        day = ibis.interval(days=1)
        return (at + day).truncate("W") - day
    return at.truncate({"hour": "h", "day": "D", "month": "M", "year": "Y"}[grain.value])
