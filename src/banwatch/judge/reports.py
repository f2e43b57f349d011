"""Facts that only a whole report shows: whether every site of it was answered alike.

`judge_line` knows one measurement. Evidence carries the marks of what answered in place of the site; here
the evidence of a report is compared, and each row is given what the comparison shows. The result depends on
the rows of the report alone, in whatever order and number of parts they come.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from banwatch.judge.thresholds import ALIKE_SITES
from banwatch.model.evidence import Evidence


def mark_report(rows: Sequence[Evidence]) -> list[Evidence]:
    """Give the evidence of one report the fact whether all its sites were answered alike.

    Args:
        rows: all evidence of one report.
    """
    alike = is_answered_alike(rows)
    return [row if row.report_alike == alike else replace(row, report_alike=alike) for row in rows]


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
