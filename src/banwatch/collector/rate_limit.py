"""How much each client may send, without knowing who it is."""

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

FORGET_S = 24 * 3600
"""After this the secret is thrown away, and with it the last trace of who sent what."""
_CLIENTS_KEPT = 50_000
_PIECE_BYTES = 256 << 10
"""A submission costs one, and one more for each of these."""


class RateLimit:
    """Buckets of tokens by a hash of the client's address; its key is random, and only in memory.

    Args:
        per_minute: what a client may send for long; 0 is any amount.
        burst: what it may send at once.
        clock: seconds that only go forward.
    """

    def __init__(
        self, per_minute: int, burst: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate_s = per_minute / 60
        self._burst = float(burst if burst is not None else 2 * per_minute)
        self._clock = clock
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._renew()

    def _renew(self) -> None:
        self._key = secrets.token_bytes(32)
        self._buckets.clear()
        self._renewed_at = self._clock()

    def wait_s(self, address: str) -> float:
        """How long a client has to wait; 0 where it may send now."""
        if not self._rate_s:
            return 0.0
        tokens = self._tokens(self._client(address))
        return 0.0 if tokens > 0 else (1 - tokens) / self._rate_s

    def charge(self, address: str, size_bytes: int) -> None:
        """Count what a client has sent; more than it had left delays its next."""
        if not self._rate_s:
            return
        client = self._client(address)
        self._buckets[client] = (
            self._tokens(client) - 1 - size_bytes / _PIECE_BYTES,
            self._clock(),
        )
        self._buckets.move_to_end(client)
        while len(self._buckets) > _CLIENTS_KEPT:
            self._buckets.popitem(last=False)

    def _tokens(self, client: bytes) -> float:
        tokens, at = self._buckets.get(client, (self._burst, self._clock()))
        return min(self._burst, tokens + (self._clock() - at) * self._rate_s)

    def _client(self, address: str) -> bytes:
        if self._clock() - self._renewed_at > FORGET_S:
            self._renew()
        try:
            ip = ipaddress.ip_address(address)
            network = ip.packed[:7] if ip.version == 6 else ip.packed  # who has IPv6 has a /56 of it
        except ValueError:
            network = b""  # a socket without addresses: all of them together
        return hashlib.blake2b(network, key=self._key, digest_size=16).digest()
