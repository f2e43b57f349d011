"""Banwatch: who cannot reach what, on which network, since when, by what means, and as announced?"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from banwatch.store.notebooks.notebook import Tables

__version__ = "0.2.0"


def open(store: str = "banwatch.duckdb") -> "Tables":
    """Open a store for a notebook: `banwatch.open("banwatch.duckdb").verdicts(cc="KP")` is an Ibis table.

    Args:
        store: path of a DuckDB file, or `clickhouse://user@host/database`.

    Raises:
        banwatch.model.errors.BanwatchError: there is none, or it cannot be opened.
    """
    from banwatch.store.notebooks.notebook import (
        Tables,
    )  # only when it is asked for: Ibis takes a second to import

    return Tables(store)
