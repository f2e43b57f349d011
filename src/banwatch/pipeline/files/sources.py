"""Sources: files, objects in buckets and the standard input that hold measurements."""

import glob
import hashlib
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from banwatch.formats.ooni.decode import MAX_LINE_BYTES
from banwatch.model.errors import BanwatchError
from banwatch.pipeline.files import bucket
from banwatch.pipeline.files.unpack import (
    CHUNK_BYTES,
)

STDIN = "-"
POST = ".post"
"""Suffix of a submission as it was posted, of which OONI's archive holds some."""
_PACKED = ("", ".gz", ".zst", ".lz4")
ENDINGS = (
    *(
        f".{kind}{packed}"
        for kind in ("jsonl", "ndjson", "json", "tar", "yaml", "yamloo")
        for packed in _PACKED
    ),
    ".tgz",
    ".zip",
    POST,
)
"""Suffixes of files that are found in folders; a file that is named itself may have any suffix."""
_OWN = (".archive", ".inbox", ".reports.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Memory that reading one file may take."""

    line_bytes: int = MAX_LINE_BYTES
    """Longest line, and longest measurement over many lines."""
    window_bytes: int = 1 << 27
    """Longest history of a zstandard stream: what `zstd --long` needs."""
    zip_directory_bytes: int = 1 << 30
    """Size of a zip archive's list of members; a member takes some 700 bytes of memory."""


@dataclass(frozen=True, slots=True)
class Source:
    """File that holds measurements, an object in a bucket, or the standard input."""

    name: str
    """Name for display and storage: the path that was given, with the path below that folder."""
    path: Path | None
    size_bytes: int
    key: bucket.Key | None = None
    """Set for an object in a bucket."""
    limits: ReadLimits = ReadLimits()


def find(paths: Iterable[str | Path]) -> list[Source]:
    """Find every file of measurements; folders recursively, sorted, each file once.

    Raises:
        BanwatchError: a path does not exist.
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


def passed_over(paths: Iterable[str | Path]) -> dict[str, int]:
    """Count the files in the given folders that are not read, by the ending of their names."""
    others: Counter[str] = Counter()
    for given in paths:
        folder = Path(given)
        if str(given) == STDIN or bucket.is_bucket(str(given)) or not folder.is_dir():
            continue
        for path in folder.rglob("*"):
            if path.is_file() and not path.name.endswith(ENDINGS) and not _is_of_a_store(path):
                others["".join(path.suffixes[-2:]) or path.name] += 1
    return dict(others.most_common())


def keep_stdin(folder: Path) -> str:
    """Copy the standard input into a file for another process, and return its path.

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
    """Parse `3/16`, the third part of sixteen, as `(2, 16)`.

    Raises:
        BanwatchError: the text is no such share.
    """
    part, slash, parts = text.partition("/")
    if slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts):
        return int(part) - 1, int(parts)
    raise BanwatchError(f"{text!r} is no share of a whole", "Write it as 3/16: the third of sixteen parts")


def share_of(found: Iterable[Source], part: int, parts: int) -> list[Source]:
    """Select one worker's share of sources by the hash of their names, with no exchange among workers."""
    return [
        source
        for source in found
        if int.from_bytes(hashlib.sha256(source.name.encode()).digest()[:8], "big") % parts == part
    ]


def _objects_of(address: str) -> list[Source]:
    """Find the sources in a bucket under a prefix."""
    found = [
        Source(key.address, None, key.size_bytes, key)
        for key in bucket.list_keys(address)
        if key.name.endswith(ENDINGS)
    ]
    if not found:
        raise BanwatchError(f"there is nothing to read under {address}", "Check the address")
    return found


def _expand(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        return [p for p in sorted(path.rglob("*")) if p.name.endswith(ENDINGS) and _is_source(p, path)]
    matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
    if not matches:
        raise BanwatchError(f"there is no file or folder {path}", "Check the path")
    return [p for match in matches for p in _expand(match)]


def _is_source(path: Path, folder: Path) -> bool:
    """Whether a file in a folder is a source: neither hidden nor a store's own."""
    if not path.is_file():
        return False
    at = folder
    for part in path.relative_to(folder).parts:
        at = at / part
        if part.startswith(".") or _is_of_a_store(at):
            return False
    return True


def _is_of_a_store(path: Path) -> bool:
    """Whether a path is a store's archive, inbox or readers' reports."""
    own = next((ending for ending in _OWN if path.name.endswith(ending)), None)
    if own is None:
        return False
    store = path.name.removesuffix(own)
    return store.endswith(".duckdb") or path.with_name(store).is_file()


def sha256_of(source: Source) -> str:
    """Hash a file's bytes; empty for a stream that can be read only once.

    For an object in a bucket the hash covers its address, size and entity tag: it need not be fetched.
    """
    if source.key is not None:
        described = f"{source.key.address} {source.key.size_bytes} {source.key.etag}"
        return hashlib.sha256(described.encode()).hexdigest()
    if source.path is None:
        return ""
    with open(source.path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
