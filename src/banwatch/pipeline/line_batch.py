"""The work on some lines: decode, observe, weigh, judge, and lay out as columns. No database, no files."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from banwatch.judge import judge_line
from banwatch.model.errors import WireError
from banwatch.model.reference import Reference
from banwatch.store.archive import Frame, pack_frame
from banwatch.store.batch import Batch, BatchBuilder, content_of

FRAME_BYTES = 1 << 20
"""A frame ends with the first line past this: what is unpacked to fetch one measurement."""
_HEAD_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class LineBatch:
    """Lines of one source."""

    source: str
    numbers: tuple[int, ...]
    """Where in the source each line stands, from 1."""
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that could not be read."""

    position: int
    """In the line batch, from 0."""
    reason: str
    head: str


@dataclass(frozen=True, slots=True)
class LineBatchResult:
    """What became of a line batch."""

    source: str
    uids: tuple[str, ...]
    """Of each line, in order; empty where it could not be read."""
    frames: tuple[Frame, ...]
    batch: Batch = field(repr=False)
    """Rows of the tiers, for the first line of each id."""
    unreadable: tuple[Unreadable, ...]
    raw_bytes: int


@contextmanager
def without_collector() -> Iterator[None]:
    """Keep Python from searching for cycles: a portion's rows have none, and looking costs dearly."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def head_of(line: bytes) -> str:
    """The beginning of a line, fit to be shown: no control characters, valid Unicode."""
    text = line[: 4 * _HEAD_CHARACTERS].decode("utf-8", "replace")[:_HEAD_CHARACTERS]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def same_content(one: bytes, other: bytes) -> bool:
    """Whether two lines say the same, however they are spelled."""
    if one == other:
        return True
    try:
        return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


class Worker:
    """Works on line batches; one in each process."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def work(self, line_batch: LineBatch) -> LineBatchResult:
        """Turn lines into rows; a line that cannot be read costs itself and nothing else."""
        with without_collector():
            return self._work(line_batch)

    def _work(self, line_batch: LineBatch) -> LineBatchResult:
        uids: list[str] = []
        builder = BatchBuilder()
        unreadable = []
        seen: set[str] = set()
        for position, line in enumerate(line_batch.lines):
            try:
                uid = self._measure(line, builder, seen)
            except WireError as error:
                unreadable.append(Unreadable(position, error.reason, head_of(line)))
                uid = ""
            except Exception as error:  # whatever a stranger's line brings out in us must not stop the rest
                reason = f"our own reader failed: {type(error).__name__}: {str(error)[:200]}"
                unreadable.append(Unreadable(position, reason, head_of(line)))
                uid = ""
            uids.append(uid)
        return LineBatchResult(
            source=line_batch.source,
            uids=tuple(uids),
            frames=pack(line_batch),
            batch=builder.build(),
            unreadable=tuple(unreadable),
            raw_bytes=sum(map(len, line_batch.lines)),
        )

    def _measure(self, line: bytes, builder: BatchBuilder, seen: set[str]) -> str:
        """Add one measurement's rows, unless its id was seen in this line batch, and give its id."""
        judged = judge_line(line, self._reference)
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


def pack(line_batch: LineBatch, keep: Callable[[int], bool] = lambda position: True) -> tuple[Frame, ...]:
    """Compress a portion's lines, or some of them, into frames."""
    frames = []
    numbers: list[int] = []
    lines: list[bytes] = []
    held = 0
    for position, line in enumerate(line_batch.lines):
        if not keep(position):
            continue
        numbers.append(line_batch.numbers[position])
        lines.append(line)
        held += len(line)
        if held >= FRAME_BYTES:
            frames.append(pack_frame(line_batch.source, numbers, lines))
            numbers, lines, held = [], [], 0
    if lines:
        frames.append(pack_frame(line_batch.source, numbers, lines))
    return tuple(frames)
