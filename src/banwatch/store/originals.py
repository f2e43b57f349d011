"""Hashes of lines as they came, for those from which the address of a probe was taken out.

Wire: `<database>.originals`, one line a measurement: its id, a space, SHA-256 in hex of the line as it came.
The file is for the operator alone (0600) and lies outside of the archive, which is given away: by trying
every address, a hash of the original gives the address back.
"""

import os
from collections.abc import Mapping
from pathlib import Path

_NAME_ENDS = ".archive"


def path_of_originals(archive: Path) -> Path:
    """Return the path of the file for an archive, whether or not it exists."""
    return archive.with_name(archive.name.removesuffix(_NAME_ENDS) + ".originals")


def note_originals(archive: Path, hashes: Mapping[str, str]) -> None:
    """Append the hashes of some measurements, by id; one that stands there already is appended once more."""
    if not hashes:
        return
    handle = os.open(path_of_originals(archive), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.writelines(f"{uid} {digest}\n" for uid, digest in hashes.items())
        file.flush()
        os.fsync(file.fileno())


def read_originals(archive: Path) -> dict[str, str]:
    """Read the hashes by id; none where no address was ever taken out."""
    try:
        text = path_of_originals(archive).read_text(encoding="ascii")
    except FileNotFoundError:
        return {}
    pairs = (line.split(" ") for line in text.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
