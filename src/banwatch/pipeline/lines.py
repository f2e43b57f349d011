"""Lines of a byte stream, with a limit on their length that bounds memory."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from banwatch.formats.ooni.decode import MAX_LINE_BYTES

HEAD_BYTES = 512
"""Bytes kept of a line that is too long, for a person to read."""


@dataclass(frozen=True, slots=True)
class LongLine:
    """Size, hash and beginning of a line over the limit."""

    size_bytes: int
    sha256: str
    head: bytes


def split_lines(
    chunks: Iterable[bytes], *, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[list[bytes | LongLine]]:
    """Cut a stream into lines, without their newlines; the same lines however the stream is cut into chunks.

    Returns:
        Lists of lines, as they are completed; the last line needs no newline.
    """
    pieces: list[bytes] = []  # of the line that has not ended yet
    held = 0
    skipped = None  # a line over the limit, as its hash, size and head
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        lines: list[bytes | LongLine] = []
        if skipped is not None:
            skipped.add(first)
        else:
            pieces.append(first)
            held += len(first)
            if held > max_line_bytes:
                skipped = _Skipped(pieces)
        if rest:
            lines.append(b"".join(pieces) if skipped is None else skipped.finish())
            *whole, last = rest
            for line in whole:
                lines.append(line if len(line) <= max_line_bytes else _Skipped([line]).finish())
            pieces, held = [last], len(last)
            skipped = _Skipped(pieces) if held > max_line_bytes else None
        if skipped is not None:
            pieces, held = [], 0
        if lines:
            yield lines
    if skipped is not None:
        yield [skipped.finish()]
    elif held:
        yield [b"".join(pieces)]


class _Skipped:
    """Line over the limit, which is only counted and hashed."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._hash = hashlib.sha256()
        self._size = 0
        self._head = b""
        for piece in pieces:
            self.add(piece)

    def add(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._size += len(piece)
        self._head += piece[: HEAD_BYTES - len(self._head)]

    def finish(self) -> LongLine:
        return LongLine(self._size, self._hash.hexdigest(), self._head)


def held_whole(chunks: Iterator[bytes], longest_bytes: int) -> tuple[bytes | None, Iterator[bytes]]:
    """Hold a stream that has to be read as one text.

    Args:
        chunks: the stream.
        longest_bytes: bytes that are held.

    Returns:
        The text; or None and the whole stream, where it is longer.
    """
    read: list[bytes] = []
    held = 0
    for chunk in chunks:
        read.append(chunk)
        held += len(chunk)
        if held > longest_bytes:
            return None, chain(read, chunks)
    return b"".join(read), iter(())
