"""Files, folders, archives and streams that hold measurements: found, opened and unpacked piece by piece."""

import glob
import hashlib
import io
import re
import shutil
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
import zstandard

from banwatch.model.errors import BanwatchError, WireError
from banwatch.pipeline import bucket
from banwatch.pipeline.lines import MAX_LINE_BYTES

CHUNK_BYTES = 1 << 20
STDIN = "-"
_ENDINGS = (
    ".jsonl",
    ".jsonl.gz",
    ".jsonl.zst",
    ".ndjson",
    ".ndjson.gz",
    ".ndjson.zst",
    ".json",
    ".json.gz",
    ".json.zst",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.zst",
    ".zip",
)
"""What is looked for in folders; a file that is named itself is read whatever it is called."""
_LINE_ENDINGS = tuple(ending for ending in _ENDINGS if ".json" in ending or ".ndjson" in ending)
_ZIP = b"PK\x03\x04"
_BITE_BYTES = 256
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_FOLDED = re.compile(rb"(\xef\xbb\xbf)?\s*(\[|\{\s*[\r\n])")
"""How a file begins that holds one measurement over many lines, or a list of measurements."""
_MARK = b"\xef\xbb\xbf"
_TAR_MAGIC = (257, b"ustar")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that holds measurements, or the standard input."""

    name: str
    """As it is shown and stored: the path that was given, and below it the path in the folder."""
    path: Path | None
    size_bytes: int
    key: bucket.Key | None = None
    """Where it is an object in a bucket."""


@dataclass(frozen=True, slots=True)
class Document:
    """A stream of lines: a source, or one member of a source that is an archive."""

    name: str
    chunks: Iterator[bytes]


def find(paths: Iterable[str | Path]) -> list[Source]:
    """Find every file of measurements; folders recursively, sorted, each file once.

    Raises:
        BanwatchError: a path that was named is not there.
    """
    found: dict[Path, Source] = {}
    objects: list[Source] = []
    standard_input = []
    for given in paths:
        if str(given) == STDIN:
            standard_input.append(Source("(standard input)", None, 0))
            continue
        if bucket.is_bucket(str(given)):
            objects.extend(_objects_of(str(given)))
            continue
        for path in _expand(Path(given)):
            found.setdefault(path.resolve(), Source(str(path), path, path.stat().st_size))
    once = {source.name: source for source in objects}
    return [*sorted(found.values(), key=lambda s: s.name), *once.values(), *standard_input[:1]]


def keep_stdin(folder: Path) -> str:
    """Put what comes on the standard input into a file, for another process to read; its path.

    Raises:
        BanwatchError: there is no room.
    """
    path = folder / "standard-input"
    try:
        with open(path, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, CHUNK_BYTES)
    except OSError as error:
        raise BanwatchError(f"cannot write {path}: {error.strerror}", "Make room, or set TMPDIR") from error
    return str(path)


def parse_share(text: str) -> tuple[int, int]:
    """Read `3/16`, the third part of sixteen, as `(2, 16)`.

    Raises:
        BanwatchError: it is no part of a whole.
    """
    part, slash, parts = text.partition("/")
    if slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts):
        return int(part) - 1, int(parts)
    raise BanwatchError(f"{text!r} is no share of a whole", "Write it as 3/16: the third of sixteen parts")


def share_of(found: Iterable[Source], part: int, parts: int) -> list[Source]:
    """Take one worker's share of many sources: by the hash of their names, so that none need ask another."""
    return [
        source
        for source in found
        if int.from_bytes(hashlib.sha256(source.name.encode()).digest()[:8], "big") % parts == part
    ]


def _objects_of(address: str) -> list[Source]:
    """Find what is in a bucket under a prefix."""
    found = [
        Source(key.address, None, key.size_bytes, key)
        for key in bucket.list_keys(address)
        if key.name.endswith(_ENDINGS)
    ]
    if not found:
        raise BanwatchError(f"there is nothing to read under {address}", "Check the address")
    return found


def _expand(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        return [p for p in sorted(path.rglob("*")) if p.name.endswith(_ENDINGS) and _is_offered(p, path)]
    matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
    if not matches:
        raise BanwatchError(f"there is no file or folder {path}", "Check the path")
    return [p for match in matches for p in _expand(match)]


def _is_offered(path: Path, folder: Path) -> bool:
    """Whether a file in a folder is meant: neither hidden nor part of a store's own archive."""
    parts = path.relative_to(folder).parts
    return path.is_file() and not any(p.startswith(".") or p.endswith(".duckdb.archive") for p in parts)


def sha256_of(source: Source) -> str:
    """Hash a file's bytes; empty for a stream that can be read but once.

    For an object in a bucket it is the hash of what the server says of it, so that it need not be fetched.
    """
    if source.key is not None:
        said = f"{source.key.address} {source.key.size_bytes} {source.key.etag}"
        return hashlib.sha256(said.encode()).hexdigest()
    if source.path is None:
        return ""
    with open(source.path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def documents(source: Source, on_read: Callable[[int], None]) -> Iterator[Document]:
    """Open a source and give the streams of lines in it.

    Each document is to be read to its end before the next one is asked for.

    Args:
        source: what to open.
        on_read: told how many bytes were read from the file, as it goes.

    Raises:
        WireError: while chunks are read: the file is damaged or cut short.
        OSError: it cannot be read.
    """
    if source.key is not None:
        yield from _documents_in(source.name, _told(bucket.read_key(source.key), on_read))
        return
    if source.path is None:
        yield from _documents_in(source.name, _chunks_of(sys.stdin.buffer, on_read))
        return
    with open(source.path, "rb") as file:
        if file.read(len(_ZIP)) == _ZIP:
            yield from _zip_members(source, file, on_read)
            return
        file.seek(0)
        yield from _documents_in(source.name, _chunks_of(file, on_read))


def _zip_members(source: Source, file: IO[bytes], on_read: Callable[[int], None]) -> Iterator[Document]:
    """Open a zip archive, such as an evidence bundle; its members are read one after the other."""
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if not member.is_dir() and member.filename.endswith(_LINE_ENDINGS):
                    with archive.open(member) as content:
                        name = f"{source.name}!{member.filename}"
                        yield from _documents_in(name, _checked(_chunks_of(content, lambda size: None)))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WireError(f"the zip archive is damaged, or packed in a way that is not read: {error}") from None
    on_read(source.size_bytes)


def _checked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Say in our words what a zip archive says when a member is damaged."""
    try:
        yield from chunks
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise WireError(f"the zip archive is damaged: {error}") from None


def _told(chunks: Iterator[bytes], on_read: Callable[[int], None]) -> Iterator[bytes]:
    for chunk in chunks:
        on_read(len(chunk))
        yield chunk


def _chunks_of(file: IO[bytes], on_read: Callable[[int], None]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        on_read(len(chunk))
        yield chunk


def _documents_in(name: str, chunks: Iterator[bytes]) -> Iterator[Document]:
    """Look at the first bytes, unpack what is packed, and open what is a tar archive."""
    head, chunks = _peek(chunks)
    if head.startswith(_GZIP):
        head, chunks = _peek(_gunzip(chunks))
    elif head.startswith(_ZSTD):
        head, chunks = _peek(_unzstd(chunks))
    at, magic = _TAR_MAGIC
    if head[at : at + len(magic)] == magic:
        yield from _members(name, chunks)
    else:
        yield Document(name, _unfolded(head, chunks))


def _unfolded(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Put a measurement that was spread over many lines, or a list of them, on one line each.

    Anything else, and anything over the limit of a line, goes through as it is.
    """
    if not _FOLDED.match(head):
        yield from chunks
        return
    read, held = [], 0
    for chunk in chunks:
        read.append(chunk)
        held += len(chunk)
        if held > MAX_LINE_BYTES:
            yield from read
            yield from chunks
            return
    text = b"".join(read)
    try:
        text = text.removeprefix(_MARK)
        is_list = text.lstrip().startswith(b"[")
        items = msgspec.json.decode(text, type=list[msgspec.Raw]) if is_list else [msgspec.Raw(text)]
        yield b"".join(msgspec.json.format(bytes(item), indent=-1) + b"\n" for item in items)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield text


def _members(name: str, chunks: Iterator[bytes]) -> Iterator[Document]:
    try:
        with tarfile.open(fileobj=_Stream(chunks), mode="r|", bufsize=CHUNK_BYTES) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None and member.name.endswith(_ENDINGS):
                    yield from _documents_in(f"{name}!{member.name}", _chunks_of(content, lambda size: None))
    except (tarfile.TarError, EOFError) as error:
        raise WireError(f"the tar archive is damaged or cut short: {error}") from None


class _Stream(io.RawIOBase):
    """Chunks as a file that can only be read forward."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts, held = [self._rest], len(self._rest)
        while size < 0 or held < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            parts.append(chunk)
            held += len(chunk)
        whole = b"".join(parts)
        if size < 0:
            size = len(whole)
        self._rest = whole[size:]
        return whole[:size]


def _peek(chunks: Iterator[bytes], wanted: int = 512) -> tuple[bytes, Iterator[bytes]]:
    """Read ahead until some bytes are there, and give them back with a stream that still begins with them."""
    read, held = [], 0
    for chunk in chunks:
        read.append(chunk)
        held += len(chunk)
        if held >= wanted:
            break

    def again() -> Iterator[bytes]:
        yield from read
        yield from chunks

    return b"".join(read)[:wanted], again()


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip, of any number of members, holding one chunk at a time whatever the ratio."""
    unpacker = zlib.decompressobj(wbits=31)
    fresh = True
    try:
        for chunk in chunks:
            while chunk:
                if unpacker.eof:
                    chunk = chunk.lstrip(b"\0") if fresh is False else chunk  # padding between members
                    if not chunk:
                        break
                    unpacker = zlib.decompressobj(wbits=31)
                fresh = False
                piece = unpacker.decompress(chunk, CHUNK_BYTES)
                if piece:
                    yield piece
                chunk = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        if not unpacker.eof:
            rest = unpacker.flush()
            if rest:
                yield rest
    except zlib.error as error:
        raise WireError(f"the gzip stream is damaged: {error}") from None
    if not unpacker.eof:
        raise WireError("the gzip stream is cut short")


def _unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack zstandard, of any number of frames, with a bounded window.

    It is fed in small bites: four bytes may unpack to a block of 128 KiB, and all of a bite's come at once.
    """
    maker = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    unpacker = maker.decompressobj()
    whole, held = True, 0
    pieces: list[bytes] = []
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
        raise WireError(f"the zstandard stream is damaged: {error}") from None
    if held:
        yield b"".join(pieces)
    if not whole:
        raise WireError("the zstandard stream is cut short")
