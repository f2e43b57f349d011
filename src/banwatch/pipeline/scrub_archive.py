"""Removal of probes' addresses from a store that exists: archive, tiers, quarantine and the file itself."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from banwatch.formats.ooni import decode_untrusted
from banwatch.formats.own_address import scrub_line
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.progress import Progress
from banwatch.model.reference import Reference
from banwatch.pipeline.line_batch import head_of
from banwatch.pipeline.rebuild import line_batches
from banwatch.pipeline.worker import Worker
from banwatch.store import Store
from banwatch.store.archive import Frame, pack_frame
from banwatch.store.batch import join
from banwatch.store.bookkeeping import Entry, Quarantined, Segment
from banwatch.store.originals import note_originals


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """Counts of what was cleaned."""

    segments: int
    """Segments that were written anew."""
    lines: int
    """Lines from which an address was taken out."""
    measurements: int
    """Measurements whose tiers were made again."""


def scrub_archive(store: Store, reference: Reference, progress: Progress | None = None) -> ScrubReport:
    """Take the addresses of probes out of every line of the archive, and make what rests on them again.

    A segment is written anew before any row names it, and the old one is deleted after the rows are: what is
    stopped in between is done again by the next run. Ids stay.

    Args:
        store: open for writing.
        reference: snapshots to weigh measurements against.
        progress: is called with the number of segments done, and of all.

    Raises:
        BanwatchError: a segment is damaged, or there is no room.
    """
    report = progress or (lambda done, total: None)
    segments = sorted(store.rows(Segment), key=lambda s: (s.ordinal, s.segment))
    worker = Worker(reference)
    written = lines = measurements = 0
    for done, segment in enumerate(segments):
        try:
            frames, originals = _scrubbed_frames(store, segment.segment)
        except WireError as error:
            raise BanwatchError(
                f"the archive is damaged: {error.reason}",
                "Look with `banwatch archive check`, and put the segment back from a backup",
            ) from error
        if originals:
            measurements += _replace_segment(store, segment, frames, originals, worker)
            written += 1
            lines += len(originals)
        report(done + 1, len(segments))
    return ScrubReport(written, lines, measurements)


def _scrubbed_frames(store: Store, segment: str) -> tuple[list[Frame], dict[int, str]]:
    """Read a segment's frames without addresses, and the hash of each changed line as it came."""
    index = store.archive.index(segment)
    frames: list[Frame] = []
    originals: dict[int, str] = {}
    for source, (start, lines) in zip(index.frame_sources, store.archive.frames(segment), strict=True):
        kept: list[bytes] = []
        for number, line in enumerate(lines):
            scrubbed = scrub_line(line)
            if scrubbed is not line:
                originals[start + number] = hashlib.sha256(line).hexdigest()
                scrubbed = _with_uid(scrubbed, line)
            kept.append(scrubbed)
        receipts = index.receipts_of(range(start, start + len(lines)))
        frames.append(pack_frame(source, index.line_numbers[start : start + len(lines)], kept, receipts))
    return frames, originals


def _with_uid(scrubbed: bytes, line: bytes) -> bytes:
    """Write the id that a measurement had before into its scrubbed line, which would give another one."""
    try:
        uid = decode_untrusted(line).measurement_uid
        fields = msgspec.json.decode(scrubbed, type=dict[str, msgspec.Raw])
    except (WireError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return scrubbed
    return msgspec.json.encode({**fields, "measurement_uid": msgspec.Raw(msgspec.json.encode(uid))})


def _replace_segment(
    store: Store, old: Segment, frames: Sequence[Frame], originals: dict[int, str], worker: Worker
) -> int:
    name, size = store.archive.write(old.ordinal, frames)
    new = replace(
        old, segment=name, raw_bytes=sum(sum(frame.line_bytes) for frame in frames), size_bytes=size
    )
    entries = [replace(e, segment=name) for e in store.matching(Entry, "segment", [old.segment])]
    quarantined = [
        _scrubbed_quarantine(store, row, name)
        for row in store.matching(Quarantined, "segment", [old.segment])
    ]
    taken = {str(e.measurement_uid): originals[e.position] for e in entries if e.position in originals}
    note_originals(store.archive.folder, taken)
    changed = [entry for entry in entries if entry.copy == 0 and entry.position in originals]
    batches = [worker.work(batch).batch for batch in line_batches(store, name, changed)]
    with store.transaction():
        store.delete("segment", "segment", [old.segment])
        store.append("segment", [new])
        store.delete("quarantine", "segment", [old.segment])
        store.append("quarantine", quarantined)
        store.delete_measurements(sorted({entry.measurement_uid for entry in changed}))
        store.delete("entry", "segment", [old.segment])
        store.append("entry", [e for e in entries if e.copy or e.position not in originals])
        store.append_batch(join(batches) if batches else None, changed)
    store.archive.remove(old.segment)
    return len(changed)


def _scrubbed_quarantine(store: Store, row: Quarantined, segment: str) -> Quarantined:
    line = store.archive.line(segment, row.position)
    return replace(
        row,
        segment=segment,
        size_bytes=len(line),
        sha256=hashlib.sha256(line).hexdigest(),
        head=head_of(line),
    )
