"""Decompression of streams, forward only, about a mebibyte at a time at any ratio.

A stream that is damaged or cut short gives all that can be decompressed, and then raises.
"""

import io
import re
from collections.abc import Callable, Iterator
from typing import IO, Any

import lz4.frame
import zstandard
from zlib_ng import zlib_ng

from banwatch.formats.encoded_text import is_utf16
from banwatch.model.errors import WireError

CHUNK_BYTES = 1 << 20
GZIP = b"\x1f\x8b"
LZ4 = b"\x04\x22\x4d\x18"
ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPED = b"\x2a\x4d\x18"
"""Bytes 2 to 4 of a skippable zstandard frame; the first is one of sixteen."""
_PROMISED = {".gz": "gzip", ".tgz": "gzip", ".zst": "zstandard", ".lz4": "LZ4", ".zip": "zip"}
"""Compressions by the ending of a name."""
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has."""
_UNREAD = {
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bzip2",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
}
_BITE_BYTES = 256


def is_zstd(head: bytes) -> bool:
    """Whether a stream begins as a zstandard stream does."""
    return head.startswith(ZSTD) or (0x50 <= (head[:1] or b"\0")[0] <= 0x5F and head[1:4] == _SKIPPED)


def packed_otherwise(head: bytes) -> str:
    """Name the compression of a stream where it is one that is not supported; empty otherwise."""
    return next((name for magic, name in _UNREAD.items() if head.startswith(magic)), "")


def misnamed(name: str, head: bytes) -> str:
    """Name the compression that a file's name promises, where its content is neither packed nor text."""
    promised = next((words for ending, words in _PROMISED.items() if name.endswith(ending)), "")
    packed = head.startswith((GZIP, LZ4, *_UNREAD)) or is_zstd(head) or b"ustar" in head[257:262]
    if not promised or packed or is_utf16(head) or not _BINARY.search(head):
        return ""
    return f"its name says {promised}, but its first bytes are not those of {promised}"


def chunks_of(file: IO[bytes], on_read: Callable[[int], None]) -> Iterator[bytes]:
    """Read a file from here to its end."""
    while chunk := file.read(CHUNK_BYTES):
        on_read(len(chunk))
        yield chunk


def small_reads(file: IO[bytes], read_bytes: int) -> Iterator[bytes]:
    """Read a member of an archive in small reads, as a damaged member gives nothing of a read that fails."""
    held: list[bytes] = []
    size = 0
    try:
        while piece := file.read(read_bytes):
            held.append(piece)
            size += len(piece)
            if size >= CHUNK_BYTES:
                yield b"".join(held)
                held, size = [], 0
    except GeneratorExit:
        raise
    except BaseException:
        yield b"".join(held)
        raise
    yield b"".join(held)


def gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip, of any number of members.

    Raises:
        WireError: the stream is damaged or cut short.
    """
    unpacker = zlib_ng.decompressobj(wbits=31)
    for chunk in chunks:
        while chunk:
            if unpacker.eof:
                chunk = chunk.lstrip(b"\0")  # padding between members
                if not chunk:
                    break
                unpacker = zlib_ng.decompressobj(wbits=31)
            before = unpacker.copy()
            try:
                piece = unpacker.decompress(chunk, CHUNK_BYTES)
            except zlib_ng.error as error:
                yield from _until_damaged(before, chunk)
                raise WireError(f"the gzip stream is damaged: {error}") from None
            if piece:
                yield piece
            chunk = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        rest = unpacker.flush()
        if rest:
            yield rest
        raise WireError("the gzip stream is cut short")


def _until_damaged(unpacker: Any, chunk: bytes) -> Iterator[bytes]:
    """Unpack byte by byte up to the damage."""
    pieces = []
    try:
        for at in range(len(chunk)):
            pieces.append(unpacker.decompress(chunk[at : at + 1]))
    except zlib_ng.error:
        pass
    yield b"".join(pieces)


def unzstd(chunks: Iterator[bytes], window_bytes: int = 1 << 27) -> Iterator[bytes]:
    """Unpack zstandard, of any number of frames, with a bounded window.

    The input is fed in small pieces, because four bytes may unpack to a block of 128 KiB at once.

    Raises:
        WireError: the stream is damaged or cut short.
    """
    maker = zstandard.ZstdDecompressor(max_window_size=window_bytes)
    unpacker = maker.decompressobj()
    whole, held = True, 0
    pieces: list[bytes] = []
    trouble = ""
    try:
        for chunk in chunks:
            for start in range(0, len(chunk), _BITE_BYTES):
                bite = chunk[start : start + _BITE_BYTES]
                while bite:
                    if unpacker.eof:
                        unpacker = maker.decompressobj()
                    pieces.append(unpacker.decompress(bite))
                    held += len(pieces[-1])
                    whole = unpacker.eof
                    bite = unpacker.unused_data if unpacker.eof else b""
                    if held >= CHUNK_BYTES:
                        yield b"".join(pieces)
                        pieces, held = [], 0
    except zstandard.ZstdError as error:
        trouble = f"the zstandard stream is damaged: {error}"
    if held:
        yield b"".join(pieces)
    if trouble or not whole:
        raise WireError(trouble or "the zstandard stream is cut short")


def unlz4(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack lz4, of any number of frames: OONI's archive of 2012 to 2019 is packed so.

    Raises:
        WireError: the stream is damaged or cut short.
    """
    unpacker = lz4.frame.LZ4FrameDecompressor()
    try:
        for chunk in chunks:
            while chunk or not (unpacker.needs_input or unpacker.eof):
                if unpacker.eof:
                    unpacker = lz4.frame.LZ4FrameDecompressor()
                piece = unpacker.decompress(chunk, CHUNK_BYTES)
                if piece:
                    yield piece
                chunk = (unpacker.unused_data or b"") if unpacker.eof else b""
    except RuntimeError as error:
        raise WireError(f"the lz4 stream is damaged: {error}") from None
    if not unpacker.eof:
        raise WireError("the lz4 stream is cut short")


def peek(chunks: Iterator[bytes], wanted: int = 512) -> tuple[bytes, Iterator[bytes]]:
    """Read some bytes ahead, and return them with a stream that still begins with them."""
    read: list[bytes] = []
    held = 0
    trouble: Exception | None = None
    try:
        for chunk in chunks:
            read.append(chunk)
            held += len(chunk)
            if held >= wanted:
                break
    except Exception as error:  # of whatever container; raised again after the bytes that were read
        trouble = error

    def again() -> Iterator[bytes]:
        yield from read
        if trouble is not None:
            raise trouble
        yield from chunks

    return b"".join(read)[:wanted], again()


class Forward(io.RawIOBase):
    """File over chunks that can only be read forward."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""
        self._at = 0
        self._trouble: WireError | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes; an error of the stream is raised once all bytes before it were read."""
        parts = []
        wanted = size if size >= 0 else 1 << 62
        while wanted > 0 and (self._at < len(self._held) or self._fill()):
            part = self._held[self._at : self._at + wanted]
            self._at += len(part)
            wanted -= len(part)
            parts.append(part)
        if self._trouble is not None and not parts:
            raise self._trouble
        return b"".join(parts)

    def _fill(self) -> bool:
        """Load the next chunk, if there is one."""
        if self._trouble is None:
            try:
                self._held, self._at = next(self._chunks, b""), 0
            except WireError as error:
                self._held, self._at, self._trouble = b"", 0, error
        return bool(self._held)
