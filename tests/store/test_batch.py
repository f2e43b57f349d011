"""A batch gives back whole rows of what it holds once."""

from itertools import pairwise

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch import reference
from banwatch.judge import judge, judge_line
from banwatch.model.evidence import Evidence
from banwatch.store.batch import Batch, join
from banwatch.store.batch_builder import BatchBuilder, content_of
from banwatch.store.tables import MEASURED, TABLES
from tests.pipeline.measurement_lines import line, uid

REFERENCE_DATA = reference.load()
COUNT = 12


def _built(numbers: range, asked: list[Evidence] | None = None) -> tuple[Batch, dict[str, pa.Table]]:
    """Build a batch; give also each tier's rows laid out one by one."""
    builder = BatchBuilder()
    rows: dict[str, list[object]] = {name: [] for name in MEASURED}
    for number in numbers:
        judged = judge_line(line(number, day=1 + number % 3), REFERENCE_DATA)
        content = content_of(judged.evidence)
        found = builder.number_of(content)
        if found is None:
            found = builder.add_judged(content, judged.verdict)
            if asked is not None:
                asked.append(judged.evidence)
        builder.add(judged.measurement, judged.observations, judged.evidence.probe_id, found)
        rows["measurement"].append(judged.measurement)
        rows["observation"].extend(judged.observations)
        rows["evidence"].append(judged.evidence)
        rows["verdict"].append(judge(judged.evidence))
    return builder.build(), {name: TABLES[name].layout.to_arrow(rows[name]) for name in MEASURED}


def test_written_out_again_it_is_what_went_in() -> None:
    asked: list[Evidence] = []
    batch, rows = _built(range(COUNT), asked)
    for name in MEASURED:
        assert batch.table(name).to_pylist() == rows[name].to_pylist()
        assert batch.table(name).schema == rows[name].schema
    assert 0 < len(asked) == batch.evidence.num_rows < COUNT  # what repeats is judged once


@settings(deadline=None, max_examples=25)
@given(
    cuts=st.lists(st.integers(0, COUNT), max_size=4),
    left_out=st.sets(st.integers(0, COUNT - 1)),
)
def test_in_pieces_and_with_some_left_out(cuts: list[int], left_out: set[int]) -> None:
    ends = sorted({0, COUNT, *cuts})
    pieces = [_built(range(a, b))[0] for a, b in pairwise(ends)]
    uids = [uid(n, day=1 + n % 3) for n in left_out]
    kept = [piece.without(uids) for piece in pieces]
    _, rows = _built(range(COUNT))
    joined = join(kept)
    for name in MEASURED:
        expected = [row for row in rows[name].to_pylist() if row["measurement_uid"] not in uids]
        assert joined.table(name).to_pylist() == expected
    assert joined.size == COUNT - len(left_out)
