"""Signature of a bundle's manifest, and the Merkle root of its measurements.

Wire: the member `manifest.sig` is `{"public_key": "<64 hex digits>", "signature": "<128 hex digits>"}`,
Ed25519 over the bytes of `manifest.json`, which holds the count and the Merkle root of the measurements. The
tree is that of RFC 6962, section 2.1, over the lines in their order, without newlines.
"""

import hashlib
from collections.abc import Sequence

import msgspec

SIGNATURE = "manifest.sig"
MAX_SIGNATURE_BYTES = 1 << 10


class ManifestSignature(msgspec.Struct, frozen=True, kw_only=True):
    """Signature of a manifest."""

    public_key: str
    signature: str


def leaf_of(line: bytes) -> bytes:
    """Hash one measurement as a leaf of the tree."""
    return hashlib.sha256(b"\x00" + line).digest()


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Return the root of a tree in hex; of no leaves, the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").hexdigest()
    level = list(leaves)
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = paired + level[2 * len(paired) :]
    return level[0].hex()
