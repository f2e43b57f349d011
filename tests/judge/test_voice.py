"""Who measured and when decides nothing: a store judges once what many measurements share."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from banwatch.judge import judge
from banwatch.model.receipt import SourceClass
from banwatch.store.batch import VOICE
from tests.judge.judging import weigh_line
from tests.judge.test_scenarios import CENSORED, HONEST

OTHER = {
    "measurement_uid": "other",
    "report_id": "another",
    "probe_id": "somebody",
    "measurement_start_time": datetime(2031, 1, 1, tzinfo=UTC),
    "received_at": datetime(2031, 1, 1, 2, tzinfo=UTC),
    "source_class": SourceClass.ANONYMOUS,
    "receipt_voice": "a voice",
    "origin_agrees": False,
}


@pytest.mark.parametrize("name", [*CENSORED, *HONEST])
def test_no_verdict_depends_on_it(name: str) -> None:
    assert set(OTHER) == set(VOICE)
    evidence = weigh_line({**CENSORED, **HONEST}[name][0].to_line())
    other = replace(evidence, **OTHER)  # type: ignore[arg-type]  # the values have the fields' types
    assert judge(other) == replace(judge(evidence), **OTHER)  # type: ignore[arg-type]  # as above
