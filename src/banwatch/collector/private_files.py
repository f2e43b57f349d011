"""Files that only their owner may read: keys, and what leads to people."""

import os
import stat
from pathlib import Path

from banwatch.model.errors import BanwatchError

_MAX_BYTES = 64 << 20


def read_private(path: Path) -> bytes:
    """Read a file that nobody else can read.

    Raises:
        BanwatchError: it cannot be read, or others can read it.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(_MAX_BYTES)
    except OSError as error:
        raise BanwatchError(
            f"the private file {path} cannot be read: {error.strerror}",
            "Name the right file; `banwatch collector key` makes a collector's private key",
        ) from error
    if mode & 0o077:
        raise BanwatchError(
            f"the private file {path} can be read by others (mode {mode:04o})",
            f"If nobody has seen it: chmod 600 {path}; else make another one, and tell those who rely on it",
        )
    return data


def write_private(path: Path, data: bytes, *, replace: bool) -> None:
    """Write a file whole or not at all.

    Args:
        path: of the file.
        data: its content.
        replace: whether a file that is there is replaced; if not, that one stays, and nothing is raised.

    Raises:
        BanwatchError: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, 0o600)
            file.write(data)
            file.flush()
            os.fsync(fd)
        try:
            if replace:
                os.replace(part, path)
            else:
                os.link(part, path)  # never over a file that another process made meanwhile
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        return
    except OSError as error:
        raise BanwatchError(
            f"the private file {path} cannot be written: {error.strerror}",
            "Make room or check its rights; another file for the key is named with --key",
        ) from error
