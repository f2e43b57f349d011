"""Proof of work: the way in for clients that share one address, such as those of an onion service.

Wire: an answer 429 carries `Banwatch-Work: CHALLENGE BITS`. The client finds a nonce such that the SHA-256 of
`CHALLENGE:PATH:NONCE` begins with BITS zero bits, and sends the request again with the header
`Banwatch-Work: CHALLENGE:NONCE`.
"""

import hashlib
import hmac
from collections.abc import Callable

from banwatch.net.http.work import PROOF_BITS, has_zero_bits

_SLOT_S = 600
"""Life of a challenge; the one before is valid too."""
_MAX_USED = 100_000
"""Proofs remembered of one challenge; past them no further ones are taken until the next."""


class ProofOfWork:
    """Challenges, and the proofs that were used.

    Args:
        key: secret that challenges are made with.
        clock: seconds.
        bits: work of a proof.
    """

    def __init__(self, key: bytes, clock: Callable[[], float], bits: int = PROOF_BITS) -> None:
        self._key = hashlib.blake2b(key, key=b"banwatch proof of work").digest()
        self._clock = clock
        self.bits = bits
        self._used: dict[str, set[str]] = {}

    def challenge(self) -> str:
        """Return the challenge of now."""
        return self._challenge(int(self._clock() // _SLOT_S))

    def accept_untrusted(self, proof: str, path: str) -> bool:
        """Whether a proof is valid for a request, and was not used before."""
        challenge, _, nonce = proof.partition(":")
        slot = int(self._clock() // _SLOT_S)
        valid = [self._challenge(slot), self._challenge(slot - 1)]
        if challenge not in valid or not 0 < len(nonce) <= 32:
            return False
        if not has_zero_bits(challenge, path, nonce, self.bits):
            return False
        self._used = {name: used for name, used in self._used.items() if name in valid}
        used = self._used.setdefault(challenge, set())
        if nonce in used or len(used) >= _MAX_USED:
            return False
        used.add(nonce)
        return True

    def _challenge(self, slot: int) -> str:
        return hmac.digest(self._key, str(slot).encode(), "sha256")[:16].hex()
