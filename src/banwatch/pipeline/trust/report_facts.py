"""Facts of whole reports in a store: rows of evidence get what only all measurements of their report show.

The lines of one report come in several files and commits. Whenever rows of a report are written or deleted,
the fact is found again over all rows that the store has, so that it is the same in whatever parts they came.
Most reports need no question to the store: where a site answered itself, and no page came slowly and
evenly, nothing changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from banwatch.judge import judge
from banwatch.judge.reports import mark_report
from banwatch.model.evidence import Evidence
from banwatch.store import Store, queries
from banwatch.store.batch import Batch


class ReportFacts:
    """Keeps the facts of a store's reports right while rows are added."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._alike: set[str] | None = None
        """Reports that are answered alike, once they were asked for."""
        self._paced: set[str] = set()
        """Reports with a page that came slowly and evenly."""

    def note_rows(self, batch: Batch) -> None:
        """Settle the reports that new rows may have changed; call it in the transaction that wrote them."""
        if self._alike is None:
            self._alike = set(queries.reports_alike(self._store))
            self._paced = set(queries.reports_paced(self._store))
        candidates, answered = reports_of(batch)
        self._paced |= _paced_of(batch)
        watched = self._alike | self._paced
        touched = (candidates - answered) | (watched & set(batch.rows.column("report_id").to_pylist()))
        self._alike = (self._alike - touched) | settle_reports(self._store, touched)


def _paced_of(batch: Batch) -> set[str]:
    """Return the reports with a page that came slowly and evenly."""
    paced = batch.evidence.column("page_paced")
    return _named(batch, paced) if pc.any(paced).as_py() else set()


def reports_of(batch: Batch) -> tuple[set[str], set[str]]:
    """Return the reports with marks of other answers than a site's own, and those where a site answered."""
    marked = pc.greater(pc.list_value_length(batch.evidence.column("answer_marks")), 0)
    if not pc.any(marked).as_py():
        return set(), set()
    return _named(batch, marked), _named(batch, batch.evidence.column("site_answered"))


def _named(batch: Batch, which: pa.ChunkedArray) -> set[str]:
    rows = batch.rows.filter(which.take(batch.rows.column("evidence")))
    return set(rows.column("report_id").to_pylist()) - {""}


def settle_reports(store: Store, report_ids: Iterable[str]) -> set[str]:
    """Find the facts of some reports over all their rows, and judge again the rows that change.

    Call it inside a transaction, after the rows of these reports were written or deleted.

    Returns:
        Those of the reports whose sites were all answered alike.
    """
    reports: defaultdict[tuple[str, str, int], list[Evidence]] = defaultdict(list)
    for row in store.matching(Evidence, "report_id", set(report_ids) - {""}):
        reports[row.report_id, row.probe_cc, row.probe_asn].append(row)
    changed: list[Evidence] = []
    alike: set[str] = set()
    for (report_id, _, _), rows in reports.items():
        settled = mark_report(rows)
        changed += [new for new, old in zip(settled, rows, strict=True) if new is not old]
        if any(row.report_alike for row in settled):
            alike.add(report_id)
    if changed:
        _replace(store, changed)
    return alike


def _replace(store: Store, rows: Sequence[Evidence]) -> None:
    ordered = sorted(rows, key=lambda row: (row.measurement_uid, row.target))
    uids = sorted({row.measurement_uid for row in ordered})
    for name in ("verdict", "evidence"):
        store.delete(name, "measurement_uid", uids)
    store.append("evidence", ordered)
    store.append("verdict", [judge(row) for row in ordered])
