"""Rows of every tier for some measurements, with each repeated content held once.

Most steps of most measurements repeat what others hold, save their times; so do many rows of evidence, and a
verdict follows from its evidence alone. So a batch holds the content of steps and of evidence once, with a
number, and each row names the number. `Batch.table` gives the rows of a tier with their content in place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from banwatch.model.evidence import Evidence
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.verdict import Verdict
from banwatch.store.columns import Layout

VOICE = (
    "measurement_uid",
    "report_id",
    "probe_id",
    "measurement_start_time",
    "received_at",
    "source_class",
    "receipt_voice",
    "origin_agrees",
)
"""Columns of evidence and verdicts on the measurer, the time and the receipt; no rule reads them."""
SHARED = (
    "target",
    "test_name",
    "input",
    "probe_cc",
    "probe_asn",
    "access_tier",
)
"""Columns that measurements, evidence and verdicts have in common, besides who measured and when."""
OF_STEP = (
    "measurement_uid",
    "ordinal",
    "transaction_id",
    "t0_s",
    "t_s",
    "received_bytes",
    "receive_s",
)
"""Columns of an observation that differ from one to the next."""

MEASUREMENT, _OBSERVATION = Layout(Measurement), Layout(Observation)
_EVIDENCE, _VERDICT = Layout(Evidence), Layout(Verdict)
STEP_CONTENT = _OBSERVATION.without(OF_STEP)
STEP_ROW = _OBSERVATION.only(OF_STEP[1:])
EVIDENCE_CONTENT = _EVIDENCE.without(VOICE)
VERDICT_CONTENT = _VERDICT.without((*VOICE, *SHARED))
ROW = pa.schema([*MEASUREMENT.arrow, pa.field("probe_id", pa.string(), False)])
NUMBER = pa.int64()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of all tiers for some measurements.

    Shape: `rows` has the columns of `Measurement`, `probe_id`, and `evidence`, the position of its evidence
    and verdict; `steps` has `row`, the position of its measurement, `content`, the position of its content,
    and its times; one row of `verdict` for each of `evidence`. `evidence` and `step_content` have a `key`,
    a hash of the content, null where little repeats.
    """

    rows: pa.Table
    steps: pa.Table
    step_content: pa.Table
    evidence: pa.Table
    verdict: pa.Table

    @property
    def size(self) -> int:
        """Number of measurements."""
        return int(self.rows.num_rows)

    def table(self, name: str) -> pa.Table:
        """Return the rows of a tier: `measurement`, `observation`, `evidence` or `verdict`.

        Raises:
            KeyError: there is no such tier.
        """
        if name == "measurement":
            return self.rows.select(MEASUREMENT.arrow.names)
        if name == "observation":
            content = self.step_content.take(self.steps.column("content"))
            uids = self.rows.column("measurement_uid").take(self.steps.column("row"))
            found = {"measurement_uid": uids}
            return _picked(_OBSERVATION, found, self.steps, content)
        content = {"evidence": self.evidence, "verdict": self.verdict}[name]
        layout: Layout[Any] = _EVIDENCE if name == "evidence" else _VERDICT
        return _picked(layout, {}, self.rows, content.take(self.rows.column("evidence")))

    def without(self, uids: Sequence[str]) -> "Batch":
        """Leave out some measurements."""
        drop = pc.is_in(self.rows.column("measurement_uid"), value_set=pa.array(uids, pa.string()))
        keep = pc.invert(drop)
        rows = self.rows.filter(keep)
        # position of each row among those that stay
        places = pc.subtract(pc.cumulative_sum(pc.cast(keep, NUMBER)), 1)
        steps = self.steps.filter(keep.take(self.steps.column("row")))
        steps = _with(steps, "row", places.take(steps.column("row")))
        evidence, (contents, verdicts) = _still_named(rows.column("evidence"), self.evidence, self.verdict)
        step_numbers, (step_content,) = _still_named(steps.column("content"), self.step_content)
        return Batch(
            _with(rows, "evidence", evidence),
            _with(steps, "content", step_numbers),
            step_content,
            contents,
            verdicts,
        )


def _picked(layout: Layout[Any], found: dict[str, Any], *tables: pa.Table) -> pa.Table:
    """Take each column of a layout from the first table that has it."""
    columns = []
    for name in layout.arrow.names:
        table = next((t for t in tables if name in t.column_names), None)
        columns.append(found[name] if table is None or name in found else table.column(name))
    return pa.Table.from_arrays(columns, schema=layout.arrow)


def _with(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _still_named(numbers: pa.ChunkedArray, *contents: pa.Table) -> tuple[Any, list[pa.Table]]:
    """Drop contents that no row names any more, and renumber the others."""
    encoded = pc.dictionary_encode(numbers.combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.indices.cast(NUMBER), [content.take(encoded.dictionary) for content in contents]


def join(parts: Sequence[Batch]) -> Batch:
    """Join several batches, in their order."""
    if len(parts) == 1:
        return parts[0]
    rows, steps, at = [], [], [0, 0, 0]
    for part in parts:
        rows.append(_with(part.rows, "evidence", pc.add(part.rows.column("evidence"), at[2])))
        moved = _with(part.steps, "row", pc.add(part.steps.column("row"), at[0]))
        steps.append(_with(moved, "content", pc.add(moved.column("content"), at[1])))
        at = [at[0] + part.size, at[1] + part.step_content.num_rows, at[2] + part.evidence.num_rows]
    return Batch(
        pa.concat_tables(rows),
        pa.concat_tables(steps),
        pa.concat_tables([part.step_content for part in parts]),
        pa.concat_tables([part.evidence for part in parts]),
        pa.concat_tables([part.verdict for part in parts]),
    )
