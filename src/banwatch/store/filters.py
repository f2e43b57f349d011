"""Filters over any table: columns that have a value, and a period of time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import ibis


def _moment(at: datetime) -> Any:
    """Return a time as the tables hold it: UTC, without a zone."""
    naive = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return ibis.literal(naive, type="timestamp(6)")


def filtered(
    table: ibis.Table,
    *,
    equal: Mapping[str, object],
    since: datetime | None = None,
    until: datetime | None = None,
    at: str = "measurement_start_time",
) -> ibis.Table:
    """Keep rows whose columns have the given values (None is "any") and whose time is in [since, until)."""
    for name, value in equal.items():
        if value is not None:
            table = table.filter(table[name] == value)
    if since is not None:
        table = table.filter(table[at] >= _moment(since))
    if until is not None:
        table = table.filter(table[at] < _moment(until))
    return table
