"""Key pair of a collector: the private key in a file for its owner alone, the public one for probes."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from nacl.public import PrivateKey

from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.sealing import make_keys, parse_key


@dataclass(frozen=True, slots=True)
class Keys:
    """Private and public key, 32 bytes each."""

    private: bytes
    public: bytes

    @property
    def published(self) -> str:
        """Public key in the form that `--collector-key` takes."""
        return self.public.hex()


def key_path(store: str | Path, archive: Path) -> Path:
    """Return the default path of the private key of a store's collector."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".collector-key")


def load_keys(path: Path, *, make: bool) -> Keys:
    """Read the private key.

    Args:
        path: of the file, as `banwatch spool keys` writes it.
        make: create the file where it does not exist.

    Raises:
        BanwatchError: the file does not exist, is no key, can be read by others, or cannot be written.
    """
    if make and not path.exists():
        _write(path, make_keys()[0])
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(1024).decode("ascii", "replace")
    except OSError as error:
        raise BanwatchError(
            f"the collector's private key {path} cannot be read: {error.strerror}",
            "Make one with `banwatch collector key`, or name the file that `banwatch spool keys` wrote",
        ) from error
    if mode & 0o077:
        raise BanwatchError(
            f"the collector's private key {path} can be read by others (mode {mode:04o})",
            f"If nobody has seen it: chmod 600 {path}; else make another one, and tell the probes",
        )
    try:
        private = parse_key(text)
    except BanwatchError as error:
        raise BanwatchError(
            f"{path} holds no private key", "Expected 64 hexadecimal digits, as `banwatch spool keys` writes"
        ) from error
    return Keys(private, bytes(PrivateKey(private).public_key))


def _write(path: Path, private: bytes) -> None:
    """Write a key whole or not at all, and never over another one."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            os.fchmod(fd, 0o600)
            file.write(private.hex() + "\n")
            file.flush()
            os.fsync(fd)
        try:
            os.link(part, path)  # unlike a rename, never over a key that another process made meanwhile
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        return
    except OSError as error:
        raise BanwatchError(
            f"the collector's private key {path} cannot be written: {error.strerror}",
            "Name another file with --key",
        ) from error
