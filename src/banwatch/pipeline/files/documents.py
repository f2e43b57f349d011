"""Documents: streams of lines in a source, unpacked piece by piece."""

import codecs
import hashlib
import re
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, cast

import msgspec

from banwatch.formats import bundle
from banwatch.formats.api_answers import WRAPPED_WITHIN_BYTES, is_wrapped, unwrap_untrusted, what_it_is
from banwatch.formats.encoded_text import is_utf16, utf16_codec
from banwatch.formats.yaml_report import is_yaml_report, report_lines
from banwatch.formats.zip_directory import check_directory_untrusted
from banwatch.model.errors import WireError
from banwatch.pipeline.files import bucket
from banwatch.pipeline.files.sources import ENDINGS, POST, ReadLimits, Source
from banwatch.pipeline.files.unpack import (
    CHUNK_BYTES,
    GZIP,
    LZ4,
    Forward,
    chunks_of,
    gunzip,
    is_zstd,
    misnamed,
    packed_otherwise,
    peek,
    small_reads,
    unlz4,
    unzstd,
)
from banwatch.pipeline.lines import held_whole, split_lines
from banwatch.pipeline.submissions import unwrapped

_LINE_ENDINGS = tuple(e for e in ENDINGS if any(kind in e for kind in (".json", ".ndjson", ".yaml")))
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_FOLDED = re.compile(rb"(\xef\xbb\xbf)?\s*(\[|\{\s*[\r\n])")
"""Beginning of a file with one measurement over many lines, or with a list of measurements."""
_MARK = b"\xef\xbb\xbf"
_MAX_WRAPS = 2
"""Layers of compression that are undone: a file that is sent compressed may be compressed itself."""
_TAR_BYTES = 16 << 10
_READ_BYTES = 1 << 10
_TAR_MAGIC = (257, b"ustar")


@dataclass(frozen=True, slots=True)
class Document:
    """Stream of lines: a source, or one member of a source that is an archive."""

    name: str
    chunks: Iterator[bytes]


def open_documents(source: Source, on_read: Callable[[int], None]) -> Iterator[Document]:
    """Open a source and return its documents.

    Read each document to its end before the next one.

    Args:
        source: to open.
        on_read: is called with the number of bytes of each read from the file.

    Raises:
        WireError: while chunks are read: the file is damaged or cut short.
        OSError: it cannot be read.
    """
    if source.key is not None:
        yield from _documents_in(source.name, _counted(bucket.read_key(source.key), on_read), source.limits)
        return
    if source.path is None:
        yield from _documents_in(source.name, chunks_of(sys.stdin.buffer, on_read), source.limits)
        return
    with open(source.path, "rb") as file:
        if file.read(4) in _ZIP:
            yield from _zip_members(source, file, on_read)
            return
        file.seek(0)
        yield from _documents_in(source.name, chunks_of(file, on_read), source.limits)


def _zip_members(source: Source, file: IO[bytes], on_read: Callable[[int], None]) -> Iterator[Document]:
    """Open the members of a zip archive, such as an evidence bundle, one after the other."""
    check_directory_untrusted(file, source.limits.zip_directory_bytes)
    try:
        with zipfile.ZipFile(file) as archive:
            expected = _manifest_of(archive)
            for member in archive.infolist():
                if _is_measurements(member, expected):
                    with archive.open(member) as content:
                        chunks = _checked(
                            small_reads(content, _TAR_BYTES), (expected or {}).get(member.filename)
                        )
                        name = f"{source.name}!{member.filename}"
                        yield from _documents_in(name, chunks, source.limits)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WireError(f"the zip archive is damaged, or packed in a way that is not read: {error}") from None
    on_read(source.size_bytes)


class _Manifest(msgspec.Struct):
    """Part of a bundle's manifest that names its members."""

    members: list[bundle.Member]


def _manifest_of(archive: zipfile.ZipFile) -> dict[str, str] | None:
    """Read names and hashes of measurements from the manifest of an evidence bundle.

    Returns:
        None where the archive is no bundle.

    Raises:
        WireError: its content is sealed.
    """
    names = set(archive.namelist())
    if any(name.startswith("sealed/") for name in names):
        raise WireError("what is in it is sealed: open it with `banwatch spool open KEY FILE`")
    if not {bundle.MANIFEST, bundle.MEASUREMENTS} <= names:
        return None
    if archive.getinfo(bundle.MANIFEST).file_size > bundle.MAX_MANIFEST_BYTES:
        return {}
    try:
        manifest = msgspec.json.decode(archive.read(bundle.MANIFEST), type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return {m.path: m.sha256 for m in manifest.members if m.path == bundle.MEASUREMENTS}


def _is_measurements(member: zipfile.ZipInfo, expected: dict[str, str] | None) -> bool:
    if expected is not None:
        return member.filename == bundle.MEASUREMENTS
    return not member.is_dir() and member.filename.endswith(_LINE_ENDINGS)


def _checked(chunks: Iterator[bytes], expected: str | None) -> Iterator[bytes]:
    """Pass chunks of a member, and check them against the hash that the manifest gives."""
    digest = hashlib.sha256()
    try:
        for chunk in chunks:
            digest.update(chunk)
            yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise WireError(f"the zip archive is damaged: {error}") from None
    if expected is not None and digest.hexdigest() != expected:
        raise WireError(
            "the measurements are not those that the bundle's manifest names: see `banwatch verify`"
        )


def _counted(chunks: Iterator[bytes], on_read: Callable[[int], None]) -> Iterator[bytes]:
    for chunk in chunks:
        on_read(len(chunk))
        yield chunk


def _documents_in(name: str, chunks: Iterator[bytes], limits: ReadLimits) -> Iterator[Document]:
    """Decompress a stream by its first bytes, and open it where it is a tar archive."""
    head, chunks = peek(chunks, WRAPPED_WITHIN_BYTES)
    if wrong := misnamed(name, head):
        raise WireError(wrong)
    for _ in range(_MAX_WRAPS):
        unpack = gunzip if head.startswith(GZIP) else unlz4 if head.startswith(LZ4) else None
        unpack = partial(unzstd, window_bytes=limits.window_bytes) if is_zstd(head) else unpack
        if unpack is not None:
            head, chunks = peek(unpack(chunks), WRAPPED_WITHIN_BYTES)
    if other := packed_otherwise(head):
        raise WireError(f"packed with {other}, which is not read: unpack it first")
    at, magic = _TAR_MAGIC
    if head[at : at + len(magic)] == magic:
        yield from _members(name, chunks, limits)
        return
    if is_utf16(head):
        head, chunks = peek(_recoded(chunks, utf16_codec(head)), WRAPPED_WITHIN_BYTES)
    if words := what_it_is(head):
        raise WireError(words)
    longest = limits.line_bytes
    lines = unwrapped(name, chunks, longest) if name.endswith(POST) else _lines_in(head, chunks, longest)
    yield Document(name, lines)


def _recoded(chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    """Decode a stream, and encode it as UTF-8."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8")
    yield decoder.decode(b"", final=True).encode("utf-8")


def _lines_in(head: bytes, chunks: Iterator[bytes], longest_bytes: int) -> Iterator[bytes]:
    """Give measurements on one line each, in whatever form of OONI's they come."""
    if is_yaml_report(head):
        return _report_lines(chunks)
    unfolded = _unfolded(head, chunks, longest_bytes)
    return _unwrapped_answers(unfolded) if is_wrapped(head) else unfolded


def _report_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Give the measurements of a report in YAML.

    Raises:
        WireError: at the end, where some of its documents cannot be read.
    """
    failed: list[str] = []
    lines = (line for batch in split_lines(chunks) for line in batch if isinstance(line, bytes))
    for found in report_lines((line.rstrip(b"\r") for line in lines), failed.append):
        yield found + b"\n"
    if failed:
        raise WireError(
            f"{len(failed)} documents of the report in YAML cannot be read, the first: {failed[0]}"
        )


def _unwrapped_answers(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Take measurements out of the API's answers.

    Raises:
        WireError: at the end, where some of them hold none.
    """
    failed: list[str] = []
    for batch in split_lines(chunks):
        for line in batch:
            try:
                if isinstance(line, bytes):
                    yield (unwrap_untrusted(line) if is_wrapped(line) else line) + b"\n"
            except WireError as error:
                failed.append(error.reason)
    if failed:
        raise WireError(f"{len(failed)} answers cannot be read, the first: {failed[0]}")


def _unfolded(head: bytes, chunks: Iterator[bytes], longest_bytes: int) -> Iterator[bytes]:
    """Put measurements of a list, or one that spans many lines, on one line each.

    Other content, and content over the limit of a line, passes unchanged.
    """
    if not _FOLDED.match(head):
        yield from chunks
        return
    text, rest = held_whole(chunks, longest_bytes)
    if text is None:
        yield from rest
        return
    try:
        text = text.removeprefix(_MARK)
        is_list = text.lstrip().startswith(b"[")
        items = msgspec.json.decode(text, type=list[msgspec.Raw]) if is_list else [msgspec.Raw(text)]
        yield b"".join(msgspec.json.format(bytes(item), indent=-1) + b"\n" for item in items)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield text


def _raw_of(content: IO[bytes]) -> IO[bytes]:
    """Return a member without its buffer, which reads ahead and then loses all where a read fails."""
    return cast(IO[bytes], getattr(content, "raw", content))


def _members(name: str, chunks: Iterator[bytes], limits: ReadLimits) -> Iterator[Document]:
    stream = Forward(chunks)
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_TAR_BYTES) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None and member.name.endswith(ENDINGS):
                    chunks = small_reads(_raw_of(content), _READ_BYTES)
                    yield from _documents_in(f"{name}!{member.name}", chunks, limits)
        while stream.read(CHUNK_BYTES):
            pass  # reads to the end, where the compressed stream may be damaged
    except (tarfile.TarError, EOFError) as error:
        raise WireError(f"the tar archive is damaged or cut short: {error}") from None
