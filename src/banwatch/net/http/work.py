"""Work that a client proves by a hash with leading zero bits."""

import hashlib
from itertools import count

WORK_HEADER = "banwatch-work"
PROOF_BITS = 18
"""Work of a proof: about 0.2 s of one core in Python; a thousand submissions cost minutes."""
MAX_PROOF_BITS = 24
"""Most work that a client does: about 15 s; a server that asks for more is not served."""


def has_zero_bits(challenge: str, path: str, nonce: str, bits: int) -> bool:
    """Whether the hash of a proof begins with so many zero bits."""
    digest = hashlib.sha256(f"{challenge}:{path}:{nonce}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - bits) == 0


def find_proof(asked: str, path: str) -> str | None:
    """Find the proof that a server asks for with `CHALLENGE BITS`; None where it asks for too much."""
    challenge, _, bits = asked.strip().partition(" ")
    if not challenge.isalnum() or not bits.isdecimal() or not 1 <= int(bits) <= MAX_PROOF_BITS:
        return None
    begun = hashlib.sha256(f"{challenge}:{path}:".encode())
    shift = 64 - int(bits)
    for number in count():
        nonce = f"{number:x}"
        hashed = begun.copy()
        hashed.update(nonce.encode())
        if int.from_bytes(hashed.digest()[:8], "big") >> shift == 0:
            return f"{challenge}:{nonce}"
    return None
