"""Keys of named sources: a token that a probe of our own or a partner sends gives its class.

Wire: `<database>.sources.jsonl` beside the store, for its owner alone; a line is `{"class": "partner",
"name": "...", "sha256": "<hash of the token>"}`. The token itself is printed once, and never kept.
"""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.model.receipt import SourceClass

NAMED_CLASSES = (SourceClass.OWN, SourceClass.PARTNER)
_NAME = re.compile(r"[A-Za-z0-9 ._-]{1,64}")
_TOKEN_BYTES = 32


class SourceKey(msgspec.Struct, frozen=True, kw_only=True, rename={"source_class": "class"}):
    """Named source with the hash of its token."""

    source_class: SourceClass
    name: str
    sha256: str


def source_keys_path(archive: Path) -> Path:
    """Return the path of the keys of a store's sources, beside its archive."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".sources.jsonl")


def read_source_keys(path: Path) -> tuple[SourceKey, ...]:
    """Read the keys; none where there is no file.

    Raises:
        BanwatchError: the file cannot be read, or a line of it is no key.
    """
    if not path.exists():
        return ()
    try:
        keys = tuple(
            msgspec.json.decode(line, type=SourceKey)
            for line in path.read_bytes().splitlines()
            if line.strip()
        )
    except (OSError, msgspec.DecodeError) as error:
        raise BanwatchError(f"{path} cannot be read: {error}", "Mend the line, or take it out") from error
    wrong = [key.name for key in keys if key.source_class not in NAMED_CLASSES]
    if wrong:
        raise BanwatchError(f"{path}: {wrong[0]!r} has no class of its own", "Use own or partner")
    return keys


def admit_source(path: Path, source_class: SourceClass, name: str) -> str:
    """Add a named source, and return its new token.

    Raises:
        BanwatchError: the class or the name is malformed, or the file cannot be written.
    """
    if source_class not in NAMED_CLASSES:
        raise BanwatchError(f"nobody is admitted as {source_class}", "Use own or partner")
    if not _NAME.fullmatch(name):
        raise BanwatchError(f"{name[:64]!r} is no name for a source", "Use letters, digits, spaces, . _ -")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    key = SourceKey(source_class=source_class, name=name, sha256=hashlib.sha256(token.encode()).hexdigest())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(msgspec.json.encode(key) + b"\n")
    except OSError as error:
        raise BanwatchError(f"{path} cannot be written: {error.strerror}", "Check its rights") from error
    return token


def class_of_token(token: str, keys: tuple[SourceKey, ...]) -> SourceClass:
    """Return the class that a token gives; anonymous where it gives none."""
    digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    found = [key.source_class for key in keys if hmac.compare_digest(key.sha256, digest)]
    return found[0] if token and found else SourceClass.ANONYMOUS
