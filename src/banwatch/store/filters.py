"""Filters over any table: columns that have a value, and a period of time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import ibis


def moment(at: datetime) -> Any:
    """Return a time as the tables hold it: UTC, without a zone."""
    naive = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return ibis.literal(naive, type="timestamp(6)")


def following(table: ibis.Table, after: tuple[datetime, str, str]) -> ibis.Table:
    """Keep the rows that come after a row, given by its time, measurement and target.

    A page of rows is found by the last row before it, so that its cost does not grow with its number.
    """
    last, uid, target = moment(after[0]), after[1], after[2]
    at = table["measurement_start_time"]
    later = (table["measurement_uid"] > uid) | (
        (table["measurement_uid"] == uid) & (table["target"] > target)
    )
    return table.filter((at > last) | ((at == last) & later))


def filtered(
    table: ibis.Table,
    *,
    equal: Mapping[str, object],
    since: datetime | None = None,
    until: datetime | None = None,
    at: str = "measurement_start_time",
) -> ibis.Table:
    """Keep rows whose columns have the given values and whose time is in [since, until).

    Of the values, None is any, and a tuple is any of its members.
    """
    for name, value in equal.items():
        if value is not None:
            column = table[name]
            table = table.filter(column.isin(value) if isinstance(value, tuple) else column == value)
    if since is not None:
        table = table.filter(table[at] >= moment(since))
    if until is not None:
        table = table.filter(table[at] < moment(until))
    return table
