"""Filters over any table: columns that have a value, and a period of time.

`filtered` writes values into an expression; `prepared_filter` writes arguments, for expressions that are
compiled once (`prepared`).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import ibis

from banwatch.store import prepared
from banwatch.store.prepared import Value, argument


def moment(at: datetime) -> Any:
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


def prepared_filter(
    equal: Mapping[str, object],
    since: datetime | None,
    until: datetime | None,
    after: tuple[datetime, str, str] | None = None,
    *,
    at: str = "measurement_start_time",
) -> tuple[str, dict[str, Value], Callable[[ibis.Table], ibis.Table]]:
    """Return what `filtered` does, and the rows behind one, for an expression that is compiled once.

    Returns:
        The name of the filter, to be part of the expression's; its values; and the filter.
    """
    values: dict[str, Value] = {}
    for name, given in equal.items():
        if given is not None:
            values[f"is_{name}"] = given if isinstance(given, int) else str(given)
    values |= {name: one for name, one in (("since", since), ("until", until)) if one is not None}
    if after is not None:
        values |= {"after_at": after[0], "after_uid": after[1], "after_target": after[2]}

    def narrow(table: ibis.Table) -> ibis.Table:
        for name, given in equal.items():
            if given is not None:
                kind = "int64" if isinstance(given, int) else "string"
                table = table.filter(table[name] == argument(f"is_{name}", kind))
        if since is not None:
            table = table.filter(table[at] >= prepared.moment("since"))
        if until is not None:
            table = table.filter(table[at] < prepared.moment("until"))
        return _behind(table) if after is not None else table

    return ",".join(sorted(values)), values, narrow


def _behind(table: ibis.Table) -> ibis.Table:
    """Keep the rows behind the row of the arguments `after_at`, `after_uid` and `after_target`."""
    at, uid = table["measurement_start_time"], table["measurement_uid"]
    last, last_uid = prepared.moment("after_at"), argument("after_uid")
    later = (uid > last_uid) | ((uid == last_uid) & (table["target"] > argument("after_target")))
    # the bound on the time alone lets an engine pass over earlier rows unread
    return table.filter(at >= last, (at > last) | later)
