"""Opening of sealed measurements, on the collector's side."""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from banwatch.model.errors import BanwatchError, WireError
from banwatch.probe.spool.key_file import PrivateKeys, parse_private_keys
from banwatch.probe.spool.sealing import MAX_SEALED_BYTES, unseal_with_any_untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A sealed measurement after the attempt to open it."""

    name: str
    line: bytes = b""
    """The measurement; empty where it could not be opened."""
    damage: str = ""
    """Why it could not be opened."""


def read_private_keys(path: Path) -> PrivateKeys:
    """Read the collector's private keys.

    Raises:
        BanwatchError: the file cannot be read, or holds no key.
    """
    try:
        return parse_private_keys(path.read_text("ascii", "replace"))
    except OSError as error:
        raise BanwatchError(
            f"Cannot read {path}: {error.strerror}", "Name the private key's file."
        ) from error


def open_sealed(keys: Sequence[bytes], bundles: Sequence[Path]) -> Iterator[Opened]:
    """Open every measurement of some bundles and sealed files, each name once, with any of some keys.

    Raises:
        BanwatchError: a file cannot be read.
    """
    seen: set[str] = set()
    for name, sealed in _read_sealed(bundles):
        if name in seen:
            continue
        seen.add(name)
        try:
            yield Opened(name=name, line=unseal_with_any_untrusted(sealed, keys))
        except WireError as error:
            yield Opened(name=name, damage=error.reason)


def _read_sealed(bundles: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for path in bundles:
        try:
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as bundle:
                    for entry in bundle.infolist():
                        if entry.file_size <= MAX_SEALED_BYTES:
                            yield entry.filename.rpartition("/")[2], bundle.read(entry)
            else:
                yield path.name.removesuffix(".sealed"), path.read_bytes()
        except (OSError, zipfile.BadZipFile) as error:
            raise BanwatchError(f"Cannot read {path}: {error}", "Name files that `export` wrote.") from error
