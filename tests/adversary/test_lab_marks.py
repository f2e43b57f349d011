"""A lab measurement marks itself alone: none comes in from strangers, none stands beside real ones."""

from pathlib import Path

import msgspec
import pytest

from banwatch import reference
from banwatch.collector.intake import read_line_untrusted
from banwatch.model.errors import BanwatchError, WireError
from banwatch.observatory.serve import refuse_mixed
from banwatch.pages.store_reader import StoreReader
from banwatch.pages.views.notices import notices_for
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store
from tests.pipeline.measurement_lines import line, write

LAB = {"access_tier": "visitor", "lab": "kp-2016"}


def test_submission_that_claims_a_lab_is_put_aside() -> None:
    marked = line(1, annotations=LAB)
    with pytest.raises(WireError, match="lab"):
        read_line_untrusted(marked, msgspec.json.decode(marked, type=dict[str, msgspec.Raw]))
    plain = line(1)
    assert read_line_untrusted(plain, msgspec.json.decode(plain, type=dict[str, msgspec.Raw])).measurement_uid


@pytest.mark.parametrize(
    ("labs", "is_refused"), [((False, False), False), ((True, True), False), ((True, False), True)]
)
def test_serve_refuses_lab_and_real_together(
    tmp_path: Path, labs: tuple[bool, bool], is_refused: bool
) -> None:
    lines = [line(n, annotations=LAB) if lab else line(n) for n, lab in enumerate(labs)]
    path = tmp_path / "s.duckdb"
    with Store.open(path) as store:
        ingest(store, [write(tmp_path / "a.jsonl", lines)], reference.load())
    if is_refused:
        with pytest.raises(BanwatchError, match="real measurements"):
            refuse_mixed(str(path))
    else:
        refuse_mixed(str(path))


def test_lab_marks_are_counted_over_the_countries_that_a_page_shows(tmp_path: Path) -> None:
    """One lab measurement of one country marked every page and feed of the site."""
    lines = [line(0, annotations=LAB), *(line(n, probe_cc="KE", probe_asn="AS64500") for n in (1, 2))]
    with Store.open(tmp_path / "s.duckdb") as store:
        ingest(store, [write(tmp_path / "a.jsonl", lines)], reference.load())
        reader = StoreReader(store)
        assert reader.labs() == {"": 2, "kp-2016": 1}
        assert reader.labs(("KE",)) == {"": 2}
        assert reader.labs(("KP",)) == {"kp-2016": 1}
        assert notices_for(reader.labs(("KE",)), recorded=False) == ()
        assert [notice.kind for notice in notices_for(reader.labs(("KP",)), recorded=False)] == ["lab"]
