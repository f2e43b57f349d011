"""Public reports of wrong verdicts are judged right. Prints the table with `-s`.

The reports are in `bug_reports.py` and `more_bug_reports.py`. What the judge still gets wrong stands in
`NOT_YET` and must fail; the list only shrinks.
"""

from datetime import date

import pytest

from banwatch.model.reference import Reference
from banwatch.model.state import State
from banwatch.reference import load
from banwatch.reference.importing import import_files
from tests.judge.bug_reports import REPORTS as FIRST_REPORTS
from tests.judge.bug_reports import TIMEOUT, Report
from tests.judge.judging import judge_line
from tests.judge.more_bug_reports import MORE_REPORTS
from tests.judge.scenario import GENUINE, OTHER_AS, Lookup, Scenario

REPORTS = (*FIRST_REPORTS, *MORE_REPORTS)
NOT_YET: dict[str, str] = {}
"""Reports, by address, that the judge still gets wrong, and the part of the judge that is to blame."""


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Give the shipped reference data with one known page of a country."""
    folder = tmp_path_factory.mktemp("reference")
    (folder / "pages.csv").write_text(
        "name,scope,location_found,pattern_type,pattern,confidence_no_fp,expected_countries,source\n"
        "id_page,nat,body,contains,This site is not available by order of the ministry,5,ID,a test\n"
    )
    import_files([folder / "pages.csv"], as_of=date(2026, 11, 1), data_dir=folder / "data")
    return load(data_dir=folder / "data")


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.address)
def test_a_public_report_of_a_wrong_verdict(
    report: Report, reference: Reference, request: pytest.FixtureRequest
) -> None:
    if report.address in NOT_YET:
        request.applymarker(pytest.mark.xfail(strict=True, reason=NOT_YET[report.address]))
    verdict = judge_line(report.line, reference)
    says = f"{verdict.state} {' '.join(verdict.mechanisms)} ({', '.join(verdict.rules[:1])})"
    print(f"\n{report.address}: {report.wrong}: {says}")
    layers = {mechanism.partition(".")[0] for mechanism in verdict.mechanisms}
    assert verdict.state in report.right, f"{says}: {verdict.sentence}"
    assert not report.layer or report.layer in layers, f"{says}: {verdict.sentence}"


def test_there_are_at_least_fifty_reports_and_each_counts_once() -> None:
    assert len({report.address for report in REPORTS}) == len(REPORTS) >= 50
    assert set(NOT_YET) <= {report.address for report in REPORTS}


def test_twins_that_must_stay_accused() -> None:
    """The same sites, really interfered with."""
    twins = (
        Scenario(
            broken_v6="network_unreachable", tls={"*": "connection_reset"}, retries=True, other_name="ok"
        ),
        Scenario(
            system=Lookup(OTHER_AS),
            tls={OTHER_AS[0]: "ssl_invalid_hostname", OTHER_AS[1]: "ssl_invalid_hostname"},
        ),
        Scenario(tcp=dict.fromkeys(GENUINE, TIMEOUT), retries=True),
    )
    for twin in twins:
        assert judge_line(twin.to_line()).state is not State.OK
