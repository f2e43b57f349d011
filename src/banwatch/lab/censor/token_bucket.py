"""Token bucket of a throttled flow or path: polices (drops) or shapes (delays)."""

from dataclasses import dataclass

from banwatch.lab.regime.effect import Throttle


@dataclass(slots=True)
class TokenBucket:
    """Token bucket, for policing and shaping."""

    throttle: Throttle
    tokens: float = 0.0
    filled_at_s: float | None = None
    busy_until_s: float = 0.0

    def delay_s(self, size_bytes: int, now_s: float) -> float | None:
        """Return how long a packet has to wait; None where it is dropped."""
        rate = self.throttle.kbit_s * 1000 / 8  # bytes a second
        if self.throttle.shaping:
            start = max(now_s, self.busy_until_s)
            if (start - now_s) * rate > max(self.throttle.burst_bytes, 64_000):
                return None  # no queue is endless
            self.busy_until_s = start + size_bytes / rate
            return self.busy_until_s - now_s
        if self.filled_at_s is None:
            self.tokens = self.throttle.burst_bytes
        else:
            gained = max(0.0, now_s - self.filled_at_s) * rate
            self.tokens = min(self.throttle.burst_bytes, self.tokens + gained)
        self.filled_at_s = now_s
        if self.tokens < size_bytes:
            return None
        self.tokens -= size_bytes
        return 0.0
