"""Periods that hold the rows of one page, found from counts by day.

Verdicts lie in a store as they came. The first hundred of a country, in order of time, would be found by
looking at all of its verdicts; counts by day tell within which days the hundred lie.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis

from banwatch.model.state import State
from banwatch.store.prepared import LIMIT, Value, argument, is_one_of, moment
from banwatch.store.store import Store

SHORTEST = timedelta(days=8)
"""Periods up to this are left as they are: their rows are read as soon as counted."""
_LISTED = ("probe_cc", "probe_asn", "target")
_MOST_DAYS = 10_000
_DAY = timedelta(days=1)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def window(
    store: Store,
    *,
    probe_ccs: Sequence[str] = (),
    probe_asns: Sequence[int] = (),
    targets: Sequence[str] = (),
    access_tier: str | None = None,
    state: str | None = None,
    since: datetime | None,
    until: datetime | None,
    newest_first: bool,
    rows: int,
) -> tuple[datetime | None, datetime | None]:
    """Narrow a period to the days that hold its first or last verdicts.

    Args:
        store: the store.
        probe_ccs: countries of the verdicts; any where empty.
        probe_asns: networks; any where empty.
        targets: targets; any where empty.
        access_tier: tier; any where None.
        state: state; any where None.
        since: beginning of the period.
        until: its end.
        newest_first: whether its last verdicts are wanted, not its first.
        rows: number of verdicts that the narrower period should hold.

    Returns:
        Beginning and end. Who finds fewer rows than wanted there asks again over the whole period: counts by
        day leave out verdicts of a clock that is proven wrong.
    """
    of_cells = bool(probe_asns or targets or access_tier is not None)
    is_short = since is not None and until is not None and until - since <= SHORTEST
    if not store.has_rollups or is_short or (of_cells and not probe_ccs):
        return since, until
    # a day that the period cuts may hold fewer verdicts of it than it counts
    first = -(-((since or _FIRST) - _FIRST) // _DAY) * _DAY + _FIRST
    last = ((until or _LAST) - _FIRST) // _DAY * _DAY + _FIRST
    values: dict[str, Value] = {"since": first, "until": last, "limit": _MOST_DAYS}
    given: dict[str, Sequence[str] | Sequence[int]] = {
        "probe_cc": probe_ccs,
        "probe_asn": probe_asns,
        "target": targets,
    }
    lists = [name for name, one in given.items() if one]
    values |= {name: given[name] for name in lists}
    if access_tier is not None:
        values["tier"] = access_tier

    def build() -> ibis.Table:
        found = store.table("daily_cell" if of_cells else "country_day")
        for name in lists:
            found = found.filter(is_one_of(found[name], name, "int64" if name == "probe_asn" else "string"))
        if access_tier is not None:
            found = found.filter(found.access_tier == argument("tier"))
        found = found.filter((found.day >= moment("since")) & (found.day < moment("until")))
        states = [one.value for one in State] if state is None else [state]
        total = sum((found[name] for name in states[1:]), found[states[0]])
        days = found.group_by("day").agg(n=total.sum())
        return days.order_by(days.day.desc() if newest_first else days.day).limit(LIMIT)

    if state is not None and state not in [one.value for one in State]:
        return since, until
    name = f"window:{lists}:{access_tier is None}:{state}:{newest_first}"
    counted = store.ask_prepared(name, build, values)
    seen = 0
    for day, n in zip(counted.column("day").to_pylist(), counted.column("n").to_pylist(), strict=True):
        seen += int(n)
        if seen >= rows:
            at = day.replace(tzinfo=UTC)
            return (at, until) if newest_first else (since, at + _DAY)
    return since, until


def until_of_page(
    store: Store, equal: Mapping[str, Any], since: datetime | None, until: datetime | None, rows: int
) -> datetime | None:
    """Narrow the end of a period to the days of its first verdicts whose columns have some values.

    Args:
        store: the store.
        equal: values of country, network, tier, target and state; None is any.
        since: beginning of the period.
        until: its end.
        rows: number of verdicts that the narrower period should hold.
    """
    lists: dict[str, Any] = {f"{name}s": [equal[name]] for name in _LISTED if equal[name] is not None}
    others = {name: equal[name] for name in ("access_tier", "state")}
    return window(store, since=since, until=until, newest_first=False, rows=rows, **lists, **others)[1]
