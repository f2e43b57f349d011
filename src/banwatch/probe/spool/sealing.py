"""Measurements sealed so that only the collector can read them, and all of a few sizes.

The probe has only the collector's public key: it cannot open what it has sealed, and neither can a person
who takes its disk. Sizes are padded to powers of two, since the size of a page identifies the page.

Wire:
    sealed  = NaCl sealed box (X25519, XSalsa20-Poly1305) of `padded`
    padded  = length of `packed` (4 bytes, big endian) | packed | zeros up to 2^n bytes, at least 4096
    packed  = zlib stream of one measurement line (JSON, no newline)
"""

import zlib
from collections.abc import Sequence

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from banwatch.model.errors import BanwatchError, WireError

KEY_BYTES = 32
SMALLEST_BYTES = 4096
_LENGTH_BYTES = 4
SEAL_BYTES = 48
"""What a sealed box adds: an ephemeral key and a tag (libsodium, crypto_box_SEALBYTES)."""
MAX_SEALED_BYTES = 64 << 20
_MAX_LINE_BYTES = 64 << 20


def make_keys() -> tuple[bytes, bytes]:
    """Make a collector's key pair: (private, public), 32 bytes each."""
    private = PrivateKey.generate()
    return bytes(private), bytes(private.public_key)


def parse_key(text: str) -> bytes:
    """Read a key as people copy it: 64 hexadecimal digits. An error never shows the text: it may be private.

    Raises:
        BanwatchError: the text is no such key.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BanwatchError(
            f"No key: 64 hexadecimal digits were expected, and {len(text.strip())} characters given",
            "Expected the collector's public key, 64 hexadecimal digits, as `banwatch spool keys` prints it.",
        )
    return key


def seal(line: bytes, public_key: bytes) -> bytes:
    """Seal one measurement line to a collector's key."""
    packed = zlib.compress(line, 6)
    size = SMALLEST_BYTES
    while size < len(packed) + _LENGTH_BYTES:
        size *= 2
    padded = (len(packed).to_bytes(_LENGTH_BYTES, "big") + packed).ljust(size, b"\0")
    return SealedBox(PublicKey(public_key)).encrypt(padded)


def unseal_untrusted(sealed: bytes, private_key: bytes, max_line_bytes: int = _MAX_LINE_BYTES) -> bytes:
    """Open what a probe sealed; the measurement line.

    Raises:
        WireError: it was not sealed to this key, or is damaged.
    """
    if len(sealed) > MAX_SEALED_BYTES:
        raise WireError("sealed measurement too long")
    try:
        padded = SealedBox(PrivateKey(private_key)).decrypt(sealed)
        length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
        unpacker = zlib.decompressobj()
        line = unpacker.decompress(padded[_LENGTH_BYTES : _LENGTH_BYTES + length], max_line_bytes)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise WireError("measurement too long, or cut")
    except (CryptoError, zlib.error, ValueError) as error:
        raise WireError(f"not sealed to this key, or damaged: {type(error).__name__}") from error
    return line


def unseal_with_any_untrusted(
    sealed: bytes, private_keys: Sequence[bytes], max_line_bytes: int = _MAX_LINE_BYTES
) -> bytes:
    """Open what a probe sealed to one of some keys; the first that opens it decides.

    Raises:
        WireError: it was sealed to none of them, or is damaged.
    """
    for key in private_keys[:-1]:
        try:
            SealedBox(PrivateKey(key)).decrypt(sealed)
        except (CryptoError, ValueError):
            continue
        return unseal_untrusted(sealed, key, max_line_bytes)
    return unseal_untrusted(sealed, private_keys[-1], max_line_bytes)
