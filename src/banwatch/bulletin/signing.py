"""Keys of a publisher (Ed25519): what it publishes is signed, and whoever has its public key can tell."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from banwatch.collector.private_files import read_private, write_private
from banwatch.formats.signed_manifest import ManifestSignature
from banwatch.model.errors import BanwatchError

_KEY_BYTES = 32


class PublisherKey:
    """Key pair of a publisher."""

    def __init__(self, private: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private)

    @property
    def public(self) -> str:
        """Public key in 64 hexadecimal digits."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, manifest: bytes) -> bytes:
        """Sign the bytes of a manifest, as the member of a bundle."""
        return msgspec.json.encode(
            ManifestSignature(public_key=self.public, signature=self._key.sign(manifest).hex())
        )


def load_publisher_key(path: Path, *, make: bool) -> PublisherKey:
    """Read the private key of a publisher.

    Args:
        path: of the file: 64 hexadecimal digits, for its owner alone.
        make: create the file where it does not exist.

    Raises:
        BanwatchError: the file cannot be read or written, can be read by others, or is no key.
    """
    if make and not path.exists():
        write_private(
            path, Ed25519PrivateKey.generate().private_bytes_raw().hex().encode() + b"\n", replace=False
        )
    private = _parse_hex(read_private(path).decode("ascii", "replace"))
    if private is None:
        raise BanwatchError(f"{path} holds no private key", "Expected 64 hexadecimal digits")
    return PublisherKey(private)


def signing_with(path: Path | None, *, announce: Callable[[str], None]) -> Callable[[bytes], bytes] | None:
    """Return the function that signs with a publisher's key; None where no file is given.

    Args:
        path: of the key's file, which is made where it does not exist.
        announce: called with the public key.

    Raises:
        BanwatchError: see `load_publisher_key`.
    """
    if path is None:
        return None
    key = load_publisher_key(path, make=True)
    announce(key.public)
    return key.sign


def parse_public_key(text: str) -> str:
    """Parse a public key, as it is or in a file.

    Raises:
        BanwatchError: it is none.
    """
    path = Path(text)
    if len(text) != 2 * _KEY_BYTES and path.is_file():
        text = path.read_text("ascii", "replace")
    parsed = _parse_hex(text)
    if parsed is None:
        raise BanwatchError(
            f"no public key: {text[:80]!r}", "Expected 64 hexadecimal digits, or a file of them"
        )
    return parsed.hex()


def signer_of_untrusted(member: bytes, manifest: bytes) -> str | None:
    """Return the public key that signed a manifest; None where the signature does not hold."""
    try:
        found = msgspec.json.decode(member, type=ManifestSignature)
        public = _parse_hex(found.public_key)
        if public is None:
            return None
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(found.signature), manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, InvalidSignature):
        return None
    return public.hex()


def _parse_hex(text: str) -> bytes | None:
    try:
        data = bytes.fromhex(text.strip())
    except ValueError:
        return None
    return data if len(data) == _KEY_BYTES else None
