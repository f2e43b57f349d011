"""Tokens: who may moderate and write through the API, in an append-only file beside the database.

A token is shown once, when it is made. The file holds its id, the hash of its secret, its scopes and its end,
so that who reads the file can use none of them. The secret has 256 random bits: a plain hash is enough.

Wire: `<database>.tokens.jsonl`, a line a token (`{"type": "made", ...}`) and a line a revocation (`{"type":
"revoked", ...}`). Readable by its owner alone.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.store.reports import reports_path

_PREFIX = "bw"
_MOST_TOKENS = 10_000
MAX_DAYS = 3_650
"""Longest life of a token."""


class TokenScope(StrEnum):
    """Permission that a token gives its bearer."""

    MODERATE = "moderate"
    """Read readers' reports that wait, and accept or reject them."""
    WRITE = "write"
    """Bring in signals of other observatories, and scores of accuracy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Permission that was given out, without its secret."""

    token_id: str
    scopes: tuple[TokenScope, ...]
    note: str
    """Whom it was given to, in the operator's words."""
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it may be used."""
        return self.revoked_at is None and now < self.expires_at


class _Made(msgspec.Struct, frozen=True, kw_only=True, tag="made", tag_field="type"):
    token_id: str
    secret_sha256: str
    scopes: tuple[TokenScope, ...]
    note: str
    made_at: datetime
    expires_at: datetime


class _Revoked(msgspec.Struct, frozen=True, kw_only=True, tag="revoked", tag_field="type"):
    token_id: str
    revoked_at: datetime


_LINE = msgspec.json.Decoder(_Made | _Revoked)


class TokenBook:
    """Tokens of one store. Any number of processes may read and write them; a revocation holds at once.

    Args:
        path: of the file, which the first token creates.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(
        self,
        scopes: Sequence[TokenScope],
        *,
        note: str,
        days: int,
        now: datetime,
        new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> tuple[Token, str]:
        """Make a token, and return it with the text that its bearer sends, which is nowhere else.

        Raises:
            BanwatchError: it would hold for no time or too long, has no scope, or cannot be kept.
        """
        if not scopes or not 0 < days <= MAX_DAYS:
            raise BanwatchError(
                "no such token can be made", f"Name a scope, and from 1 to {MAX_DAYS:,} days of life"
            )
        secret = new_secret()
        made = _Made(
            token_id=secrets.token_hex(6),
            secret_sha256=_hash(secret),
            scopes=tuple(sorted(set(scopes))),
            note=note,
            made_at=now,
            expires_at=now + timedelta(days=days),
        )
        with self._locked() as descriptor:
            if len(_fold(_whole(descriptor))) >= _MOST_TOKENS:
                raise BanwatchError(f"{self.path} is full", "Move it away, which ends every token in it")
            _append(descriptor, made)
        return _token(made, None), f"{_PREFIX}_{made.token_id}_{secret}"

    def revoke(self, token_id: str, now: datetime) -> Token:
        """End a token.

        Raises:
            BanwatchError: there is none of this id, or the file cannot be written.
        """
        with self._locked() as descriptor:
            made, revoked_at = _fold(_whole(descriptor)).get(token_id, (None, None))
            if made is None:
                raise BanwatchError(f"no token is called {token_id!r}", "`banwatch tokens ls` names them")
            if revoked_at is None:
                _append(descriptor, _Revoked(token_id=token_id, revoked_at=now))
            return _token(made, revoked_at or now)

    def tokens(self) -> Sequence[Token]:
        """List every token in the order in which they were made.

        Raises:
            BanwatchError: the file cannot be read.
        """
        return [_token(made, revoked_at) for made, revoked_at in self._read().values()]

    def check(self, text: str, now: datetime) -> Token | None:
        """Return the token that a bearer sent; None where it does not hold."""
        prefix, _, rest = text.partition("_")
        token_id, _, secret = rest.partition("_")
        made, revoked_at = self._read().get(token_id, (None, None))
        expected = made.secret_sha256 if made is not None else ""
        if prefix != _PREFIX or made is None or not hmac.compare_digest(_hash(secret), expected):
            return None
        token = _token(made, revoked_at)
        return token if token.holds(now) else None

    def _read(self) -> dict[str, tuple[_Made, datetime | None]]:
        try:
            return _fold(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BanwatchError(f"{self.path} cannot be read: {error.strerror}", "Mend it") from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise BanwatchError(
                f"{self.path} cannot be written: {error.strerror}", "Mend that, and say it again"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def tokens_path(reports: Path) -> Path:
    """Return the path of a store's tokens, which lie beside its readers' reports."""
    return reports.with_name(reports.name.removesuffix(".reports.jsonl") + ".tokens.jsonl")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _token(made: _Made, revoked_at: datetime | None) -> Token:
    return Token(
        token_id=made.token_id,
        scopes=made.scopes,
        note=made.note,
        made_at=made.made_at.astimezone(UTC),
        expires_at=made.expires_at.astimezone(UTC),
        revoked_at=revoked_at.astimezone(UTC) if revoked_at is not None else None,
    )


def _whole(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


def _append(descriptor: int, line: _Made | _Revoked) -> None:
    """Write a line, behind the rest of one that a crash cut short, and wait until it is on the disk."""
    cut = _whole(descriptor)
    before = b"\n" if cut and not cut.endswith(b"\n") else b""
    os.write(descriptor, before + msgspec.json.encode(line) + b"\n")
    os.fsync(descriptor)


def _fold(data: bytes) -> dict[str, tuple[_Made, datetime | None]]:
    found: dict[str, tuple[_Made, datetime | None]] = {}
    for text in data.splitlines():
        try:
            line = _LINE.decode(text)
        except msgspec.DecodeError:
            continue  # cut short by a crash, so nobody was given it
        if isinstance(line, _Made):
            found[line.token_id] = (line, None)
        elif line.token_id in found:
            found[line.token_id] = (found[line.token_id][0], line.revoked_at)
    return found


def book_of(store: str | Path) -> TokenBook:
    """Open the tokens of a store."""
    return TokenBook(tokens_path(reports_path(store)))


def make_token(store: str, scopes: Sequence[str], *, note: str, days: int) -> tuple[Token, str]:
    """Make a token for a store; see `TokenBook.make`.

    Raises:
        BanwatchError: there is no such scope.
    """
    unknown = sorted(set(scopes) - set(TokenScope))
    if unknown:
        raise BanwatchError(f"{unknown[0]!r} is no scope", f"Scopes are {' and '.join(TokenScope)}")
    wanted = [TokenScope(scope) for scope in scopes]
    return book_of(store).make(wanted, note=note, days=days, now=datetime.now(UTC))


def list_tokens(store: str) -> Sequence[Token]:
    """List the tokens of a store."""
    return book_of(store).tokens()


def revoke_token(store: str, token_id: str) -> Token:
    """End a token of a store."""
    return book_of(store).revoke(token_id, datetime.now(UTC))
