"""Archive of raw lines, in compressed segments that are named by the hash of their bytes.

Wire: a segment is a valid `.jsonl.zst` file: zstd frames, each of some lines that end in a newline, then one
skippable frame (magic 0x184D2A50, length) with the index in msgpack: `SegmentIndex` as an array, then the
length of the index and the magic again, to find it from the end. `zstdcat` gives the lines alone.
"""

import hashlib
import os
import struct
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import msgspec
import zstandard

from banwatch.model.errors import BanwatchError, WireError

_SKIPPABLE = 0x184D2A50
_TRAILER = struct.Struct("<II")
"""Length of the index, and the magic again."""
SUFFIX = ".jsonl.zst"
COLD = "cold"
"""File in the archive that holds the path of the cold store."""
MAX_FRAME_BYTES = 64 << 20
"""Largest frame that is read back; a frame ends at the first line past a mebibyte, and a line has a limit."""
_KEPT_FRAMES = 4
_KEPT_FRAME_BYTES = 4 << 20
_KEPT_INDEXES = 64


@dataclass(frozen=True, slots=True)
class Frame:
    """Lines that are compressed together, with their entry in the index."""

    data: bytes
    line_bytes: tuple[int, ...]
    """Length of each line, without its newline."""
    line_sha256: tuple[bytes, ...]
    source: str
    """Name of the file that the lines came from."""
    line_numbers: tuple[int, ...]
    """Number of each line in that file, from 1."""
    receipts: tuple[str, ...] = ()
    """Receipt of each line, as `Receipt.render` writes it; empty where none of them says anything."""


class SegmentIndex(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Index of a segment: enough to make every row of the store's own tables again."""

    version: int = 1
    ordinal: int
    """Position in the order of commits, from 0."""
    frame_offsets: list[int]
    frame_sizes: list[int]
    frame_lines: list[int]
    """Number of lines in each frame."""
    frame_sources: list[str]
    """Name of the file that each frame's lines came from."""
    line_bytes: list[int]
    """Length of each line, without its newline."""
    line_numbers: list[int]
    """Number of each line in its file, from 1."""
    line_hashes: bytes
    """SHA-256 of each line, 32 bytes each."""
    receipts: list[str] = []
    """Distinct receipts of the lines, as `Receipt.render` writes them; 0.1.0 wrote none."""
    line_receipts: list[int] = []
    """Position of each line's receipt in that list; empty where there is none."""

    def receipt_of(self, position: int) -> str:
        """Return the receipt of a line; empty where there is none."""
        return self.receipts[self.line_receipts[position]] if self.line_receipts else ""

    def sha256(self, position: int) -> bytes:
        """Return the hash of a line."""
        return self.line_hashes[32 * position : 32 * position + 32]

    def receipts_of(self, positions: Iterable[int]) -> list[str]:
        """Return the receipts of some lines; empty where no line of the segment has one."""
        return [self.receipt_of(position) for position in positions] if self.line_receipts else []

    def frame_starts(self) -> list[int]:
        """Return the position of each frame's first line."""
        return list(accumulate(self.frame_lines, initial=0))[:-1]


def pack_frame(
    source: str,
    line_numbers: Sequence[int],
    lines: Sequence[bytes],
    receipts: Sequence[str] = (),
    *,
    level: int = 3,
) -> Frame:
    """Compress lines of one file into one frame."""
    data = zstandard.ZstdCompressor(level=level, write_checksum=True).compress(b"\n".join(lines) + b"\n")
    hashes = tuple(hashlib.sha256(line).digest() for line in lines)
    return Frame(data, tuple(map(len, lines)), hashes, source, tuple(line_numbers), tuple(receipts))


def unpack_frame(data: bytes, line_bytes: Sequence[int]) -> list[bytes]:
    """Return the lines of a frame."""
    expected = sum(line_bytes) + len(line_bytes)
    if expected > MAX_FRAME_BYTES:
        raise WireError(f"a frame of {expected} bytes, at most {MAX_FRAME_BYTES} are read")
    try:
        text = zstandard.ZstdDecompressor().decompress(data, max_output_size=expected)
    except zstandard.ZstdError as error:
        raise WireError(f"a frame does not decompress: {error}") from None
    if len(text) != expected:
        raise WireError(f"a frame holds {len(text)} bytes, the index says {expected}")
    lines, start = [], 0
    for length in line_bytes:
        lines.append(text[start : start + length])
        start += length + 1
    return lines


def pack_segment(ordinal: int, frames: Sequence[Frame]) -> bytes:
    """Join frames and their index."""
    sizes = [len(frame.data) for frame in frames]
    receipts: dict[str, int] = {}
    line_receipts: list[int] = []
    if any(frame.receipts for frame in frames):
        for frame in frames:
            for receipt in frame.receipts or ("",) * len(frame.line_bytes):
                line_receipts.append(receipts.setdefault(receipt, len(receipts)))
    index = msgspec.msgpack.encode(
        SegmentIndex(
            ordinal=ordinal,
            frame_offsets=list(accumulate(sizes, initial=0))[:-1],
            frame_sizes=sizes,
            frame_lines=[len(frame.line_bytes) for frame in frames],
            frame_sources=[frame.source for frame in frames],
            line_bytes=[n for frame in frames for n in frame.line_bytes],
            line_numbers=[n for frame in frames for n in frame.line_numbers],
            line_hashes=b"".join(h for frame in frames for h in frame.line_sha256),
            receipts=list(receipts),
            line_receipts=line_receipts,
        )
    )
    content = index + _TRAILER.pack(len(index), _SKIPPABLE)
    return b"".join([*(f.data for f in frames), struct.pack("<II", _SKIPPABLE, len(content)), content])


def read_index_untrusted(data: bytes, size_bytes: int) -> SegmentIndex:
    """Read the index at the end of a segment.

    Args:
        data: the end of the file, or all of it.
        size_bytes: size of the whole file.

    Raises:
        WireError: the index is missing, or does not fit the file.
    """
    if len(data) < _TRAILER.size:
        raise WireError("the segment is cut short")
    length, magic = _TRAILER.unpack_from(data, len(data) - _TRAILER.size)
    start = len(data) - _TRAILER.size - length
    if magic != _SKIPPABLE or start < 0:
        raise WireError("the segment has no index at its end")
    try:
        index = msgspec.msgpack.decode(data[start : len(data) - _TRAILER.size], type=SegmentIndex)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WireError(f"the segment's index does not decode: {error}") from None
    lines, frames = len(index.line_bytes), len(index.frame_offsets)
    fits = (
        len(index.line_hashes) == 32 * lines
        and len(index.line_numbers) == lines == sum(index.frame_lines)
        and frames == len(index.frame_sizes) == len(index.frame_lines) == len(index.frame_sources)
        and min(index.frame_lines, default=0) >= 0
        and min(index.line_bytes, default=0) >= 0
        and len(index.line_receipts) in (0, lines)
        and min(index.line_receipts, default=0) >= 0
        and max(index.line_receipts, default=-1) < len(index.receipts)
    )
    if index.version != 1 or not fits:
        raise WireError("the segment's index contradicts itself")
    if any(
        o < 0 or s < 0 or o + s > size_bytes
        for o, s in zip(index.frame_offsets, index.frame_sizes, strict=True)
    ):
        raise WireError("the segment's index points outside the file")
    return index


def sync_directory(folder: Path) -> None:
    """Make a rename in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Archive:
    """Folder of segments; safe to read from several threads, and to write from several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._indexes: OrderedDict[str, SegmentIndex] = OrderedDict()
        self._frames: OrderedDict[tuple[str, int], list[bytes]] = OrderedDict()

    def path_of(self, segment: str) -> Path:
        """Return the path of a segment: that in the cold store where it is there alone."""
        path = self.hot_path(segment)
        cold = None if path.exists() else self.cold_folder()
        elsewhere = self.cold_path(segment, cold) if cold else path
        return elsewhere if elsewhere.exists() else path

    def hot_path(self, segment: str) -> Path:
        """Return the path of a segment in the archive itself, whether or not it exists."""
        return self.folder / segment[:2] / f"{segment}{SUFFIX}"

    @staticmethod
    def cold_path(segment: str, folder: Path) -> Path:
        """Return the path of a segment in a cold store, whether or not it exists."""
        return folder / segment[:2] / f"{segment}{SUFFIX}"

    def cold_folder(self) -> Path | None:
        """Return the folder of the cold store; None where there is none."""
        try:
            return Path((self.folder / COLD).read_text(encoding="utf-8"))
        except OSError:
            return None

    def is_at_hand(self, segment: str) -> bool:
        """Whether the archive itself has a segment."""
        return self.hot_path(segment).exists()

    def _unreadable(self, segment: str, error: OSError) -> WireError:
        cold = None if self.is_at_hand(segment) else self.cold_folder()
        where = f"; old segments are in the cold store {cold}" if cold else ""
        return WireError(f"segment {segment} cannot be read: {error.strerror}{where}")

    def write(self, ordinal: int, frames: Sequence[Frame]) -> tuple[str, int]:
        """Write a segment so that it is on the disk, whole, before this returns.

        Returns:
            Its name and its size in bytes.
        """
        data = pack_segment(ordinal, frames)
        segment = hashlib.sha256(data).hexdigest()
        path = self.path_of(segment)
        if path.exists() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return segment, len(data)
        unfinished = path.with_name(f".{segment}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(unfinished, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
            sync_directory(path.parent)
            sync_directory(self.folder)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise BanwatchError(
                f"cannot write to the archive {self.folder}: {error.strerror or error}",
                "Make room or check the rights, then run the same command again: what was accepted is kept",
            ) from error
        return segment, len(data)

    def index(self, segment: str) -> SegmentIndex:
        """Read the index of a segment, or return the cached one.

        Raises:
            WireError: the segment is missing, cut short or damaged.
        """
        with self._lock:
            found = self._indexes.get(segment)
            if found is not None:
                self._indexes.move_to_end(segment)
                return found
        try:
            with open(self.path_of(segment), "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TRAILER.size))
                length = _TRAILER.unpack(file.read(_TRAILER.size).rjust(_TRAILER.size, b"\0"))[0]
                file.seek(max(0, size - _TRAILER.size - length))
                found = read_index_untrusted(file.read(), size)
        except OSError as error:
            raise self._unreadable(segment, error) from None
        with self._lock:
            self._indexes[segment] = found
            while len(self._indexes) > _KEPT_INDEXES:
                self._indexes.popitem(last=False)
        return found

    def line(self, segment: str, position: int) -> bytes:
        """Fetch one raw line.

        Raises:
            WireError: the segment is missing or damaged, or the line is not what was written.
        """
        index = self.index(segment)
        if not 0 <= position < len(index.line_bytes):
            raise WireError(f"segment {segment} has {len(index.line_bytes)} lines, not {position + 1}")
        starts = index.frame_starts()
        number = bisect_right(starts, position) - 1
        line = self._frame(segment, index, number, starts[number])[position - starts[number]]
        if hashlib.sha256(line).digest() != index.sha256(position):
            raise WireError(f"segment {segment}: line {position} is not what was written")
        return line

    def _frame(self, segment: str, index: SegmentIndex, number: int, start: int) -> list[bytes]:
        with self._lock:
            found = self._frames.get((segment, number))
            if found is not None:
                self._frames.move_to_end((segment, number))
                return found
        try:
            with open(self.path_of(segment), "rb") as file:
                file.seek(index.frame_offsets[number])
                data = file.read(index.frame_sizes[number])
        except OSError as error:
            raise self._unreadable(segment, error) from None
        lines = unpack_frame(data, index.line_bytes[start : start + index.frame_lines[number]])
        if sum(map(len, lines)) > _KEPT_FRAME_BYTES:
            return lines  # a single long line, which is seldom wanted twice
        with self._lock:
            self._frames[segment, number] = lines
            while len(self._frames) > _KEPT_FRAMES:
                self._frames.popitem(last=False)
        return lines

    def frames(self, segment: str) -> Iterator[tuple[int, list[bytes]]]:
        """Read a segment's lines frame by frame, each with the position of its first line.

        Raises:
            WireError: the segment is missing or damaged.
        """
        index = self.index(segment)
        for number, start in enumerate(index.frame_starts()):
            yield start, self._frame(segment, index, number, start)

    def forget(self, segment: str) -> None:
        """Drop what is cached of a segment."""
        with self._lock:
            self._indexes.pop(segment, None)
            for key in [key for key in self._frames if key[0] == segment]:
                del self._frames[key]

    def remove(self, segment: str) -> None:
        """Delete a segment that no row names any more."""
        self.forget(segment)
        for path in {self.hot_path(segment), self.path_of(segment)}:
            path.unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Return the names of all segments in the folder, sorted."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"??/[!.]*{SUFFIX}"))

    def sha256_of(self, segment: str) -> str | None:
        """Hash the file of a segment; None where it is missing."""
        try:
            with open(self.path_of(segment), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
