"""The ECH extension of a ClientHello (draft-ietf-tls-esni), as sent by clients without a key of the server.

*GREASE*: the extension with random bytes. An observer without the server's key cannot tell it from a real
one.
"""

import random

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

ENCRYPTED_CLIENT_HELLO = 0xFE0D
GREASE = "GREASE"
"""OONI's value in place of a configuration (ts-039)."""
_OUTER = 0
_HKDF_SHA256, _AES_128_GCM = 1, 1
_TAG_BYTES = 16
_LENGTHS = (128, 160, 192, 224)
"""Size of the inner ClientHello's place, padded to a multiple of 32 as browsers do."""


def make_grease(rng: random.Random) -> tuple[int, bytes]:
    """Return the extension's type and content.

    Wire:
        type(1) = outer, kdf(2), aead(2), config id(1), enc<2>, payload<2>  (section 5)
    """
    encapsulated = X25519PrivateKey.generate().public_key().public_bytes_raw()
    payload = rng.randbytes(rng.choice(_LENGTHS) + _TAG_BYTES)
    content = bytes([_OUTER]) + _HKDF_SHA256.to_bytes(2, "big") + _AES_128_GCM.to_bytes(2, "big")
    content += bytes([rng.randrange(256)])
    content += len(encapsulated).to_bytes(2, "big") + encapsulated
    return ENCRYPTED_CLIENT_HELLO, content + len(payload).to_bytes(2, "big") + payload
