"""Totals over a store: how much was measured, where and when."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis

from banwatch.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Number of measurements, and of countries and networks that they come from; unknown ones not counted."""

    measurements: int
    countries: int
    networks: int


def _measured(store: Store, probe_cc: str = "") -> ibis.Table:
    rows = store.table("verdict")
    return rows.filter(rows.probe_cc == probe_cc) if probe_cc else rows


def _aggregates(rows: ibis.Table) -> dict[str, Any]:
    return {
        "measurements": rows.count(),
        "countries": rows.probe_cc.nunique(where=rows.probe_cc != "ZZ"),
        "networks": rows.probe_asn.nunique(where=rows.probe_asn != 0),
    }


def totals(store: Store, probe_cc: str = "") -> Totals:
    """Count the whole store, or one country."""
    rows = _measured(store, probe_cc)
    (row,) = store.to_arrow(rows.agg(**_aggregates(rows))).to_pylist()
    return Totals(**row)


def first_day(store: Store, probe_cc: str = "") -> datetime | None:
    """Return the moment of the earliest measurement; None where there is none."""
    rows = _measured(store, probe_cc)
    (row,) = store.to_arrow(rows.agg(first=rows.measurement_start_time.min(), n=rows.count())).to_pylist()
    return row["first"].replace(tzinfo=UTC) if row["n"] else None


def count_months(store: Store) -> list[tuple[datetime, Totals]]:
    """Count each month that has measurements, in order of time."""
    rows = _measured(store)
    rows = rows.mutate(month=rows.measurement_start_time.truncate("M"))
    found = rows.group_by("month").agg(**_aggregates(rows)).order_by("month")
    return [(row.pop("month"), Totals(**row)) for row in store.to_arrow(found).to_pylist()]


def count_by(store: Store, column: str, *, limit: int, test_name: str = "") -> list[tuple[Any, int]]:
    """Count measurements by the values of a column, those with the most first.

    Args:
        store: the store.
        column: `probe_cc`, `probe_asn`, `target`, or another column of verdicts.
        limit: rows at most.
        test_name: nettest whose measurements are counted; all where empty.
    """
    rows = store.table("verdict")
    if test_name:
        rows = rows.filter(rows.test_name == test_name)
    found = rows.group_by(value=rows[column]).agg(n=rows.count())
    found = found.order_by([found.n.desc(), found.value]).limit(limit)
    return [(row["value"], row["n"]) for row in store.to_arrow(found).to_pylist()]


def network_names(store: Store, probe_asn: int | None = None) -> dict[int, str]:
    """Return the name that most measurements of a network give it, for one network or for all."""
    rows = store.table("measurement")
    rows = rows.filter(rows.probe_network_name != "")
    if probe_asn is not None:
        rows = rows.filter(rows.probe_asn == probe_asn)
    found = rows.group_by(["probe_asn", "probe_network_name"]).agg(n=rows.count())
    found = found.order_by([found.n, found.probe_network_name.desc()])
    return {row["probe_asn"]: row["probe_network_name"] for row in store.to_arrow(found).to_pylist()}
