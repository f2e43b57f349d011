"""Daily cells added up: countries by day, networks and targets by month."""

import ibis

from banwatch.model.state import State
from banwatch.store.rollups import voices
from banwatch.store.rollups.keys import COUNTRY_DAY_KEY, NETWORK_MONTH_KEY, TARGET_MONTH_KEY
from banwatch.store.tables import TABLES

SUMMED = (*(s.value for s in State), "silent", "anonymous")
"""Columns that are added up."""


def added_up(rows: ibis.Table) -> dict[str, ibis.Value]:
    """Return the sums of counts, and the first and last time."""
    sums = {name: rows[name].sum() for name in SUMMED}
    return {**sums, "first_at": rows.first_at.min(), "last_at": rows.last_at.max()}


def with_month(daily: ibis.Table) -> ibis.Table:
    """Add the month of each day."""
    return daily.mutate(month=daily.day.truncate("M"))


def _distinct(column: ibis.Value) -> ibis.Value:
    """Count the distinct values of a group as a list, as `voices.distinct` does."""
    values = column if column.type().is_string() else column.cast("string")
    return voices.distinct(values).length()


def country_days(daily: ibis.Table) -> ibis.Table:
    """Add up daily cells by country and day: the rows of `country_day`."""
    found = daily.group_by(list(COUNTRY_DAY_KEY)).agg(
        **added_up(daily), networks=_distinct(daily.probe_asn), targets=_distinct(daily.target)
    )
    return found.select(*TABLES["country_day"].layout.column_names)


def network_months(daily: ibis.Table) -> ibis.Table:
    """Add up daily cells, with their month, by network: the rows of `network_month`."""
    found = daily.group_by(list(NETWORK_MONTH_KEY)).agg(
        **added_up(daily), targets=_distinct(daily.target), days=_distinct(daily.day)
    )
    return found.select(*TABLES["network_month"].layout.column_names)


def target_months(daily: ibis.Table) -> ibis.Table:
    """Add up daily cells, with their month, by target and country: the rows of `target_month`."""
    found = daily.group_by(list(TARGET_MONTH_KEY)).agg(
        **added_up(daily), networks=_distinct(daily.probe_asn), days=_distinct(daily.day)
    )
    return found.select(*TABLES["target_month"].layout.column_names)
