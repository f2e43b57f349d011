"""Incidents and bans for pages and lists: counted, or the latest ones first, with a cursor."""

from collections.abc import Collection
from datetime import datetime

import ibis

from banwatch.model.ban import Measured
from banwatch.model.incident import Incident
from banwatch.store.prepared import LIMIT, Value, argument, is_one_of, moment
from banwatch.store.store import Store


def incidents_of(store: Store, countries: Collection[str]) -> list[Incident]:
    """Read the incidents of some countries, in order of their ids."""

    def build() -> ibis.Table:
        rows = store.table("incident")
        return rows.filter(is_one_of(rows.probe_cc, "cc")).order_by("incident_id")

    return store.read_prepared("incidents_of", build, {"cc": sorted(countries)}, Incident)


def latest_incidents(
    store: Store, *, limit: int, probe_cc: str | None = None, before: tuple[datetime, str] | None = None
) -> list[Incident]:
    """Read the incidents whose onset is latest, of a country or of all.

    Args:
        store: the store.
        limit: rows at most.
        probe_cc: the country; all where None.
        before: latest onset and id of an incident; only those that come behind it are read.
    """
    values: dict[str, Value] = {"limit": limit, "cc": probe_cc or ""}
    if before is not None:
        values |= {"at": before[0], "id": before[1]}

    def build() -> ibis.Table:
        rows = store.table("incident")
        if probe_cc is not None:
            rows = rows.filter(rows.probe_cc == argument("cc"))
        at, uid = rows.onset_latest, rows.incident_id
        if before is not None:
            behind = (at < moment("at")) | ((at == moment("at")) & (uid < argument("id")))
            rows = rows.filter(behind)
        return rows.order_by([at.desc(), uid.desc()]).limit(LIMIT)

    key = f"latest_incidents:{probe_cc is None}:{before is None}"
    return store.read_prepared(key, build, values, Incident)


def count_incidents(store: Store, probe_cc: str | None = None) -> int:
    """Count incidents, of a country or of all."""

    def build() -> ibis.Table:
        rows = store.table("incident")
        if probe_cc is not None:
            rows = rows.filter(rows.probe_cc == argument("cc"))
        return rows.agg(n=rows.count())

    found = store.ask_prepared(f"count_incidents:{probe_cc is None}", build, {"cc": probe_cc or ""})
    return int(found.column("n")[0].as_py())


def measured_bans(store: Store) -> frozenset[str]:
    """Name the bans of which some target was measured."""

    def build() -> ibis.Table:
        rows = store.table("comparison")
        return rows.filter(rows.measured != Measured.NO_DATA.value).select("ban_id").distinct()

    found = store.ask_prepared("measured_bans", build, {})
    return frozenset(found.column("ban_id").to_pylist())
