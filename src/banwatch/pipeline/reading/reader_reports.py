"""Readers' reports of a store: the list for a moderator, and decisions on them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from banwatch.model.errors import BanwatchError
from banwatch.model.report import ReaderReport, ReportState
from banwatch.store.reports import ReportBook, reports_path


def list_reports(store: str, state: str | None) -> Sequence[ReaderReport]:
    """List reports in order of arrival, of one state or of all.

    Raises:
        BanwatchError: there is no such state or store.
    """
    if state is not None and state not in set(ReportState):
        raise BanwatchError(f"there is no state {state!r}", f"Choose one of {', '.join(ReportState)}")
    path = reports_path(store)
    if "://" not in store and not path.exists() and not Path(store).exists():
        raise BanwatchError(f"there is no store {store}", "Give its path with --store")
    return ReportBook(path).reports(ReportState(state) if state else None)


def decide_reports(store: str, report_ids: Sequence[str], state: ReportState) -> Sequence[ReaderReport]:
    """Accept or reject reports, now.

    Raises:
        BanwatchError: there is no such report.
    """
    return ReportBook(reports_path(store)).decide(report_ids, state, datetime.now(UTC))
