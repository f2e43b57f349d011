"""Public key of a collector, as probes pin it, with the words by which people compare it.

Both halves come from one private key: measurements are sealed to the one, and the other signs the hand-over
to the collector's next key. A key of 0.1.0 is the first half alone, and cannot hand over.

Wire: 64 hexadecimal digits (X25519), or 128 (those, and an Ed25519 key).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import msgspec
from mnemonic import Mnemonic
from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import blake2b
from nacl.public import PrivateKey
from nacl.signing import SigningKey, VerifyKey

from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.sealing import KEY_BYTES

_PERSON = b"banwatch-signing"
_WORDS_FROM_BYTES = 16
"""Bytes of the hash that twelve words stand for: 128 bits cannot be searched for a second key."""
_LONGEST_CHAIN = 64


@dataclass(frozen=True, slots=True)
class CollectorKey:
    """Public key of a collector."""

    sealing: bytes
    signing: bytes = b""
    """Key that signs the hand-over to the next one; empty in keys of 0.1.0."""

    @property
    def published(self) -> str:
        """Hexadecimal digits, as `--collector-key` takes them."""
        return (self.sealing + self.signing).hex()

    @property
    def words(self) -> str:
        """Twelve words of the BIP-39 list, from a hash of the key, for people to compare."""
        digest = hashlib.sha256(b"banwatch collector key\n" + self.sealing + self.signing).digest()
        return Mnemonic("english").to_mnemonic(digest[:_WORDS_FROM_BYTES])


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """Statement of a collector that another key follows, signed with its key."""

    old: str
    new: str
    at: str
    """Day of the change: `2026-11-28`."""
    until: str
    """Last day on which the collector opens what is sealed to the old key."""
    signature: str = ""

    def content(self) -> bytes:
        """Return the bytes that are signed."""
        return "\n".join(("banwatch hand-over 1", self.old, self.new, self.at, self.until)).encode()


class _About(msgspec.Struct, frozen=True, kw_only=True):
    public_key: str
    signing_key: str = ""
    hand_overs: tuple[HandOver, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownKey:
    """Key that a collector shows, with the hand-overs that led to it."""

    key: CollectorKey
    hand_overs: tuple[HandOver, ...] = ()


def parse_collector_key(text: str) -> CollectorKey:
    """Read a public key as people copy it. An error never shows the text: it may be private.

    Raises:
        BanwatchError: the text is no key.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) not in (KEY_BYTES, 2 * KEY_BYTES):
        raise BanwatchError(
            f"No key: 64 or 128 hexadecimal digits were expected, and {len(text.strip())} characters given",
            "Expected the collector's public key, as `banwatch collector key` prints it.",
        )
    return CollectorKey(key[:KEY_BYTES], key[KEY_BYTES:])


def public_of(private: bytes) -> CollectorKey:
    """Return the public key of a private one."""
    return CollectorKey(bytes(PrivateKey(private).public_key), bytes(_signer(private).verify_key))


def sign_hand_over(private: bytes, new: CollectorKey, at: date, until: date) -> HandOver:
    """Hand over from a private key to the key that follows it."""
    draft = HandOver(
        old=public_of(private).published, new=new.published, at=at.isoformat(), until=until.isoformat()
    )
    signature = _signer(private).sign(draft.content()).signature.hex()
    return msgspec.structs.replace(draft, signature=signature)


def read_shown_untrusted(body: bytes) -> ShownKey | None:
    """Read the key in what a collector says about itself; None where there is none."""
    try:
        about = msgspec.json.decode(body, type=_About)
        return ShownKey(parse_collector_key(about.public_key + about.signing_key), about.hand_overs)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BanwatchError):
        return None


def leads_to(pinned: CollectorKey, shown: ShownKey) -> bool:
    """Whether a pinned key is the one that is shown, or handed over to it in signed steps."""
    signed = {one.old: one for one in shown.hand_overs[-_LONGEST_CHAIN:] if _is_signed(one)}
    key = pinned
    for _ in range(_LONGEST_CHAIN):
        if key.sealing == shown.key.sealing:
            return not (key.signing and shown.key.signing) or key.signing == shown.key.signing
        step = signed.get(key.published)
        if step is None:
            return False
        key = parse_collector_key(step.new)
    return False


def parse_hand_overs(data: bytes) -> tuple[HandOver, ...]:
    """Read the hand-overs that a collector keeps.

    Raises:
        BanwatchError: the file is damaged.
    """
    try:
        return msgspec.json.decode(data, type=tuple[HandOver, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BanwatchError(
            f"the list of hand-overs is damaged: {error}", "Take it from a backup, or delete it"
        ) from error


def render_hand_overs(hand_overs: Iterable[HandOver]) -> bytes:
    """Write hand-overs, as `parse_hand_overs` reads them."""
    return msgspec.json.encode(list(hand_overs)) + b"\n"


def _is_signed(one: HandOver) -> bool:
    """Whether a hand-over is signed by its old key, and names a new one."""
    try:
        parse_collector_key(one.new)
        VerifyKey(parse_collector_key(one.old).signing).verify(one.content(), bytes.fromhex(one.signature))
    except (BanwatchError, CryptoError, ValueError, TypeError):
        return False
    return True


def _signer(private: bytes) -> SigningKey:
    return SigningKey(blake2b(private, digest_size=KEY_BYTES, person=_PERSON, encoder=RawEncoder))
