"""Batches in the making: rows of measurements that came one by one, with each repeated content held once."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from banwatch.model.evidence import Evidence
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.verdict import Verdict
from banwatch.store.batch import (
    EVIDENCE_CONTENT,
    MEASUREMENT,
    NUMBER,
    ROW,
    STEP_CONTENT,
    STEP_ROW,
    VERDICT_CONTENT,
    Batch,
)
from banwatch.store.columns import Layout, stored_fields

_KEY_BYTES = 16
_REPEATED_SHARE = 0.5
"""Distinct contents, as a share of the rows, up to which a batch is compared with others by hash."""


class BatchBuilder:
    """Batch in the making: takes measurements one by one, and each repeated content once.

    The caller judges: it asks `number_of` whether a content of evidence is there already, and adds the
    verdict with `add_judged` where it is not.
    """

    def __init__(self) -> None:
        self._measurements: list[Measurement] = []
        self._probe_ids: list[str] = []
        self._steps: list[tuple[Any, ...]] = []
        self._step_rows: list[int] = []
        self._step_numbers: list[int] = []
        self._step_contents: dict[tuple[Any, ...], int] = {}
        self._evidence: dict[tuple[Any, ...], int] = {}
        self._evidence_numbers: list[int] = []
        self._verdicts: list[Verdict] = []

    def number_of(self, content: tuple[Any, ...]) -> int | None:
        """Return the number of a content of evidence; None where it was not added yet."""
        return self._evidence.get(content)

    def add_judged(self, content: tuple[Any, ...], verdict: Verdict) -> int:
        """Add a new content of evidence with its verdict, and return its number."""
        number = self._evidence[content] = len(self._verdicts)
        self._verdicts.append(verdict)
        return number

    def add(
        self, measurement: Measurement, observations: Sequence[Observation], probe_id: str, evidence: int
    ) -> None:
        """Add a measurement.

        Args:
            measurement: one that is not in the batch.
            observations: its steps.
            probe_id: as its evidence names it; empty where none is.
            evidence: number of the content of its evidence.
        """
        at = len(self._measurements)
        self._measurements.append(measurement)
        self._probe_ids.append(probe_id)
        self._evidence_numbers.append(evidence)
        numbers = self._step_contents
        for step in observations:
            content = _step_content(step)
            self._step_numbers.append(numbers.setdefault(content, len(numbers)))
            self._steps.append(_step_row(step))
            self._step_rows.append(at)

    def build(self) -> Batch:
        """Return the batch of all that was added."""
        rows = MEASUREMENT.to_arrow(self._measurements)
        rows = rows.append_column(ROW.field("probe_id"), pa.array(self._probe_ids, pa.string()))
        steps = STEP_ROW.of_values(self._steps)
        steps = steps.append_column("row", pa.array(self._step_rows, NUMBER))
        return Batch(
            rows.append_column("evidence", pa.array(self._evidence_numbers, NUMBER)),
            steps.append_column("content", pa.array(self._step_numbers, NUMBER)),
            _with_keys(STEP_CONTENT, self._step_contents, len(self._steps)),
            _with_keys(EVIDENCE_CONTENT, self._evidence, len(self._evidence_numbers)),
            VERDICT_CONTENT.to_arrow(self._verdicts),
        )


def _with_keys(layout: Layout[Any], contents: Collection[tuple[Any, ...]], named: int) -> pa.Table:
    """Lay contents out, with the hash of each where they repeat often enough to be compared with others."""
    rows = layout.of_values(list(contents))
    if len(contents) > named * _REPEATED_SHARE:
        return rows.append_column("key", pa.nulls(len(contents), pa.binary(_KEY_BYTES)))
    encode = msgspec.msgpack.Encoder().encode
    keys = [hashlib.blake2b(encode(content), digest_size=_KEY_BYTES).digest() for content in contents]
    return rows.append_column("key", pa.array(keys, pa.binary(_KEY_BYTES)))


def _getter(noun: type[Any], names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(name for name in stored_fields(noun) if name in names))


_step_row = _getter(Observation, STEP_ROW.arrow.names)
_step_content = _getter(Observation, STEP_CONTENT.arrow.names)
_content_of_evidence = _getter(Evidence, EVIDENCE_CONTENT.arrow.names)


def content_of(evidence: Evidence) -> tuple[Any, ...]:
    """Return all that a verdict depends on: evidence without the columns of `VOICE`."""
    return _content_of_evidence(evidence)
