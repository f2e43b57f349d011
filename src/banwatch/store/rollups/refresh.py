"""Rollups counted again: those that a transaction touched, or all of them in slices of bounded size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from banwatch.store.engines.engine import Engine
from banwatch.store.prepared import Value, argument, moment
from banwatch.store.rollups import cells, keys, sums, voices
from banwatch.store.rollups.touched import NEEDED, Touched, distinct, months_of
from banwatch.store.rollups.workspace import RollupWorkspace
from banwatch.store.tables import TABLES

KEYS_AT_ONCE = 100_000
"""Touched keys counted again by one statement, which bounds its memory."""
VERDICTS_AT_ONCE = 250_000
"""Verdicts counted by one statement of a whole count: some hundred megabytes of lists of voices."""
MONTHS_AT_ONCE = 36
"""Months that one statement counts at most: ClickHouse takes a hundred partitions (months) at once."""
_DAY = timedelta(days=1)
_LAST_CC = "\U0010ffff"
"""Text behind every country's code."""
_DTYPES = {"day": "timestamp(6)", "month": "timestamp(6)", "probe_asn": "int64"}


@dataclass(frozen=True, slots=True)
class _Slice:
    """Period and range of countries whose verdicts one statement counts."""

    since: datetime
    until: datetime
    first_cc: str
    last_cc: str


def refresh(store: RollupWorkspace, touched: Touched) -> None:
    """Count the touched rows of every rollup again; call it inside the transaction that touched them."""
    if not touched.everything:
        _refresh_reports(store, touched)
    if touched.everything:  # a report that turned out crowded may touch more than fits
        rebuild(store)
        return
    found = touched.keys()
    for start in range(0, found.num_rows, KEYS_AT_ONCE):
        days = found.slice(start, KEYS_AT_ONCE)
        values = _span(days, _DAY)
        with store.shown("heard", "heard:wanted", lambda: _touched_rows(store), days, values):
            for name in _COUNTED:
                store.make_way(name, days, removed=touched.removed)
                store.add(name, f"{name}:heard", _COUNTED[name])
        for name, wanted in (
            ("country_day", distinct(days, keys.COUNTRY_DAY_KEY)),
            ("network_month", months_of(days, keys.NETWORK_MONTH_KEY)),
            ("target_month", months_of(days, keys.TARGET_MONTH_KEY)),
        ):
            step = _DAY if name == "country_day" else 31 * _DAY
            store.make_way(name, wanted, removed=touched.removed)
            store.add(
                name,
                f"{name}:wanted",
                partial(_touched_sums, store, name, tuple(wanted.column_names)),
                wanted,
                _span(wanted, step),
            )


def forget_findings(engine: Engine, touched: Touched) -> None:
    """Drop what the last detection found in countries whose cells a transaction changed."""
    if touched.everything:
        engine.clear("kept_findings")
    else:
        engine.delete("kept_findings", "probe_cc", touched.countries())


def rows_with(store: RollupWorkspace, column: str, wanted: pa.Table) -> pa.Table:
    """Read, of the verdicts with one of some values in a column, what tells which cells they are in."""
    shown = ibis.table({column: "!string"}, name="wanted")
    found = store.table("verdict").semi_join(shown, column).select(*NEEDED)
    return store.select(f"rows_with_{column}", lambda: found, wanted)


def _span(wanted: pa.Table, step: timedelta) -> dict[str, datetime]:
    """Return the period that some keys cover, from the first to the end of the last."""
    times = wanted.column(wanted.num_columns - 1)
    return {"since": pc.min(times).as_py(), "until": pc.max(times).as_py() + step}


def _wanted(columns: Sequence[str]) -> ibis.Table:
    return ibis.table({c: f"!{_DTYPES.get(c, 'string')}" for c in columns}, name="wanted")


def _touched_rows(store: RollupWorkspace) -> ibis.Table:
    """Write the query for the heard rows whose daily cells stand in the table `wanted`."""
    wanted = _wanted(keys.TOUCHED_KEY)
    verdicts = _between(store.table("verdict"), "measurement_start_time")
    same = [verdicts[c] == wanted[c] for c in keys.TOUCHED_KEY[:-1]]
    found = verdicts.semi_join(wanted, [*same, verdicts.measurement_start_time.truncate("D") == wanted.day])
    return cells.heard_rows(found, store.table("report_probes"))


def _touched_sums(store: RollupWorkspace, name: str, columns: tuple[str, ...]) -> ibis.Table:
    daily = sums.with_month(_between(store.table("daily_cell"), "day"))
    return _SUMS[name](daily.semi_join(_wanted(columns), list(columns)))


_COUNTED = {
    "cell": lambda: cells.count_cells(cells.heard_table()),
    "daily_cell": lambda: cells.count_days(cells.heard_table()),
}
_SUMS = {
    "country_day": sums.country_days,
    "network_month": sums.network_months,
    "target_month": sums.target_months,
}


def _between(rows: ibis.Table, at: str) -> ibis.Table:
    return rows.filter((rows[at] >= moment("since")) & (rows[at] < moment("until")))


def _refresh_reports(store: RollupWorkspace, touched: Touched) -> None:
    """Keep the probes that reports name; where a report becomes crowded, or is no more, touch its cells."""
    of_batch = touched.reports()
    if of_batch is None:
        return
    wanted = of_batch.select(list(keys.REPORT_KEY))
    layout = TABLES["report_probes"].layout
    before = store.matching("report_probes", wanted)
    if touched.removed:
        named = store.select("reports", lambda: voices.report_probes(_of_reports(store)), wanted)
        after = layout.plain(named)
    else:
        both = pa.concat_tables([layout.plain(before), layout.plain(of_batch)])
        after = both.group_by(list(keys.REPORT_KEY)).aggregate([("lowest", "min"), ("highest", "max")])
        after = after.rename_columns({"lowest_min": "lowest", "highest_max": "highest"})
        after = layout.plain(after)
    changed = _crowded(before) ^ _crowded(after)
    if changed:
        rows = [{"source_class": of, "report_id": report} for of, report in sorted(changed)]
        reports = pa.Table.from_pylist(rows, schema=wanted.schema)
        touched.add_keys(store.select("of_reports", lambda: _of_reports(store).select(*NEEDED), reports))
    store.replace("report_probes", wanted, after)


def _of_reports(store: RollupWorkspace) -> ibis.Table:
    wanted = ibis.table(dict.fromkeys(keys.REPORT_KEY, "!string"), name="wanted")
    return store.table("verdict").semi_join(wanted, list(keys.REPORT_KEY))


def _crowded(rows: pa.Table) -> set[tuple[str, str]]:
    columns = [rows.column(n).to_pylist() for n in (*keys.REPORT_KEY, "lowest", "highest")]
    return {(of, report) for of, report, low, high in zip(*columns, strict=True) if low != high}


def rebuild(store: RollupWorkspace) -> None:
    """Count every rollup anew, slice by slice; call it inside a transaction."""
    store.clear()
    store.add("report_probes", "report_probes", lambda: voices.report_probes(store.table("verdict")))
    months: set[datetime] = set()
    for part in _slices(store):
        values: dict[str, Value] = {"since": part.since, "until": part.until}
        values |= {"first_cc": part.first_cc, "last_cc": part.last_cc}
        with store.shown("heard", "heard:slice", lambda: _rows_in_slice(store), None, values):
            for name in _COUNTED:
                store.add(name, f"{name}:heard", _COUNTED[name])
        if len(months) and (part.until - min(months)) > MONTHS_AT_ONCE * 31 * _DAY:
            _add_sums(store, months, before=part.since.replace(day=1))
        months |= {part.since.replace(day=1), (part.until - _DAY).replace(day=1)}
    _add_sums(store, months)


def _add_sums(store: RollupWorkspace, months: set[datetime], *, before: datetime | None = None) -> None:
    """Add up the daily cells of some months, which are complete, and forget these months."""
    ready = {month for month in months if before is None or month < before}
    if not ready:
        return
    months -= ready
    period: dict[str, Value] = {"since": min(ready), "until": (max(ready) + 32 * _DAY).replace(day=1)}
    for name in _SUMS:
        store.add(name, f"{name}:months", partial(_sums_of_months, store, name), None, period)


def _rows_in_slice(store: RollupWorkspace) -> ibis.Table:
    verdicts = _between(store.table("verdict"), "measurement_start_time")
    cc = verdicts.probe_cc
    verdicts = verdicts.filter((cc >= argument("first_cc")) & (cc <= argument("last_cc")))
    return cells.heard_rows(verdicts, store.table("report_probes"))


def _sums_of_months(store: RollupWorkspace, name: str) -> ibis.Table:
    return _SUMS[name](sums.with_month(_between(store.table("daily_cell"), "day")))


def _slices(store: RollupWorkspace) -> Iterator[_Slice]:
    """Cut all verdicts into periods of whole days with so many; a day with more, by countries."""
    rows = store.select("days_of_verdicts", lambda: _counts_by_day(store)).sort_by(
        [("day", "ascending"), ("probe_cc", "ascending")]
    )
    by_day: dict[datetime, list[tuple[str, int]]] = {}
    for day, cc, n in zip(*(rows.column(c).to_pylist() for c in ("day", "probe_cc", "n")), strict=True):
        by_day.setdefault(day.replace(tzinfo=None), []).append((cc, n))
    since: datetime | None = None
    until, total = None, 0
    for day, countries in by_day.items():
        n = sum(count for _, count in countries)
        if (
            since is not None
            and until is not None
            and (total + n > VERDICTS_AT_ONCE or day - since > MONTHS_AT_ONCE * 31 * _DAY)
        ):
            yield _Slice(since, until, "", _LAST_CC)
            since, total = None, 0
        if n > VERDICTS_AT_ONCE:
            yield from _by_country(day, countries)
            continue
        since, until, total = since or day, day + _DAY, total + n
    if since is not None and until is not None:
        yield _Slice(since, until, "", _LAST_CC)


def _by_country(day: datetime, countries: Sequence[tuple[str, int]]) -> Iterator[_Slice]:
    first, last, total = "", "", 0
    for cc, count in countries:
        if total and total + count > VERDICTS_AT_ONCE:
            yield _Slice(day, day + _DAY, first, last)
            first, total = cc, 0
        first, last, total = first if total else cc, cc, total + count
    yield _Slice(day, day + _DAY, first, last)


def _counts_by_day(store: RollupWorkspace) -> ibis.Table:
    verdicts = store.table("verdict")
    # ClickHouse cuts times to a type that Arrow takes for a number
    day = verdicts.measurement_start_time.truncate("D").cast("timestamp(6)")
    return verdicts.group_by(day=day, probe_cc=verdicts.probe_cc).agg(n=verdicts.count())
