"""File of a collector's private key, as `banwatch spool keys` makes it."""

import os
from pathlib import Path

from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.sealing import make_keys


def make_key_file(path: Path) -> bytes:
    """Make a key pair, and write the private key to a new file that its owner alone can read.

    Returns:
        The public key.

    Raises:
        BanwatchError: the file exists, or cannot be written.
    """
    private, public = make_keys()
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BanwatchError(
            f"Cannot write {path}: {error.strerror}", "Name a file that is not there yet."
        ) from error
    with os.fdopen(fd, "w") as opened:
        opened.write(private.hex() + "\n")
    return public
