"""Files, folders, archives and streams that hold measurements: found, opened and unpacked piece by piece."""

import glob
import hashlib
import re
import shutil
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import msgspec

from banwatch.formats import bundle
from banwatch.model.errors import BanwatchError, WireError
from banwatch.pipeline import bucket
from banwatch.pipeline.lines import MAX_LINE_BYTES
from banwatch.pipeline.submissions import unwrapped
from banwatch.pipeline.unpack import (
    CHUNK_BYTES,
    GZIP,
    Forward,
    chunks_of,
    gunzip,
    is_zstd,
    packed_otherwise,
    peek,
    sips_of,
    unzstd,
)

STDIN = "-"
_POST = ".post"
"""A submission as it came in, as OONI's archive holds those that went past its pipeline."""
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
    _POST,
)
"""What is looked for in folders; a file that is named itself is read whatever it is called."""
_LINE_ENDINGS = tuple(ending for ending in _ENDINGS if ".json" in ending or ".ndjson" in ending)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_FOLDED = re.compile(rb"(\xef\xbb\xbf)?\s*(\[|\{\s*[\r\n])")
"""How a file begins that holds one measurement over many lines, or a list of measurements."""
_MARK = b"\xef\xbb\xbf"
_OWN = (".archive", ".inbox", ".reports.jsonl")
_MAX_WRAPS = 2
"""How often a stream may be packed over: what is fetched packed may have been packed before."""
_TAR_BYTES = 16 << 10
_SIP_BYTES = 1 << 10
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
    """Whether a file in a folder is meant: neither hidden nor a store's own."""
    if not path.is_file():
        return False
    at = folder
    for part in path.relative_to(folder).parts:
        at = at / part
        if part.startswith(".") or _is_of_a_store(at):
            return False
    return True


def _is_of_a_store(path: Path) -> bool:
    """Whether it is a store's archive or inbox, or lies beside one as its readers' reports do."""
    own = next((ending for ending in _OWN if path.name.endswith(ending)), None)
    if own is None:
        return False
    store = path.name.removesuffix(own)
    return store.endswith(".duckdb") or path.with_name(store).is_file()


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
        yield from _documents_in(source.name, _counted(bucket.read_key(source.key), on_read))
        return
    if source.path is None:
        yield from _documents_in(source.name, chunks_of(sys.stdin.buffer, on_read))
        return
    with open(source.path, "rb") as file:
        if file.read(4) in _ZIP:
            yield from _zip_members(source, file, on_read)
            return
        file.seek(0)
        yield from _documents_in(source.name, chunks_of(file, on_read))


def _zip_members(source: Source, file: IO[bytes], on_read: Callable[[int], None]) -> Iterator[Document]:
    """Open a zip archive, such as an evidence bundle; its members are read one after the other."""
    try:
        with zipfile.ZipFile(file) as archive:
            expected = _manifest_of(archive)
            for member in archive.infolist():
                if _is_measurements(member, expected):
                    with archive.open(member) as content:
                        chunks = _checked(sips_of(content, _TAR_BYTES), (expected or {}).get(member.filename))
                        yield from _documents_in(f"{source.name}!{member.filename}", chunks)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WireError(f"the zip archive is damaged, or packed in a way that is not read: {error}") from None
    on_read(source.size_bytes)


class _Manifest(msgspec.Struct):
    """What matters here of a bundle's manifest."""

    members: list[bundle.Member]


def _manifest_of(archive: zipfile.ZipFile) -> dict[str, str] | None:
    """Read what an evidence bundle says of its measurements: names and hashes; None where it is none.

    Raises:
        WireError: what is in it is sealed.
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
    """Say in our words what a zip archive says when a member is damaged, or is not what its manifest says."""
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


def _documents_in(name: str, chunks: Iterator[bytes]) -> Iterator[Document]:
    """Look at the first bytes, unpack what is packed, and open what is a tar archive."""
    head, chunks = peek(chunks)
    for _ in range(_MAX_WRAPS):
        if head.startswith(GZIP):
            head, chunks = peek(gunzip(chunks))
        elif is_zstd(head):
            head, chunks = peek(unzstd(chunks))
    if other := packed_otherwise(head):
        raise WireError(f"packed with {other}, which is not read: unpack it first")
    at, magic = _TAR_MAGIC
    if head[at : at + len(magic)] == magic:
        yield from _members(name, chunks)
    else:
        yield Document(name, unwrapped(name, chunks) if name.endswith(_POST) else _unfolded(head, chunks))


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


def _raw_of(content: IO[bytes]) -> IO[bytes]:
    """Look behind the buffer of a member, which would read ahead, and give nothing where it cannot."""
    return cast(IO[bytes], getattr(content, "raw", content))


def _members(name: str, chunks: Iterator[bytes]) -> Iterator[Document]:
    stream = Forward(chunks)
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_TAR_BYTES) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None and member.name.endswith(_ENDINGS):
                    yield from _documents_in(f"{name}!{member.name}", sips_of(_raw_of(content), _SIP_BYTES))
        while stream.read(CHUNK_BYTES):
            pass  # what it is packed in may be found damaged behind its end
    except (tarfile.TarError, EOFError) as error:
        raise WireError(f"the tar archive is damaged or cut short: {error}") from None
