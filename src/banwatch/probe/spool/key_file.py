"""File of a collector's private keys: the current one, and older ones that still open.

Wire: a line of 64 hexadecimal digits, as `banwatch spool keys` writes it; after rotations further lines, each
an older key with its last day: `<64 digits> until 2027-02-26`.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.collector_key import CollectorKey, public_of
from banwatch.probe.spool.sealing import make_keys

_OLDER = re.compile(r"([0-9a-fA-F]{64}) until (\d{4}-\d{2}-\d{2})", re.ASCII)
_CURRENT = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    """Private keys of a collector. Neither `repr` nor an error shows one."""

    current: bytes
    older: tuple[tuple[bytes, date], ...] = ()
    """Earlier keys, the latest first, each with the last day on which it opens."""

    def __repr__(self) -> str:
        return f"PrivateKeys({1 + len(self.older)})"

    def opening(self, today: date) -> tuple[bytes, ...]:
        """Return the keys that open what is sealed, on a day."""
        return (self.current, *(key for key, until in self.older if today <= until))


def parse_private_keys(text: str) -> PrivateKeys:
    """Read the lines of a key file. An error never shows them.

    Raises:
        BanwatchError: they are no keys.
    """
    first, *rest = text.strip().splitlines() or [""]
    found = [_OLDER.fullmatch(line.strip()) for line in rest]
    older = [match for match in found if match is not None]
    try:
        if len(older) == len(rest) and _CURRENT.fullmatch(first.strip()):
            ends = ((bytes.fromhex(match[1]), date.fromisoformat(match[2])) for match in older)
            return PrivateKeys(bytes.fromhex(first), tuple(ends))
    except ValueError:
        pass  # a day that there is not
    raise BanwatchError(
        "No private key: 64 hexadecimal digits were expected",
        "Expected a file as `banwatch spool keys` writes it.",
    )


def render_private_keys(keys: PrivateKeys) -> bytes:
    """Write a key file."""
    lines: Sequence[str] = [
        keys.current.hex(),
        *(f"{key.hex()} until {until.isoformat()}" for key, until in keys.older),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def make_key_file(path: Path) -> CollectorKey:
    """Make a key pair, and write the private key to a new file that its owner alone can read.

    Returns:
        The public key.

    Raises:
        BanwatchError: the file exists, or cannot be written.
    """
    private, _ = make_keys()
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BanwatchError(
            f"Cannot write {path}: {error.strerror}", "Name a file that is not there yet."
        ) from error
    with os.fdopen(fd, "wb") as opened:
        opened.write(render_private_keys(PrivateKeys(private)))
    return public_of(private)
