"""Line batches, and what is made of them; with no database or file."""

import gc
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import msgspec

from banwatch.model.receipt import NO_RECEIPT, Receipt
from banwatch.store.archive import Frame, pack_frame
from banwatch.store.batch import Batch

FRAME_BYTES = 1 << 20
"""A frame ends with the first line past this; it is unpacked whole to fetch one measurement."""
REDACTED = b'{"banwatch_redacted":'
"""Beginning of a line whose content was removed (see `deciding.redact`)."""
REDACTED_REASON = "redacted: its content was removed for good"
_HEAD_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class LineBatch:
    """Lines of one source, the unit of work."""

    source: str
    numbers: tuple[int, ...]
    """Number of each line in the source, from 1."""
    lines: tuple[bytes, ...]
    receipts: tuple[Receipt, ...] = ()
    """Receipt of each line; none of them is known where empty."""

    def receipt_of(self, position: int) -> Receipt:
        """Return the receipt of a line."""
        return self.receipts[position] if self.receipts else NO_RECEIPT


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Line that could not be read."""

    position: int
    """Position in the line batch, from 0."""
    reason: str
    head: str


@dataclass(frozen=True, slots=True)
class LineBatchResult:
    """Frames, rows and unreadable lines of a processed line batch."""

    source: str
    uids: tuple[str, ...]
    """Id of each line, in order; empty where it could not be read."""
    frames: tuple[Frame, ...]
    batch: Batch = field(repr=False)
    """Rows of the tiers, for the first line of each id."""
    unreadable: tuple[Unreadable, ...]
    raw_bytes: int
    scrubbed: Mapping[int, tuple[bytes, str]] = field(default_factory=dict)
    """By position, each line from which an address of the probe was taken out, and the original's hash."""

    def kept(self, line_batch: LineBatch) -> LineBatch:
        """Return the line batch as it is kept."""
        return with_scrubbed(line_batch, self.scrubbed)


def with_scrubbed(line_batch: LineBatch, scrubbed: Mapping[int, tuple[bytes, str]]) -> LineBatch:
    """Put scrubbed lines in the place of those that came."""
    if not scrubbed:
        return line_batch
    lines = [scrubbed[i][0] if i in scrubbed else line for i, line in enumerate(line_batch.lines)]
    return replace(line_batch, lines=tuple(lines))


@contextmanager
def without_collector() -> Iterator[None]:
    """Switch the cycle collector off: the rows of a line batch have no cycles, and a search is costly."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def head_of(line: bytes) -> str:
    """Return the beginning of a line for display: no control characters, valid Unicode."""
    text = line[: 4 * _HEAD_CHARACTERS].decode("utf-8", "replace")[:_HEAD_CHARACTERS]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def same_content(one: bytes, other: bytes) -> bool:
    """Whether two lines have the same content, in any JSON spelling."""
    if one == other:
        return True
    try:
        return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def pack(line_batch: LineBatch, kept: Container[int] | None = None) -> tuple[Frame, ...]:
    """Compress the lines of a batch, or those at some positions, into frames."""
    frames = []
    numbers: list[int] = []
    lines: list[bytes] = []
    receipts: list[str] = []
    held = 0
    for position, line in enumerate(line_batch.lines):
        if kept is not None and position not in kept:
            continue
        numbers.append(line_batch.numbers[position])
        lines.append(line)
        if line_batch.receipts:
            receipts.append(line_batch.receipts[position].render())
        held += len(line)
        if held >= FRAME_BYTES:
            frames.append(pack_frame(line_batch.source, numbers, lines, receipts))
            numbers, lines, receipts, held = [], [], [], 0
    if lines:
        frames.append(pack_frame(line_batch.source, numbers, lines, receipts))
    return tuple(frames)
