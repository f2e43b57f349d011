"""What stands once comes back whole, row by row."""

from itertools import pairwise

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch import reference
from banwatch.judge import judge, judge_line
from banwatch.model.evidence import Evidence
from banwatch.model.verdict import Verdict
from banwatch.store.batch import Gathering, Measured, join
from banwatch.store.tables import MEASURED, TABLES
from tests.pipeline.measured import line, uid

KNOWN = reference.load()
COUNT = 12


def _gathered(numbers: range, asked: list[Evidence] | None = None) -> tuple[Measured, dict[str, pa.Table]]:
    """Gather measurements; give them too as each tier's rows laid out one by one."""
    gathering = Gathering()
    rows: dict[str, list[object]] = {name: [] for name in MEASURED}

    def judged(evidence: Evidence) -> Verdict:
        if asked is not None:
            asked.append(evidence)
        return judge(evidence)

    for number in numbers:
        found = judge_line(line(number, day=1 + number % 3), KNOWN)
        gathering.add(found.measurement, found.observations, found.evidence, judged)
        rows["measurement"].append(found.measurement)
        rows["observation"].extend(found.observations)
        rows["evidence"].append(found.evidence)
        rows["verdict"].append(found.verdict)
    return gathering.gathered(), {name: TABLES[name].layout.to_arrow(rows[name]) for name in MEASURED}


def test_written_out_again_it_is_what_went_in() -> None:
    asked: list[Evidence] = []
    gathered, rows = _gathered(range(COUNT), asked)
    for name in MEASURED:
        assert gathered.table(name).to_pylist() == rows[name].to_pylist()
        assert gathered.table(name).schema == rows[name].schema
    assert 0 < len(asked) == gathered.evidence.num_rows < COUNT  # what repeats is judged once


@settings(deadline=None, max_examples=25)
@given(
    cuts=st.lists(st.integers(0, COUNT), max_size=4),
    left_out=st.sets(st.integers(0, COUNT - 1)),
)
def test_in_pieces_and_with_some_left_out(cuts: list[int], left_out: set[int]) -> None:
    ends = sorted({0, COUNT, *cuts})
    pieces = [_gathered(range(a, b))[0] for a, b in pairwise(ends)]
    uids = [uid(n, day=1 + n % 3) for n in left_out]
    kept = [piece.without(uids) for piece in pieces]
    _, rows = _gathered(range(COUNT))
    joined = join(kept)
    for name in MEASURED:
        expected = [row for row in rows[name].to_pylist() if row["measurement_uid"] not in uids]
        assert joined.table(name).to_pylist() == expected
    assert joined.size == COUNT - len(left_out)
