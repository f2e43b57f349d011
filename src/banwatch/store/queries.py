"""Typed queries that return the model's nouns, always in one total order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import ibis

from banwatch.model.ban import Comparison, Measured
from banwatch.model.cell import Cell
from banwatch.model.evidence import Evidence
from banwatch.model.ids import MeasurementUid
from banwatch.model.incident import Change, Incident
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.verdict import Verdict
from banwatch.store.bookkeeping import OWN_PROPERTIES, Entry, Property, PublishedIncident, Quarantined
from banwatch.store.counting.windows import until_of_page
from banwatch.store.filters import filtered, prepared_filter
from banwatch.store.prepared import LIMIT, Value, argument, is_one_of_words
from banwatch.store.rollups.cells import cell_table
from banwatch.store.rollups.voices import is_from_future
from banwatch.store.store import Store, table_of
from banwatch.store.tables import TABLES

Row = TypeVar("Row")
IN_TIME = ("measurement_start_time", "measurement_uid")


def verdicts(
    store: Store,
    *,
    probe_cc: str | None = None,
    probe_asn: int | None = None,
    access_tier: str | None = None,
    target: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: tuple[datetime, str, str] | None = None,
    limit: int | None = None,
) -> list[Verdict]:
    """Read verdicts in order of time, measurement and target; `since` is included, `until` is not.

    `after` is the time, measurement and target of a row: only rows behind it are read.
    """
    equal = {
        "probe_cc": probe_cc,
        "probe_asn": probe_asn,
        "access_tier": access_tier,
        "target": target,
        "state": state,
    }
    begin = since if after is None else after[0] if since is None else max(since, after[0])
    narrow_until = until_of_page(store, equal, begin, until, limit) if limit else until
    found = _in_order(store, equal, since, narrow_until, after, limit)
    if narrow_until == until or len(found) == limit:
        return found
    return _in_order(store, equal, since, until, after, limit)


def _in_order(
    store: Store,
    equal: Mapping[str, object],
    since: datetime | None,
    until: datetime | None,
    after: tuple[datetime, str, str] | None,
    limit: int | None,
) -> list[Verdict]:
    key, values, narrow = prepared_filter(equal, since, until, after)

    def build() -> ibis.Table:
        found = narrow(store.table("verdict")).order_by([*IN_TIME, "target"])
        return found if limit is None else found.limit(LIMIT)

    values["limit"] = limit or 0
    return store.read_prepared(f"verdicts:{limit is None}:{key}", build, values, Verdict)


def verdicts_in_batches(
    store: Store,
    *,
    equal: Mapping[str, object],
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> Iterator[list[Verdict]]:
    """Read any number of verdicts in order of time, some thousands at once."""
    found = filtered(store.table("verdict"), equal=equal, since=since, until=until)
    for batch in store.batches(found.order_by([*IN_TIME, "target"]).limit(limit)):
        yield table_of(Verdict).layout.from_arrow(batch)


def count_verdicts(
    store: Store,
    *,
    equal: Mapping[str, object],
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Count verdicts."""
    return store.count(filtered(store.table("verdict"), equal=equal, since=since, until=until))


def measurement(store: Store, uid: str) -> Measurement | None:
    """Read one measurement; None where there is none of this id."""
    return next(iter(measurements_of(store, [uid]).values()), None)


def measurements(
    store: Store,
    *,
    probe_cc: str | None = None,
    probe_asn: int | None = None,
    access_tier: str | None = None,
    target: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[Measurement]:
    """Read measurements in order of time; `since` is included, `until` is not."""
    equal = {"probe_cc": probe_cc, "probe_asn": probe_asn, "access_tier": access_tier, "target": target}
    found = filtered(store.table("measurement"), equal=equal, since=since, until=until)
    return store.read(found.order_by(list(IN_TIME)).limit(limit), Measurement)


def _of(store: Store, noun: type[Row], uids: Iterable[str], *, ordinals: int | None = None) -> list[Row]:
    wanted = sorted(set(uids))
    if not wanted:
        return []
    table = table_of(noun)

    def build() -> ibis.Table:
        rows = store.table(table.name)
        found = rows.filter(is_one_of_words(rows.measurement_uid))
        if ordinals is not None:
            found = found.filter(found.ordinal < argument("ordinals", "int64"))
        return found.order_by(list(table.key))

    values: dict[str, Value] = {"words": wanted, "ordinals": ordinals or 0}
    return store.read_prepared(f"{table.name}_of:{ordinals is None}", build, values, noun)


def measurements_of(store: Store, uids: Iterable[str]) -> dict[MeasurementUid, Measurement]:
    """Read many measurements in one scan, by id."""
    return {m.measurement_uid: m for m in _of(store, Measurement, uids)}


def observations(store: Store, uid: str) -> list[Observation]:
    """Read a measurement's observations, in the order of the wire."""
    return _of(store, Observation, [uid])


def observations_of(
    store: Store, uids: Iterable[str], *, limit: int | None = None
) -> dict[MeasurementUid, list[Observation]]:
    """Read the observations of many measurements in one scan, of each the first ones up to a limit."""
    return _grouped(_of(store, Observation, uids, ordinals=limit))


def evidence(store: Store, uid: str) -> Evidence | None:
    """Read a measurement's evidence, that of its first target where it has several."""
    return next(iter(_of(store, Evidence, [uid])), None)


def evidence_of(store: Store, uids: Iterable[str]) -> dict[MeasurementUid, list[Evidence]]:
    """Read the evidence of many measurements in one scan."""
    return _grouped(_of(store, Evidence, uids))


def verdicts_of(store: Store, uid: str) -> list[Verdict]:
    """Read the verdicts on one measurement, one row a target."""
    return _of(store, Verdict, [uid])


def past_verdicts(store: Store, uid: str) -> list[Verdict]:
    """Read the verdicts of earlier rulesets on one measurement, one row a target and ruleset."""
    table = TABLES["past_verdict"]
    rows = store.table(table.name)
    return store.read(rows.filter(rows.measurement_uid == uid).order_by(list(table.key)), Verdict)


def _grouped(rows: Sequence[Any]) -> dict[MeasurementUid, list[Any]]:
    groups: defaultdict[MeasurementUid, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.measurement_uid].append(row)
    return dict(groups)


def raw(store: Store, uid: str) -> bytes | None:
    """Fetch the raw line of a measurement, of its first copy; None where there is none of this id.

    Raises:
        WireError: the archive is damaged.
    """
    return next((line for _, line in raws(store, [uid])), None)


def raws(
    store: Store, uids: Iterable[str], *, longest_bytes: int | None = None
) -> Iterator[tuple[MeasurementUid, bytes]]:
    """Fetch the raw lines of many measurements, segment by segment.

    Args:
        store: the store.
        uids: ids of measurements.
        longest_bytes: lines that are longer are left out, unread.

    Raises:
        WireError: the archive is damaged.
    """
    found = [e for e in _of(store, Entry, uids) if e.copy == 0]
    for entry in sorted(found, key=lambda e: (e.segment, e.position)):
        if longest_bytes is not None:
            sizes = store.archive.index(entry.segment).line_bytes
            if 0 <= entry.position < len(sizes) and sizes[entry.position] > longest_bytes:
                continue
        yield entry.measurement_uid, store.archive.line(entry.segment, entry.position)


def copies(store: Store, uid: str) -> list[bytes]:
    """Fetch every distinct line that came with this id, the first one first."""
    return [store.archive.line(e.segment, e.position) for e in _of(store, Entry, [uid])]


def conflicts(store: Store) -> list[MeasurementUid]:
    """Return the ids of measurements that came in several, differing copies, sorted."""
    entries = store.table("entry")
    found = (
        entries.filter(entries["copy"] > 0).select("measurement_uid").distinct().order_by("measurement_uid")
    )
    ids: list[MeasurementUid] = store.to_arrow(found).column(0).to_pylist()
    return ids


def cells(
    store: Store,
    *,
    probe_cc: str | None = None,
    probe_asn: int | None = None,
    access_tier: str | None = None,
    target: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[Cell]:
    """Read cells, in the order of their key; times should fall on full hours.

    With a limit, which rows come is not said: it serves to find that there are more than so many.
    """
    equal = {"probe_cc": probe_cc, "probe_asn": probe_asn, "access_tier": access_tier, "target": target}
    key, values, narrow = prepared_filter(equal, _hour_of(since), until, at="hour")

    def build() -> ibis.Table:
        found = narrow(_cells(store))
        found = found if limit is None else found.limit(LIMIT)
        return found.order_by(list(TABLES["cell"].key))

    values["limit"] = limit or 0
    return store.read_prepared(f"cells:{limit is None}:{key}", build, values, Cell)


def cell_rows(
    store: Store, *, equal: Mapping[str, object], since: datetime | None, until: datetime | None
) -> ibis.Table:
    """Return cells as an expression; those of a store of 0.1.0 are counted as they are read."""
    return filtered(_cells(store), equal=equal, since=_hour_of(since), until=until, at="hour")


def _cells(store: Store) -> ibis.Table:
    return store.table("cell") if store.has_rollups else cell_table(store.table("verdict"))


def _hour_of(since: datetime | None) -> datetime | None:
    """Return the beginning of the hour that holds a time: it counts as a whole."""
    return None if since is None else since.replace(minute=0, second=0, microsecond=0)


def has_verdict(store: Store, column: str, value: str) -> bool:
    """Whether some verdict has a value in a column."""
    rows = store.table("verdict")
    return bool(store.count(rows.filter(rows[column] == value).limit(1)))


def reports_alike(store: Store) -> list[str]:
    """Name the reports of which every site was answered alike."""
    evidence = store.table("evidence")
    found = evidence.filter(evidence.report_alike).select("report_id").distinct()
    return [str(name) for name in store.to_arrow(found).column(0).to_pylist()]


def reports_paced(store: Store) -> list[str]:
    """Name the reports with a page that came slowly and evenly."""
    evidence = store.table("evidence")
    found = evidence.filter(evidence.page_paced).select("report_id").distinct()
    return [str(name) for name in store.to_arrow(found).column(0).to_pylist() if name]


def reports_of(store: Store, uids: Iterable[str]) -> set[str]:
    """Name the reports of some measurements."""
    return {row.report_id for row in store.matching(Measurement, "measurement_uid", uids)}


def identities(store: Store) -> ibis.Table:
    """Return the columns of verdicts by which measurements are retracted, for the store to execute."""
    return store.table("verdict").select(*IN_TIME, "probe_id", "report_id", "probe_cc", "probe_asn")


def count_wrong_clocks(store: Store) -> int:
    """Count the measurements that say they were made after they were received: they are in no cell."""
    verdicts = store.table("verdict")
    return store.count(verdicts.filter(is_from_future(verdicts)))


def changes(store: Store) -> list[Change]:
    """Read all changes."""
    return store.rows(Change)


def incidents(store: Store) -> list[Incident]:
    """Read all incidents."""
    return store.rows(Incident)


def published_incidents(store: Store) -> list[PublishedIncident]:
    """Read every incident that an id was given to."""
    return store.rows(PublishedIncident)


def comparisons(store: Store, ban_id: str | None = None, *, most: int | None = None) -> list[Comparison]:
    """Read the comparisons of announced bans with measurements, for one ban or for all.

    Args:
        store: the store.
        ban_id: the ban; all where None.
        most: rows at most: where there are more, only those that are announced or show interference are
            read, up to so many.
    """
    if most is None or ban_id is None:
        return _comparisons(store, ban_id, LIMIT if most is None else most, relevant=False)
    rows = store.table("comparison")
    of_ban = rows.filter(rows.ban_id == argument("ban"))
    found = store.ask_prepared("count_comparisons", lambda: of_ban.agg(n=of_ban.count()), {"ban": ban_id})
    count = int(found.column("n")[0].as_py())
    return _comparisons(store, ban_id, most, relevant=count > most) if count else []


def _comparisons(store: Store, ban_id: str | None, limit: int, *, relevant: bool) -> list[Comparison]:
    table = TABLES["comparison"]

    def build() -> ibis.Table:
        rows = store.table(table.name)
        if ban_id is not None:
            rows = rows.filter(rows.ban_id == argument("ban"))
        if relevant:
            shows = rows.measured.isin([Measured.ENFORCED.value, Measured.PARTLY.value])
            rows = rows.filter(rows.announced | shows)
        return rows.order_by(list(table.key)).limit(LIMIT)

    values: dict[str, Value] = {"ban": ban_id or "", "limit": limit}
    return store.read_prepared(f"comparisons:{ban_id is None}:{relevant}", build, values, Comparison)


def quarantined(store: Store, limit: int | None = None) -> list[Quarantined]:
    """Read the quarantine, by file and line."""
    table = TABLES["quarantine"]
    return store.read(store.table(table.name).order_by(list(table.key)).limit(limit), Quarantined)


def quarantined_at(store: Store, lines: Iterable[tuple[str, int]]) -> list[Quarantined]:
    """Read the quarantined rows of some lines, each a source and a number; inside a transaction too."""
    places = {f"{number}:{source}" for source, number in lines}
    return store.matching(
        Quarantined, "place", places, of=lambda rows: rows.line.cast("string") + ":" + rows.source
    )


def properties(store: Store) -> dict[str, str]:
    """Read the properties of the store as a whole, as `Store.set_property` set them."""
    return {row.name: row.value for row in store.rows(Property) if row.name not in OWN_PROPERTIES}


def counts(store: Store) -> dict[str, int]:
    """Count the rows of every table."""
    return {name: store.count(store.table(name)) for name in TABLES}


def evidence_in_batches(
    store: Store, since: datetime | None, until: datetime | None
) -> Iterator[list[Evidence]]:
    """Read any amount of evidence in order of time, some thousand rows at once."""
    rows = filtered(store.table("evidence"), equal={}, since=since, until=until)
    for batch in store.batches(rows.order_by([*IN_TIME, "target"])):
        yield table_of(Evidence).layout.from_arrow(batch)
