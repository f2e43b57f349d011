"""Queries for making tiers again: the lines to read, and the verdicts that new ones replace."""

from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa

from banwatch.model.evidence import Evidence
from banwatch.store.bookkeeping import Entry
from banwatch.store.filters import filtered
from banwatch.store.store import Store


def uids_between(store: Store, since: datetime | None, until: datetime | None) -> set[str]:
    """Return the ids of measurements that started in [since, until)."""
    found = filtered(store.table("measurement"), equal={}, since=since, until=until)
    return set(store.to_arrow(found.select("measurement_uid")).column(0).to_pylist())


def first_copies(store: Store, segment: str, wanted: set[str] | None) -> list[Entry]:
    """Read the places in a segment of the lines that tiers are made from, of all or some measurements."""
    entries = store.table("entry")
    found = entries.filter((entries.segment == segment) & (entries["copy"] == 0))
    rows = store.read(found.order_by("position"), Entry)
    return [e for e in rows if wanted is None or e.measurement_uid in wanted]


def any_evidence(store: Store, since: datetime | None, until: datetime | None) -> Evidence | None:
    """Read the evidence of one measurement that started in [since, until); None where there is none."""
    rows = filtered(store.table("evidence"), equal={}, since=since, until=until)
    return next(iter(store.read(rows.limit(1), Evidence)), None)


def replaced_verdicts(
    store: Store, ruleset: str, since: datetime | None, until: datetime | None
) -> Iterator[pa.Table]:
    """Read the verdicts by other rulesets that are not yet kept as past ones, some thousands at once."""
    old = filtered(store.table("verdict"), equal={}, since=since, until=until)
    other = old.filter(old.ruleset != ruleset)
    kept = store.table("past_verdict").select("measurement_uid", "target", "ruleset")
    yield from store.batches(other.anti_join(kept, ["measurement_uid", "target", "ruleset"]))


def past_verdicts_before(store: Store, before: datetime, *, most: int = 10_000) -> list[str]:
    """Return ids of measurements made before a time that have replaced verdicts, so many at most."""
    rows = store.table("past_verdict")
    old = rows.filter(rows.measurement_start_time < before).select("measurement_uid").distinct().limit(most)
    return [str(uid) for uid in store.to_arrow(old).column("measurement_uid").to_pylist()]
