"""Totals over a store: how much was measured, where and when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis

from banwatch.model.state import State
from banwatch.store.prepared import LIMIT, Value, argument, is_one_of
from banwatch.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Number of measurements, and of countries and networks that they come from; unknown ones not counted."""

    measurements: int
    countries: int
    networks: int


def _measured(store: Store, probe_cc: str) -> ibis.Table:
    rows = store.table("verdict")
    return rows.filter(rows.probe_cc == argument("cc")) if probe_cc else rows


def _aggregates(rows: ibis.Table) -> dict[str, Any]:
    return {
        "measurements": rows.count(),
        "countries": rows.probe_cc.nunique(where=rows.probe_cc != "ZZ"),
        "networks": rows.probe_asn.nunique(where=rows.probe_asn != 0),
    }


def totals(store: Store, probe_cc: str = "") -> Totals:
    """Count the whole store, or one country."""

    def build() -> ibis.Table:
        rows = _measured(store, probe_cc)
        return rows.agg(**_aggregates(rows))

    (row,) = store.ask_prepared(f"totals:{bool(probe_cc)}", build, {"cc": probe_cc}).to_pylist()
    return Totals(**row)


def first_day(store: Store, probe_cc: str = "") -> datetime | None:
    """Return the moment of the earliest measurement; None where there is none."""

    def build() -> ibis.Table:
        rows = _measured(store, probe_cc)
        return rows.agg(first=rows.measurement_start_time.min(), n=rows.count())

    (row,) = store.ask_prepared(f"first_day:{bool(probe_cc)}", build, {"cc": probe_cc}).to_pylist()
    return row["first"].replace(tzinfo=UTC) if row["n"] else None


def count_months(store: Store) -> list[tuple[datetime, Totals]]:
    """Count each month that has measurements, in order of time."""

    def build() -> ibis.Table:
        rows = store.table("verdict")
        rows = rows.mutate(month=rows.measurement_start_time.truncate("M"))
        return rows.group_by("month").agg(**_aggregates(rows)).order_by("month")

    found = store.ask_prepared("count_months", build, {}).to_pylist()
    return [(row.pop("month"), Totals(**row)) for row in found]


def count_by(store: Store, column: str, *, limit: int, test_name: str = "") -> list[tuple[Any, int]]:
    """Count measurements by the values of a column, those with the most first.

    Args:
        store: the store.
        column: `probe_cc`, `probe_asn`, `target`, or another column of verdicts.
        limit: rows at most.
        test_name: nettest whose measurements are counted; all where empty.
    """

    def build() -> ibis.Table:
        rows = store.table("verdict")
        if test_name:
            rows = rows.filter(rows.test_name == argument("test_name"))
        found = rows.group_by(value=rows[column]).agg(n=rows.count())
        return found.order_by([found.n.desc(), found.value]).limit(LIMIT)

    name = f"count_by:{column}:{bool(test_name)}"
    found = store.ask_prepared(name, build, {"limit": limit, "test_name": test_name})
    return [(row["value"], row["n"]) for row in found.to_pylist()]


def network_names(store: Store, probe_asn: int | None = None) -> dict[int, str]:
    """Return the name that most measurements of a network give it, for one network or for all."""

    def build() -> ibis.Table:
        rows = store.table("measurement")
        rows = rows.filter(rows.probe_network_name != "")
        if probe_asn is not None:
            rows = rows.filter(rows.probe_asn == argument("asn", "int64"))
        found = rows.group_by(["probe_asn", "probe_network_name"]).agg(n=rows.count())
        return found.order_by([found.n, found.probe_network_name.desc()])

    found = store.ask_prepared(f"network_names:{probe_asn is None}", build, {"asn": probe_asn or 0})
    return {row["probe_asn"]: row["probe_network_name"] for row in found.to_pylist()}


def labs(store: Store, countries: Collection[str] = ()) -> dict[str, int]:
    """Count measurements by the lab regime that they come from; empty is the real world.

    Where no lab made any, the number comes from rollups: they count verdicts, one for each target of a
    measurement, and none of a clock that is proven wrong.

    Args:
        store: open.
        countries: whose measurements are counted; empty counts all.
    """
    values: dict[str, Value] = {"cc": sorted(countries)}

    def build(least: str) -> ibis.Table:
        table = store.table("measurement")
        table = table.filter(table.lab >= least)  # a range, by which engines pass over rows unread
        if countries:
            table = table.filter(is_one_of(table.probe_cc, "cc"))
        return table.group_by("lab").agg(n=table.count()).order_by("lab")

    of_labs = store.ask_prepared(f"labs:{bool(countries)}", lambda: build(_LEAST_NAME), values)
    real = 0 if of_labs.num_rows else measured(store, countries)
    if real:
        return {"": real}
    found = store.ask_prepared(f"labs_and_others:{bool(countries)}", lambda: build(""), values)
    return dict(zip(found.column("lab").to_pylist(), found.column("n").to_pylist(), strict=True))


_LEAST_NAME = "\x01"
"""Text before every name, and behind the empty one."""


def measured(store: Store, countries: Collection[str] = ()) -> int:
    """Count verdicts from rollups, of some countries or of all."""

    def build() -> ibis.Table:
        rows = store.table("country_day") if store.has_rollups else store.table("verdict")
        if countries:
            rows = rows.filter(is_one_of(rows.probe_cc, "cc"))
        if not store.has_rollups:
            return rows.agg(n=rows.count())
        states = [rows[state.value] for state in State]
        return rows.agg(n=sum(states[1:], states[0]).sum())

    found = store.ask_prepared(f"measured:{bool(countries)}", build, {"cc": sorted(countries)})
    return int(found.column("n")[0].as_py() or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCount:
    """Size of a store, for its operator."""

    measurements: int
    newest: datetime | None
    """Start of the latest measurement; null where there is none."""
    archive_bytes: int


def count_all(store: Store) -> StoreCount:
    """Count measurements and bytes of a store."""

    def build() -> ibis.Table:
        rows = store.table("verdict")
        return rows.agg(newest=rows.measurement_start_time.max(), n=rows.count())

    def build_sizes() -> ibis.Table:
        rows = store.table("segment")
        return rows.agg(size=rows.size_bytes.sum(), n=rows.count())

    (row,) = store.ask_prepared("count_all", build, {}).to_pylist()
    (size,) = store.ask_prepared("archive_size", build_sizes, {}).to_pylist()
    return StoreCount(
        measurements=row["n"],
        newest=row["newest"].replace(tzinfo=UTC) if row["n"] else None,
        archive_bytes=int(size["size"]) if size["n"] else 0,
    )
