"""Totals over a store: how much was measured, where and when."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis

from banwatch.store.prepared import LIMIT, argument
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
