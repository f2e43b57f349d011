"""Rate limit for each client, by hashes that do not identify it."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from banwatch.net.http.clients import groups_of

FORGET_S = 24 * 3600
"""Life of the secret key; with it, the last trace of a client is deleted."""
_CLIENTS_KEPT = 50_000
_PIECE_BYTES = 256 << 10
"""A submission costs one token, and one more for so many bytes."""


class RateLimit:
    """Token buckets by keyed hashes of the client's address; the key is random, and only in memory.

    An IPv6 client draws from the buckets of its /56, /48 and /32, so that many prefixes of one provider have
    a falling share each.

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

    def name_of(self, address: str) -> bytes:
        """Name a client by a hash of the smallest group of its address, for other limits."""
        return self._buckets_of(address)[0][0]

    def wait_s(self, address: str) -> float:
        """Return the seconds that a client has to wait; 0 where it may send now."""
        if not self._rate_s:
            return 0.0
        waits = []
        for bucket, share in self._buckets_of(address):
            tokens = self._tokens(bucket, share)
            waits.append(0.0 if tokens > 0 else (1 - tokens) / (self._rate_s * share))
        return max(waits)

    def charge(self, address: str, size_bytes: int) -> None:
        """Charge a client for a submission; one that costs more than it has left delays its next."""
        if not self._rate_s:
            return
        for bucket, share in self._buckets_of(address):
            left = self._tokens(bucket, share) - 1 - size_bytes / _PIECE_BYTES
            self._buckets[bucket] = (left, self._clock())
            self._buckets.move_to_end(bucket)
        while len(self._buckets) > _CLIENTS_KEPT:
            self._buckets.popitem(last=False)

    def _tokens(self, bucket: bytes, share: int) -> float:
        tokens, at = self._buckets.get(bucket, (self._burst * share, self._clock()))
        return min(self._burst * share, tokens + (self._clock() - at) * self._rate_s * share)

    def _buckets_of(self, address: str) -> list[tuple[bytes, int]]:
        if self._clock() - self._renewed_at > FORGET_S:
            self._renew()
        return [
            (hashlib.blake2b(group.prefix, key=self._key, digest_size=16).digest(), group.share)
            for group in groups_of(address)
        ]
