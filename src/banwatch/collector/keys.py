"""Keys of a collector: private ones in a file for its owner alone, public ones for probes.

The private keys may be on another machine; then measurements are kept sealed, and
`observatory.open_sealed` opens them there.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path

from banwatch.collector.private_files import read_private, write_private
from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.collector_key import (
    CollectorKey,
    HandOver,
    parse_hand_overs,
    public_of,
    render_hand_overs,
    sign_hand_over,
)
from banwatch.probe.spool.key_file import PrivateKeys, parse_private_keys, render_private_keys
from banwatch.probe.spool.sealing import make_keys

OVERLAP = timedelta(days=90)
"""Time that an old key still opens: probes deliver what they sealed before they heard of the new one."""
_HAND_OVERS, _REPORTS = ".hand-overs", ".reports"


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys with which a collector works. `repr` shows no secret."""

    public: CollectorKey
    private: tuple[bytes, ...] = field(repr=False)
    """Keys that open what is sealed, the current one first; empty where they are on another machine."""
    report_secret: bytes = field(repr=False)
    """Secret that ids of reports are made with: it outlives the other keys, since ids do."""
    hand_overs: tuple[HandOver, ...] = ()

    @property
    def published(self) -> str:
        """Public key in the form that `--collector-key` takes."""
        return self.public.published


@dataclass(frozen=True, slots=True)
class Rotation:
    """New key of a collector."""

    public: CollectorKey
    until: date
    """Last day on which the old key opens."""


def key_path(store: str | Path, archive: Path) -> Path:
    """Return the default path of the private key of a store's collector."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".collector-key")


def load_keys(path: Path, *, make: bool, today: date = date.min) -> Keys:
    """Read the private keys, with the hand-overs beside them.

    Args:
        path: of the file, as `banwatch spool keys` writes it.
        make: create the file where it does not exist.
        today: older keys that end before this day are left out.

    Raises:
        BanwatchError: the file does not exist, is no key, can be read by others, or cannot be written.
    """
    if make and not path.exists():
        write_private(path, render_private_keys(PrivateKeys(make_keys()[0])), replace=False)
    keys = _read(path)
    secret = path.with_name(path.name + _REPORTS)
    return Keys(
        public_of(keys.current),
        keys.opening(today),
        read_private(secret) if secret.exists() else _report_secret_of(keys.current),
        _read_hand_overs(path),
    )


def public_keys(public: CollectorKey, path: Path) -> Keys:
    """Return the keys of a collector whose private key is on another machine.

    Args:
        public: its public key.
        path: where the private key would be; hand-overs and the secret of report ids are beside it.

    Raises:
        BanwatchError: a file cannot be read or written.
    """
    secret = path.with_name(path.name + _REPORTS)
    if not secret.exists():
        write_private(secret, secrets.token_bytes(64), replace=False)
    return Keys(public, (), read_private(secret), _read_hand_overs(path))


def rotate_key(path: Path, today: date) -> Rotation:
    """Make a new private key; the old one opens for `OVERLAP` more, and signs that the new one follows.

    Keys whose time is over are removed. The hand-over is written first: it harms nobody if the rest fails.

    Raises:
        BanwatchError: the file is no key, or cannot be written.
    """
    keys = _read(path)
    private, until = make_keys()[0], today + OVERLAP
    secret = path.with_name(path.name + _REPORTS)
    if not secret.exists():
        write_private(secret, _report_secret_of(keys.current), replace=False)
    signed = sign_hand_over(keys.current, public_of(private), today, until)
    hand_overs = (*_read_hand_overs(path), signed)
    write_private(path.with_name(path.name + _HAND_OVERS), render_hand_overs(hand_overs), replace=True)
    older = tuple(one for one in keys.older if today <= one[1])
    rotated = replace(keys, current=private, older=((keys.current, until), *older))
    write_private(path, render_private_keys(rotated), replace=True)
    return Rotation(public_of(private), until)


def _read(path: Path) -> PrivateKeys:
    text = read_private(path).decode("ascii", "replace")
    try:
        return parse_private_keys(text)
    except BanwatchError as error:
        raise BanwatchError(
            f"{path} holds no private key", "Expected 64 hexadecimal digits, as `banwatch spool keys` writes"
        ) from error


def _read_hand_overs(path: Path) -> tuple[HandOver, ...]:
    """Read hand-overs; those whose writing was cut off before the key's lead nowhere, and harm nobody."""
    beside = path.with_name(path.name + _HAND_OVERS)
    return parse_hand_overs(beside.read_bytes()) if beside.exists() else ()


def _report_secret_of(private: bytes) -> bytes:
    return blake2b(private, key=b"banwatch report ids").digest()
