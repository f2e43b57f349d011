"""Worker: decodes, observes, weighs, judges and lays out the lines of a batch, with no database or file."""

import hashlib

from banwatch.formats.ooni import WireMeasurement, decode_untrusted
from banwatch.formats.own_address import names_probe, scrub_line
from banwatch.judge import judge_wire
from banwatch.model.errors import WireError
from banwatch.model.receipt import Receipt
from banwatch.model.reference import Reference
from banwatch.pipeline.line_batch import (
    REDACTED,
    REDACTED_REASON,
    LineBatch,
    LineBatchResult,
    Unreadable,
    head_of,
    pack,
    with_scrubbed,
    without_collector,
)
from banwatch.store.batch_builder import BatchBuilder, content_of


class Worker:
    """Processes line batches; one in each process."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def work(self, line_batch: LineBatch) -> LineBatchResult:
        """Turn lines into rows; an unreadable line affects no other."""
        with without_collector():
            return self._work(line_batch)

    def _work(self, line_batch: LineBatch) -> LineBatchResult:
        uids: list[str] = []
        builder = BatchBuilder()
        unreadable = []
        seen: set[str] = set()
        scrubbed: dict[int, tuple[bytes, str]] = {}
        for position, line in enumerate(line_batch.lines):
            kept = line
            try:
                if line.startswith(REDACTED):
                    raise WireError(REDACTED_REASON)
                wire = decode_untrusted(line)
                if names_probe(wire):
                    kept = scrub_line(line, (wire.probe_ip or "",))
                    wire = decode_untrusted(kept)
                uid = self._measure(wire, line_batch.receipt_of(position), builder, seen)
            except WireError as error:
                kept = scrub_line(line)
                unreadable.append(Unreadable(position, error.reason, head_of(kept)))
                uid = ""
            except (
                Exception
            ) as error:  # a hostile line that triggers an error in our code must not stop the others
                kept = scrub_line(line)
                reason = f"our own reader failed: {type(error).__name__}: {str(error)[:200]}"
                unreadable.append(Unreadable(position, reason, head_of(kept)))
                uid = ""
            if kept is not line:
                scrubbed[position] = (kept, hashlib.sha256(line).hexdigest())
            uids.append(uid)
        line_batch = with_scrubbed(line_batch, scrubbed)
        return LineBatchResult(
            source=line_batch.source,
            uids=tuple(uids),
            frames=pack(line_batch),
            batch=builder.build(),
            unreadable=tuple(unreadable),
            raw_bytes=sum(map(len, line_batch.lines)),
            scrubbed=scrubbed,
        )

    def _measure(self, wire: WireMeasurement, receipt: Receipt, builder: BatchBuilder, seen: set[str]) -> str:
        """Add one measurement's rows, unless its id came before in this line batch, and return its id."""
        judged = judge_wire(wire, self._reference, receipt=receipt)
        uid = judged.measurement.measurement_uid
        if uid in seen:
            return uid
        content = content_of(judged.evidence)
        number = builder.number_of(content)
        if number is None:  # evidence that repeats is judged once
            number = builder.add_judged(content, judged.verdict)
        builder.add(judged.measurement, judged.observations, judged.evidence.probe_id, number)
        seen.add(uid)
        return uid
