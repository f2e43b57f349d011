"""Rate limit for each client, by a hash that does not identify it."""

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

FORGET_S = 24 * 3600
"""Life of the secret key; with it, the last trace of a client is deleted."""
_CLIENTS_KEPT = 50_000
_PIECE_BYTES = 256 << 10
"""A submission costs one token, and one more for so many bytes."""


class RateLimit:
    """Token buckets by a keyed hash of the client's address; the key is random, and only in memory.

    Args:
        per_minute: sustained submissions of a client; 0 is any number.
        burst: submissions that it may send at once.
        clock: monotonic time in seconds.
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
        """Return the seconds that a client has to wait; 0 where it may send now."""
        if not self._rate_s:
            return 0.0
        tokens = self._tokens(self._client(address))
        return 0.0 if tokens > 0 else (1 - tokens) / self._rate_s

    def charge(self, address: str, size_bytes: int) -> None:
        """Charge a client for a submission; one that costs more than it has left delays its next."""
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
            network = ip.packed[:7] if ip.version == 6 else ip.packed  # an IPv6 subscriber has a /56
        except ValueError:
            network = b""  # a socket without addresses: all its clients together
        return hashlib.blake2b(network, key=self._key, digest_size=16).digest()
