"""Answers about a store that is named by its path: counts, digests, copies, comparisons and past views."""

from collections.abc import Sequence
from datetime import datetime

from banwatch.bans import compare, load_bans, unannounced
from banwatch.detect import find_changes
from banwatch.detect.incidents.past_views import Publication, view_at
from banwatch.model.ban import Ban, Comparison
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.incident import Incident
from banwatch.store import Store, bookkeeping, queries
from banwatch.store.tables import MEASURED, TABLES


def read_past_view(store: str, at: datetime) -> tuple[Publication, ...]:
    """Return what was published of each incident at a past moment, from the store's log."""
    with Store.open(store, read_only=True) as opened:
        return view_at(
            [(entry.said_at, entry.subject, entry.says) for entry in opened.rows(bookkeeping.LogEntry)], at
        )


def read_copies(store: str, uid: str) -> list[bytes]:
    """Read a measurement as it came, the first copy first.

    Raises:
        BanwatchError: there is no such measurement, or the archive is damaged.
    """
    with Store.open(store, read_only=True) as opened:
        try:
            lines = queries.copies(opened, uid)
        except WireError as error:
            raise BanwatchError(error.reason, "Look with `banwatch archive check`") from error
    if not lines:
        raise BanwatchError(f"there is no measurement {uid!r}", "Find ids with `banwatch verdicts`")
    return lines


def digest_measured(store: str) -> dict[str, str]:
    """Return a digest of each tier that is made from measurements alone."""
    with Store.open(store, read_only=True) as opened:
        return {name: opened.digest(name) for name in MEASURED}


def count_rows(store: str) -> dict[str, int]:
    """Count the rows of every table."""
    with Store.open(store, read_only=True) as opened:
        return queries.counts(opened)


def digest_tiers(store: str) -> dict[str, str]:
    """Return a digest of the content of every tier, to compare two stores."""
    with Store.open(store, read_only=True) as opened:
        return {table.name: opened.digest(table.name) for table in TABLES.values() if table.tier is not None}


def compare_with_cells(store: str, ban: Ban) -> Sequence[Comparison]:
    """Compare a ban with the cells of a store, also of measurements that came after the last detection."""
    with Store.open(store, read_only=True) as opened:
        cells = queries.cells(opened)
    return compare(ban, cells, find_changes(cells))


def find_unannounced(store: str) -> Sequence[Incident]:
    """Find the incidents of a store that no ban announces."""
    with Store.open(store, read_only=True) as opened:
        incidents = queries.incidents(opened)
    return list(unannounced(incidents, load_bans().values()))
