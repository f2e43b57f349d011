"""Evidence bundles: measurements and what was said of them in one file, to be carried by hand and checked.

Wire: a zip archive. `manifest.json` lists every other member with its size and SHA-256, names the subject,
the ruleset and the reference snapshots. `measurements.jsonl` holds the measurements byte for byte as they
were received, one a line; `verdicts.jsonl` what was judged of them, one a line; `rules.json` the rules in
words; `index.html` and what it needs, a page for people. Equal content gives equal bytes: times in the
archive are 1980-01-01, members are sorted.

The hashes prove that the parts belong together and are whole; `manifest.sig`, where it is there, by whose key
it was published (`signed_manifest`). Without it, compare the digest with the one that its maker published.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from banwatch.formats.json_views import VerdictJson
from banwatch.formats.ooni.decode import MAX_LINE_BYTES
from banwatch.formats.signed_manifest import MAX_SIGNATURE_BYTES, SIGNATURE, leaf_of, merkle_root
from banwatch.model.errors import WireError
from banwatch.model.verdict import Verdict

FORMAT = "banwatch-bundle"
VERSION = 1
MANIFEST = "manifest.json"
MEASUREMENTS = "measurements.jsonl"
VERDICTS = "verdicts.jsonl"
RULES = "rules.json"

MAX_MANIFEST_BYTES = 8 << 20
MAX_MEMBERS = 10_000
MAX_TOTAL_BYTES = 4 << 30
"""Unpacked; a bundle is an incident's evidence, not an archive."""
_CHUNK_BYTES = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
"""Errors that `zipfile` raises on a stranger's bytes; RuntimeError where a member is encrypted."""


_decode_shape = msgspec.json.Decoder(VerdictJson).decode
_decode_as_in_0_1_0 = msgspec.json.Decoder(Verdict).decode


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the bundle."""

    path: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Table of contents of a bundle."""

    format: str
    version: int
    subject: str
    """Id of the ban or incident that it is evidence of."""
    title: str
    ruleset: str
    """Version of the rule table that the verdicts were judged by."""
    snapshots: tuple[str, ...]
    """Ids of the reference snapshots that they were weighed with."""
    labs: tuple[str, ...]
    """Lab regimes that some of the measurements were made in; empty for the world alone."""
    recorded: bool
    measurements: int
    members: tuple[Member, ...]
    merkle_root: str = ""
    """Root over the measurements (`signed_manifest`); empty in bundles of 0.1.0."""
    left_out: int = 0
    """Measurements of the subject that the publisher says it left out."""


class RuleInWords(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as a person reads it."""

    id: str
    layer: str
    says: str
    condition: str
    why: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Ban or incident that a bundle is evidence of."""

    id: str
    title: str
    ruleset: str
    snapshots: tuple[str, ...]
    labs: tuple[str, ...]
    recorded: bool
    left_out: int = 0


def write_bundle(
    out: BinaryIO,
    subject: Subject,
    measurements: Iterable[bytes],
    verdicts: Iterable[Verdict],
    rules: Iterable[RuleInWords],
    pages: Mapping[str, bytes],
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """Write a bundle.

    Args:
        out: where to; must be seekable.
        subject: what it is evidence of.
        measurements: lines as they were received, without newlines.
        verdicts: what was judged of them.
        rules: the rules that spoke.
        pages: files for people, by path.
        sign: makes the signature of the manifest; None leaves it unsigned.

    Returns:
        SHA-256 of the manifest, which names all the rest.
    """
    members: list[Member] = []
    leaves: list[bytes] = []

    def lines() -> Iterator[bytes]:
        for line in measurements:
            leaves.append(leaf_of(line))
            yield line + b"\n"

    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        parts: dict[str, Iterable[bytes]] = {path: [content] for path, content in pages.items()}
        parts[MEASUREMENTS] = lines()
        parts[VERDICTS] = (
            msgspec.json.encode(VerdictJson.from_verdict(verdict)) + b"\n" for verdict in verdicts
        )
        parts[RULES] = [msgspec.json.format(msgspec.json.encode(list(rules)), indent=1)]
        for path in sorted(parts):
            members.append(_add(archive, path, parts[path]))
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            subject=subject.id,
            title=subject.title,
            ruleset=subject.ruleset,
            snapshots=subject.snapshots,
            labs=subject.labs,
            recorded=subject.recorded,
            measurements=len(leaves),
            members=tuple(members),
            merkle_root=merkle_root(leaves),
            left_out=subject.left_out,
        )
        content = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        _add(archive, MANIFEST, [content])
        if sign is not None:
            _add(archive, SIGNATURE, [sign(content)])
    return hashlib.sha256(content).hexdigest()


def _add(archive: zipfile.ZipFile, path: str, chunks: Iterable[bytes]) -> Member:
    info = zipfile.ZipInfo(path, date_time=_EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    size = 0
    with archive.open(info, "w", force_zip64=True) as member:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            member.write(chunk)
    return Member(path=path, size_bytes=size, sha256=digest.hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in a bundle that is not as its manifest says."""

    path: str
    what: str


class Bundle:
    """A bundle that is being read; nothing in it is unpacked before it is asked for."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest, content: bytes) -> None:
        self._archive = archive
        self.manifest = manifest
        self.content = content
        """Bytes of the manifest, which a signature is over."""
        self.digest = hashlib.sha256(content).hexdigest()
        """SHA-256 of the manifest."""

    def problems_untrusted(self) -> list[Problem]:
        """Hold every member against the manifest; an empty list is a whole bundle."""
        problems = []
        names = [name for name in self._archive.namelist() if name not in (MANIFEST, SIGNATURE)]
        listed = {member.path for member in self.manifest.members}
        problems += [
            Problem(path=name, what="is not in the manifest") for name in sorted(set(names) - listed)
        ]
        problems += [Problem(path=name, what="is there twice") for name in sorted(_twice(names))]
        for member in self.manifest.members:
            if member.path not in names:
                problems.append(Problem(path=member.path, what="is missing"))
                continue
            try:
                digest = self._hash(member.path)
            except WireError as error:
                problems.append(Problem(path=member.path, what=error.reason))
                continue
            if digest != member.sha256:
                problems.append(Problem(path=member.path, what=f"was changed: its SHA-256 is {digest}"))
        return problems

    def signature_untrusted(self) -> bytes | None:
        """Give the member with the signature; None where there is none.

        Raises:
            WireError: it is damaged, or there twice.
        """
        count = self._archive.namelist().count(SIGNATURE)
        if count > 1:
            raise WireError("is there twice")
        try:
            with self._archive.open(SIGNATURE) as member:
                return member.read(MAX_SIGNATURE_BYTES)
        except KeyError:
            return None
        except _BROKEN as error:
            raise WireError(f"is damaged: {error}") from error

    def measurements_untrusted(self) -> Iterator[bytes]:
        """Give the measurements as they were received, one at a time.

        Raises:
            WireError: the member is damaged, or a line is too long.
        """
        yield from self._lines(MEASUREMENTS)

    def verdicts_untrusted(self) -> Iterator[Verdict]:
        """Give the verdicts.

        Raises:
            WireError: the member is damaged, or a line is no verdict.
        """
        for line in self._lines(VERDICTS):
            try:
                yield _decode_verdict(line)
            except (msgspec.DecodeError, RecursionError, ValueError) as error:
                raise WireError(f"has a line that is no verdict: {error}") from error

    def _hash(self, path: str) -> str:
        digest = hashlib.sha256()
        for chunk in self._chunks(path):
            digest.update(chunk)
        return digest.hexdigest()

    def _lines(self, path: str) -> Iterator[bytes]:
        rest = b""
        for chunk in self._chunks(path):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            if len(rest) > MAX_LINE_BYTES:
                raise WireError(f"has a line longer than {MAX_LINE_BYTES:,} bytes")
        if rest:
            yield rest

    def _chunks(self, path: str) -> Iterator[bytes]:
        read = 0
        declared = next((m.size_bytes for m in self.manifest.members if m.path == path), 0)
        try:
            with self._archive.open(path) as member:
                while chunk := member.read(_CHUNK_BYTES):
                    read += len(chunk)
                    if read > declared:
                        raise WireError("is larger than the manifest says")
                    yield chunk
        except KeyError as error:
            raise WireError("is missing") from error
        except _BROKEN as error:
            if isinstance(error, WireError):
                raise
            raise WireError(f"is damaged: {error}") from error


def _decode_verdict(line: bytes) -> Verdict:
    """Read a verdict in its JSON shape, or as bundles of 0.1.0 held it: with the AS number as an integer."""
    try:
        return _decode_shape(line).to_verdict()
    except msgspec.ValidationError:
        return _decode_as_in_0_1_0(line)


def open_bundle_untrusted(source: BinaryIO) -> Bundle:
    """Open a bundle and read its manifest.

    Raises:
        WireError: it is no bundle, or of a version that this program does not know.
    """
    try:
        archive = zipfile.ZipFile(source)
        names = archive.namelist()
        if len(names) > MAX_MEMBERS:
            raise WireError(f"more than {MAX_MEMBERS:,} files are in it")
        if MANIFEST not in names:
            raise WireError(f"there is no {MANIFEST} in it")
        with archive.open(MANIFEST) as member:
            content = member.read(MAX_MANIFEST_BYTES + 1)
    except _BROKEN as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"it is no zip archive, or a damaged one: {error}") from error
    if len(content) > MAX_MANIFEST_BYTES:
        raise WireError(f"its {MANIFEST} is larger than {MAX_MANIFEST_BYTES:,} bytes")
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise WireError(f"its {MANIFEST} is not one: {error}") from error
    if manifest.format != FORMAT or manifest.version != VERSION:
        raise WireError(
            f"it is a {manifest.format!r} of version {manifest.version}, not a {FORMAT} of {VERSION}"
        )
    if sum(member.size_bytes for member in manifest.members) > MAX_TOTAL_BYTES:
        raise WireError(f"it unpacks to more than {MAX_TOTAL_BYTES:,} bytes")
    return Bundle(archive, manifest, content)


def read_whole_untrusted(content: bytes) -> Bundle:
    """As `open_bundle_untrusted`, from memory."""
    return open_bundle_untrusted(io.BytesIO(content))


def _twice(names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]  # its None counts as false
