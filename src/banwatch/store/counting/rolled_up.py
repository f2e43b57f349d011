"""Typed queries over rollups for pages and APIs: bounded in rows, with cursors that are rows, compiled once.

Every query has a limit, and an order that its cursor follows: `after` is the key of the last row of the page
before. A question of a country costs what its rows cost, not what the store holds.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import ibis

from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.rollup import (
    CountryDay,
    CountryTotal,
    DailyCell,
    NetworkTotal,
    TargetTotal,
    VantageWitness,
)
from banwatch.store.prepared import LIMIT, Value, argument, is_one_of_words, moment
from banwatch.store.rollups import cells, sums
from banwatch.store.store import Store
from banwatch.store.tables import TABLES

MOST_ROWS = 100_000
"""Rows of one answer at most: some hundred megabytes as Python objects."""
_FIRST, _LAST = datetime(1970, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001  # as tables hold times
Cell = tuple[str, int, str, datetime]
"""Cursor of daily cells: target, network, tier and day of a row."""


def _daily(store: Store) -> ibis.Table:
    if store.has_rollups:
        return store.table("daily_cell")
    return cells.count_days(cells.heard_rows(store.table("verdict")))  # a store of 0.1.0


def _daily_of_country(store: Store, *, by_target: bool) -> ibis.Table:
    """Return the daily cells of a country and period that the arguments name, and of some targets."""
    rows = _daily(store)
    rows = rows.filter(rows.probe_cc == argument("cc"))
    rows = rows.filter((rows.day >= moment("since")) & (rows.day < moment("until")))
    return rows.filter(is_one_of_words(rows.target)) if by_target else rows


def daily_cells(
    store: Store,
    probe_cc: CountryCode,
    *,
    targets: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: Cell | None = None,
    limit: int = MOST_ROWS,
) -> list[DailyCell]:
    """Read the daily cells of a country in order of target, network, tier and day.

    Args:
        store: the store.
        probe_cc: the country.
        targets: only these; all where None.
        since: first day.
        until: day behind the last one.
        after: target, network, tier and day of a row; only rows behind it are read.
        limit: rows at most.
    """
    values: dict[str, Value] = {
        "cc": probe_cc,
        "since": since or _FIRST,
        "until": until or _LAST,
        "limit": min(limit, MOST_ROWS),
    }
    if targets is not None:
        values["words"] = sorted(set(targets))
    if after is not None:
        values |= dict(zip(("target", "asn", "tier", "day"), after, strict=True))

    def build() -> ibis.Table:
        rows = _daily_of_country(store, by_target=targets is not None)
        if after is not None:
            rows = rows.filter(_behind(rows))
        return _limited(rows.order_by(list(TABLES["daily_cell"].key)))

    return store.read_prepared(f"daily:{targets is None}:{after is None}", build, values, DailyCell)


def whole_days_from(
    store: Store,
    probe_cc: CountryCode,
    *,
    targets: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int,
) -> datetime | None:
    """Return the day from which all daily cells are at most so many; None where they all are.

    Args:
        store: the store.
        probe_cc: the country.
        targets: only cells of these; all where None.
        since: first day.
        until: day behind the last one.
        most: cells at most; of a last day that alone has more, the day itself is returned.
    """
    values: dict[str, Value] = {"cc": probe_cc, "since": since or _FIRST, "until": until or _LAST}
    values |= {"limit": MOST_ROWS, "words": sorted(set(targets or ()))}

    def build() -> ibis.Table:
        rows = _daily_of_country(store, by_target=targets is not None)
        found = rows.group_by("day").agg(n=rows.count())
        return _limited(found.order_by(found.day.desc()))

    counted = store.ask_prepared(f"whole_days_from:{targets is None}", build, values)
    days, counts = (counted.column(name).to_pylist() for name in ("day", "n"))
    if sum(counts) <= most:
        return None
    first, seen = days[0], 0
    for day, n in zip(days, counts, strict=True):
        seen += n
        if seen > most:
            break
        first = day
    return first.replace(tzinfo=UTC)  # type: ignore[no-any-return]  # a time of Arrow


def _behind(rows: ibis.Table) -> ibis.Value:
    tier, day = rows.access_tier, rows.day
    later = (tier > argument("tier")) | ((tier == argument("tier")) & (day > moment("day")))
    asn = rows.probe_asn
    later = (asn > argument("asn", "int64")) | ((asn == argument("asn", "int64")) & later)
    return (rows.target > argument("target")) | ((rows.target == argument("target")) & later)


def _limited(rows: ibis.Table) -> ibis.Table:
    return rows.limit(LIMIT)


def country_days(
    store: Store,
    *,
    probe_cc: CountryCode | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = MOST_ROWS,
) -> list[CountryDay]:
    """Read the counts of days, of one country or of all, in order of country and day."""
    values: dict[str, Value] = {
        "cc": probe_cc or "",
        "since": since or _FIRST,
        "until": until or _LAST,
        "limit": min(limit, MOST_ROWS),
    }

    def build() -> ibis.Table:
        rows = _rows(store, "country_day", sums.country_days)
        if probe_cc is not None:
            rows = rows.filter(rows.probe_cc == argument("cc"))
        rows = rows.filter((rows.day >= moment("since")) & (rows.day < moment("until")))
        return _limited(rows.order_by(["probe_cc", "day"]))

    return store.read_prepared(f"country_days:{probe_cc is None}", build, values, CountryDay)


def countries(store: Store) -> list[CountryTotal]:
    """Count every country over all days, in order of their codes."""

    def build() -> ibis.Table:
        rows = _rows(store, "country_day", sums.country_days)
        return rows.group_by("probe_cc").agg(**sums.added_up(rows), days=rows.count()).order_by("probe_cc")

    return store.read_prepared("countries", build, {}, CountryTotal)


def networks(
    store: Store, probe_cc: CountryCode, *, after: int = -1, limit: int = MOST_ROWS
) -> list[NetworkTotal]:
    """Count every network of a country over all months, in order of their numbers behind `after`."""

    def build() -> ibis.Table:
        rows = _rows(store, "network_month", sums.network_months)
        rows = rows.filter((rows.probe_cc == argument("cc")) & (rows.probe_asn > argument("asn", "int64")))
        found = rows.group_by(["probe_cc", "probe_asn"]).agg(**sums.added_up(rows), days=rows.days.sum())
        return _limited(found.order_by("probe_asn"))

    values: dict[str, Value] = {"cc": probe_cc, "asn": after, "limit": min(limit, MOST_ROWS)}
    return store.read_prepared("networks", build, values, NetworkTotal)


def targets(
    store: Store, probe_cc: CountryCode, *, after: str = "", limit: int = MOST_ROWS
) -> list[TargetTotal]:
    """Count every target in a country over all months, in order of their names behind `after`."""

    def build() -> ibis.Table:
        rows = _rows(store, "target_month", sums.target_months)
        rows = rows.filter((rows.probe_cc == argument("cc")) & (rows.target > argument("target")))
        found = rows.group_by(["target", "probe_cc"]).agg(**sums.added_up(rows), days=rows.days.sum())
        return _limited(found.order_by("target"))

    values: dict[str, Value] = {"cc": probe_cc, "target": after, "limit": min(limit, MOST_ROWS)}
    return store.read_prepared("targets", build, values, TargetTotal)


def countries_of_target(store: Store, target: str) -> list[TargetTotal]:
    """Count one target over all months, a row for each country, in order of their codes."""

    def build() -> ibis.Table:
        rows = _rows(store, "target_month", sums.target_months)
        rows = rows.filter(rows.target == argument("target"))
        found = rows.group_by(["target", "probe_cc"]).agg(**sums.added_up(rows), days=rows.days.sum())
        return found.order_by("probe_cc")

    return store.read_prepared("countries_of_target", build, {"target": target}, TargetTotal)


def measured_targets(store: Store) -> dict[TargetName, int]:
    """Count the countries in which each target was measured, at most `MOST_ROWS` targets."""

    def build() -> ibis.Table:
        rows = _rows(store, "target_month", sums.target_months)
        return _limited(rows.group_by("target").agg(countries=rows.probe_cc.nunique()).order_by("target"))

    found = store.ask_prepared("measured_targets", build, {"limit": MOST_ROWS}).to_pylist()
    return {TargetName(row["target"]): int(row["countries"]) for row in found}


def measured_networks(store: Store) -> dict[tuple[CountryCode, Asn], int]:
    """Count the verdicts of each network, at most `MOST_ROWS` networks."""

    def build() -> ibis.Table:
        rows = _rows(store, "network_month", sums.network_months)
        found = rows.group_by(["probe_cc", "probe_asn"]).agg(**sums.added_up(rows), days=rows.days.sum())
        return _limited(found.order_by(["probe_cc", "probe_asn"]))

    found = store.read_prepared("measured_networks", build, {"limit": MOST_ROWS}, NetworkTotal)
    return {(one.probe_cc, one.probe_asn): one.total for one in found}


def witnesses(store: Store, probe_cc: CountryCode, *, limit: int = MOST_ROWS) -> list[VantageWitness]:
    """Return a measurement of the first day of every network and tier of a country."""

    def build() -> ibis.Table:
        rows = _daily(store)
        rows = rows.filter(rows.probe_cc == argument("cc"))
        first = ibis.struct({"at": rows.first_at, "uid": rows.witness})
        found = rows.group_by(["probe_cc", "probe_asn", "access_tier"]).agg(
            measurement_uid=rows.witness.argmin(first)
        )
        return _limited(found.order_by(["probe_asn", "access_tier"]))

    values: dict[str, Value] = {"cc": probe_cc, "limit": min(limit, MOST_ROWS)}
    return store.read_prepared("witnesses", build, values, VantageWitness)


def _rows(store: Store, name: str, count: Callable[[ibis.Table], Any]) -> ibis.Table:
    """Return a rollup; in a store of 0.1.0, as counted from verdicts."""
    if store.has_rollups:
        return store.table(name)
    counted: ibis.Table = count(sums.with_month(_daily(store)))
    return counted
