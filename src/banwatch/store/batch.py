"""What ingest makes of some lines, with what repeats written once.

Most steps of most measurements say what others said before, save their times; so do many rows of evidence,
and a verdict follows from its evidence alone. So the content of steps and of evidence stands once, with a
number, and each row names the number. `table` writes it all out again as the rows of a tier.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from banwatch.model.evidence import Evidence
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.verdict import Verdict
from banwatch.store.columns import Layout

VOICE = ("measurement_uid", "report_id", "probe_id", "measurement_start_time")
"""Columns of evidence and verdicts that say who measured and when, and that nothing is judged by."""
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

_MEASUREMENT, _OBSERVATION = Layout(Measurement), Layout(Observation)
_EVIDENCE, _VERDICT = Layout(Evidence), Layout(Verdict)
STEP_CONTENT = _OBSERVATION.without(OF_STEP)
STEP_ROW = _OBSERVATION.only(OF_STEP[1:])
EVIDENCE_CONTENT = _EVIDENCE.without(VOICE)
VERDICT_CONTENT = _VERDICT.without((*VOICE, *SHARED))
ROW = pa.schema([*_MEASUREMENT.arrow, pa.field("probe_id", pa.string(), False)])
_NUMBER = pa.int64()
_KEY_BYTES = 16
_REPEATED_SHARE = 0.5
"""Contents are told from those of other portions where in their own they are at most so many of the rows."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows of all tiers for some measurements.

    Shape: `rows` has the columns of `Measurement`, `probe_id`, and `evidence`, the position of its evidence
    and verdict; `steps` has `row`, the position of its measurement, `content`, the position of what it says,
    and its times; one row of `verdict` for each of `evidence`. `evidence` and `step_content` have a `key`,
    a hash of what they say, null where little repeats.
    """

    rows: pa.Table
    steps: pa.Table
    step_content: pa.Table
    evidence: pa.Table
    verdict: pa.Table

    @property
    def size(self) -> int:
        """How many measurements."""
        return int(self.rows.num_rows)

    def table(self, name: str) -> pa.Table:
        """Write a tier's rows out: `measurement`, `observation`, `evidence` or `verdict`.

        Raises:
            KeyError: there is no such tier.
        """
        if name == "measurement":
            return self.rows.select(_MEASUREMENT.arrow.names)
        if name == "observation":
            content = self.step_content.take(self.steps.column("content"))
            uids = self.rows.column("measurement_uid").take(self.steps.column("row"))
            found = {"measurement_uid": uids}
            return _picked(_OBSERVATION, found, self.steps, content)
        content = {"evidence": self.evidence, "verdict": self.verdict}[name]
        layout: Layout[Any] = _EVIDENCE if name == "evidence" else _VERDICT
        return _picked(layout, {}, self.rows, content.take(self.rows.column("evidence")))

    def without(self, uids: Sequence[str]) -> "Measured":
        """Leave out some measurements."""
        drop = pc.is_in(self.rows.column("measurement_uid"), value_set=pa.array(uids, pa.string()))
        keep = pc.invert(drop)
        rows = self.rows.filter(keep)
        # a row's position among those that stay
        places = pc.subtract(pc.cumulative_sum(pc.cast(keep, _NUMBER)), 1)
        steps = self.steps.filter(keep.take(self.steps.column("row")))
        steps = _with(steps, "row", places.take(steps.column("row")))
        evidence, (contents, verdicts) = _still_named(rows.column("evidence"), self.evidence, self.verdict)
        said, (step_content,) = _still_named(steps.column("content"), self.step_content)
        return Measured(
            _with(rows, "evidence", evidence),
            _with(steps, "content", said),
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
    """Leave out contents that no row names any more, and number the rest anew."""
    encoded = pc.dictionary_encode(numbers.combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.indices.cast(_NUMBER), [content.take(encoded.dictionary) for content in contents]


def join(parts: Sequence[Measured]) -> Measured:
    """Put several together, in their order."""
    if len(parts) == 1:
        return parts[0]
    rows, steps, at = [], [], [0, 0, 0]
    for part in parts:
        rows.append(_with(part.rows, "evidence", pc.add(part.rows.column("evidence"), at[2])))
        moved = _with(part.steps, "row", pc.add(part.steps.column("row"), at[0]))
        steps.append(_with(moved, "content", pc.add(moved.column("content"), at[1])))
        at = [at[0] + part.size, at[1] + part.step_content.num_rows, at[2] + part.evidence.num_rows]
    return Measured(
        pa.concat_tables(rows),
        pa.concat_tables(steps),
        pa.concat_tables([part.step_content for part in parts]),
        pa.concat_tables([part.evidence for part in parts]),
        pa.concat_tables([part.verdict for part in parts]),
    )


class Gathering:
    """Takes measurements one by one and writes down what repeats once."""

    def __init__(self) -> None:
        self._measurements: list[Measurement] = []
        self._probe_ids: list[str] = []
        self._steps: list[tuple[Any, ...]] = []
        self._step_rows: list[int] = []
        self._step_numbers: list[int] = []
        self._step_contents: dict[tuple[Any, ...], int] = {}
        self._contents: dict[tuple[Any, ...], int] = {}
        self._numbers: list[int] = []
        self._verdicts: list[Verdict] = []

    def add(
        self,
        measurement: Measurement,
        observations: Sequence[Observation],
        evidence: Evidence,
        judge: Callable[[Evidence], Verdict],
    ) -> None:
        """Take one measurement; what was judged before is not judged again."""
        content = _evidence_content(evidence)
        number = self._contents.get(content)
        if number is None:
            verdict = judge(evidence)
            number = self._contents[content] = len(self._verdicts)
            self._verdicts.append(verdict)
        at = len(self._measurements)
        self._measurements.append(measurement)
        self._probe_ids.append(evidence.probe_id)
        self._numbers.append(number)
        numbers = self._step_contents
        for step in observations:
            said = _step_content(step)
            self._step_numbers.append(numbers.setdefault(said, len(numbers)))
            self._steps.append(_step_row(step))
            self._step_rows.append(at)

    def gathered(self) -> Measured:
        """Give all that was taken."""
        rows = _MEASUREMENT.to_arrow(self._measurements)
        rows = rows.append_column(ROW.field("probe_id"), pa.array(self._probe_ids, pa.string()))
        steps = STEP_ROW.of_values(self._steps)
        steps = steps.append_column("row", pa.array(self._step_rows, _NUMBER))
        return Measured(
            rows.append_column("evidence", pa.array(self._numbers, _NUMBER)),
            steps.append_column("content", pa.array(self._step_numbers, _NUMBER)),
            _with_keys(STEP_CONTENT, self._step_contents, len(self._steps)),
            _with_keys(EVIDENCE_CONTENT, self._contents, len(self._numbers)),
            VERDICT_CONTENT.to_arrow(self._verdicts),
        )


def _with_keys(layout: Layout[Any], contents: Collection[tuple[Any, ...]], named: int) -> pa.Table:
    """Lay contents out, and add the hash of each where it is worth looking for them in other portions."""
    rows = layout.of_values(list(contents))
    if len(contents) > named * _REPEATED_SHARE:
        return rows.append_column("key", pa.nulls(len(contents), pa.binary(_KEY_BYTES)))
    encode = msgspec.msgpack.Encoder().encode
    keys = [hashlib.blake2b(encode(content), digest_size=_KEY_BYTES).digest() for content in contents]
    return rows.append_column("key", pa.array(keys, pa.binary(_KEY_BYTES)))


def _getter(noun: type[Any], names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    stored = [f.name for f in fields(noun) if f.metadata.get("stored", True)]
    return attrgetter(*(name for name in stored if name in names))


_step_row = _getter(Observation, STEP_ROW.arrow.names)
_step_content = _getter(Observation, STEP_CONTENT.arrow.names)
_evidence_content = _getter(Evidence, EVIDENCE_CONTENT.arrow.names)
