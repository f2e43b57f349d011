"""Redaction: the content of a measurement is removed from the archive for good; its hash and the reason stay.

Wire: in place of the line the segment has `{"banwatch_redacted":{"sha256":"...","why":"..."}}`.
"""

import hashlib
from dataclasses import replace
from datetime import datetime

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.pipeline.line_batch import REDACTED, REDACTED_REASON, head_of
from banwatch.pipeline.trust.decisions import Action, Decision, SubjectKind, add_decision, decisions_path
from banwatch.pipeline.trust.report_facts import settle_reports
from banwatch.store import Store, queries
from banwatch.store.archive import Frame, pack_frame
from banwatch.store.bookkeeping import Entry, Quarantined, Segment
from banwatch.store.tables import MEASURED


def redact(store: Store, uid: str, why: str, now: datetime) -> int:
    """Remove every copy of a measurement's content, and return the number of lines.

    The decision is logged first, with the hash of each line; the measurement never comes in again.

    Args:
        store: open for writing.
        uid: of the measurement.
        why: the reason, which is public.
        now: time of the decision.

    Raises:
        BanwatchError: there is no such measurement, no reason, or a segment is damaged.
    """
    entries = store.matching(Entry, "measurement_uid", [uid])
    if not entries:
        raise BanwatchError(f"there is no measurement {uid}", "Look for it with `banwatch verdicts`")
    path = decisions_path(store.archive.folder)
    for entry in entries:
        digest = store.archive.index(entry.segment).sha256(entry.position).hex()
        decision = Decision(
            at=now, action=Action.REDACT, kind=SubjectKind.UID, subject=uid, why=why, sha256=digest
        )
        add_decision(path, decision)
    for segment in sorted({entry.segment for entry in entries}):
        positions = {entry.position for entry in entries if entry.segment == segment}
        _rewrite(store, uid, segment, positions, why)
    return len(entries)


def _rewrite(store: Store, uid: str, segment: str, positions: set[int], why: str) -> None:
    """Write a segment anew without some lines, let all rows name it, and delete the old one."""
    index = store.archive.index(segment)
    frames: list[Frame] = []
    quarantined = []
    for source, (start, lines) in zip(index.frame_sources, store.archive.frames(segment), strict=True):
        numbers = index.line_numbers[start : start + len(lines)]
        kept = list(lines)
        for at in sorted(positions & set(range(start, start + len(lines)))):
            kept[at - start] = _tombstone(index.sha256(at).hex(), why)
            quarantined.append((source, numbers[at - start], at, kept[at - start]))
        frames.append(pack_frame(source, numbers, kept, index.receipts_of(range(start, start + len(lines)))))
    name, size = store.archive.write(index.ordinal, frames)
    (old,) = store.matching(Segment, "segment", [segment])
    new = replace(
        old, segment=name, raw_bytes=sum(sum(frame.line_bytes) for frame in frames), size_bytes=size
    )
    moved = [replace(e, segment=name) for e in store.matching(Entry, "segment", [segment])]
    reports = queries.reports_of(store, [uid])
    with store.transaction():
        for tier in (*reversed(MEASURED), "past_verdict"):
            store.delete(tier, "measurement_uid", [uid])
        settle_reports(store, reports)
        store.delete("segment", "segment", [segment])
        store.append("segment", [new])
        store.delete("entry", "segment", [segment])
        store.append("entry", [entry for entry in moved if entry.measurement_uid != uid])
        rows = [replace(row, segment=name) for row in store.matching(Quarantined, "segment", [segment])]
        store.delete("quarantine", "segment", [segment])
        store.append("quarantine", rows)
        store.append("quarantine", [_quarantine(name, *place) for place in quarantined])
    store.archive.remove(segment)


def _tombstone(sha256: str, why: str) -> bytes:
    return REDACTED + msgspec.json.encode({"sha256": sha256, "why": why}) + b"}"


def _quarantine(segment: str, source: str, number: int, position: int, line: bytes) -> Quarantined:
    return Quarantined(
        source=source,
        line=number,
        reason=REDACTED_REASON,
        size_bytes=len(line),
        sha256=hashlib.sha256(line).hexdigest(),
        head=head_of(line),
        segment=segment,
        position=position,
    )
