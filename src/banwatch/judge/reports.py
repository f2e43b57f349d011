"""Facts that only a whole report shows: sites that are all answered alike, and pages held back at one rate.

`judge_line` knows one measurement. Evidence carries the marks of what answered in place of the site; here
the evidence of a report is compared, and each row is given what the comparison shows. The result depends on
the rows of the report alone, in whatever order and number of parts they come.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from banwatch.judge.thresholds import ALIKE_SITES, PACED_ALIKE, THROTTLE_RATIO
from banwatch.model.evidence import Evidence


def mark_report(rows: Sequence[Evidence]) -> list[Evidence]:
    """Give the evidence of one report what only all of it shows.

    Args:
        rows: all evidence of one report.
    """
    alike = is_answered_alike(rows)
    paced = _find_paced(rows)
    return [_mark(row, alike, *paced.get(at, (None, 0))) for at, row in enumerate(rows)]


def _mark(row: Evidence, alike: bool, fast: int | None, sites: int) -> Evidence:
    if (row.report_alike, row.report_fast_kbit_s, row.report_paced_sites) == (alike, fast, sites):
        return row
    return replace(row, report_alike=alike, report_fast_kbit_s=fast, report_paced_sites=sites)


def _find_paced(rows: Sequence[Evidence]) -> dict[int, tuple[int, int]]:
    """Find the rows whose page came evenly and far slower than another's from the same prefix.

    Returns:
        By position: the fastest of those other pages, in kbit/s, and the number of targets held at this rate.
    """
    paced = [(at, row) for at, row in enumerate(rows) if row.page_paced]
    if not paced:
        return {}
    fastest: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.page_prefix and row.page_kbit_s is not None:
            there = fastest.setdefault(row.page_prefix, {})
            there[row.target] = max(there.get(row.target, 0), row.page_kbit_s)
    slowed: dict[int, tuple[str, int, int]] = {}
    for at, row in paced:
        ours = row.page_kbit_s or 0
        others = [rate for target, rate in fastest[row.page_prefix].items() if target != row.target]
        if others and max(others) >= ours * THROTTLE_RATIO:
            slowed[at] = (row.target, ours, max(others))
    return {
        at: (
            fast,
            len({target for target, rate, _ in slowed.values() if _is_near(ours, rate)}),
        )
        for at, (_, ours, fast) in slowed.items()
    }


def _is_near(one: int, other: int) -> bool:
    return max(one, other) <= min(one, other) * PACED_ALIKE


def is_answered_alike(rows: Iterable[Evidence]) -> bool:
    """Whether all sites of a report were answered alike, by something that is none of them.

    Five sites or more must bear one mark; every site that was answered at all must share a mark with another;
    and no site may have answered itself. A known page or answer of a censor in the report says what answers.
    """
    targets: dict[str, set[str]] = {}
    marked: list[tuple[str, ...]] = []
    for row in rows:
        if row.site_answered or row.http_fingerprints or row.dns_fingerprints:
            return False
        if row.answer_marks:
            marked.append(row.answer_marks)
            for mark in row.answer_marks:
                targets.setdefault(mark, set()).add(row.target)
    shared = {mark for mark, found in targets.items() if len(found) > 1}
    most = max((len(found) for found in targets.values()), default=0)
    return most >= ALIKE_SITES and all(shared.intersection(marks) for marks in marked)
