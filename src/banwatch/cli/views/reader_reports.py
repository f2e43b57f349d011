"""Readers' reports, one a line."""

from collections.abc import Sequence

from banwatch.cli.views.json_lines import print_json_lines
from banwatch.model.ids import render_asn
from banwatch.model.report import ReaderReport
from banwatch.pages.wording.words import visible

_MAX_LETTERS = 1000
"""Letters of a line on the terminal; a longer note is cut."""


def show_reports(reports: Sequence[ReaderReport], *, as_json: bool) -> None:
    """Print reports; a note is a stranger's text and cannot steer the terminal."""
    if as_json:
        print_json_lines(reports)
        return
    for report in reports:
        print(visible(_line(report), _MAX_LETTERS))


def _line(report: ReaderReport) -> str:
    claim = report.claim
    asn = render_asn(claim.probe_asn) if claim.probe_asn else ""
    network = " ".join(part for part in (claim.probe_cc, asn) if part) or "place unknown"
    seen = f"{report.report_id}  {report.state:8}  {claim.seen_at:%Y-%m-%d %H}h  {claim.target}"
    return f"{seen}  {network}  {claim.note}".rstrip()
