"""Lag of this machine and this network just now: a time-out that we caused must not accuse anybody."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_TICK_S = 0.05
_SLOW_SHARE = 0.25
"""A step that succeeds after a quarter of its time-out, or a lag of that length, makes time-outs doubtful."""
_MAX_SAMPLES = 4096
_FEW = 3
_MOST_RETESTS = 20
_LONGEST_WAIT_S = 3.0


class LagMonitor:
    """Monitor of lag and of slow steps, shared by the measurements of a session.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lags: deque[tuple[float, float]] = deque(maxlen=_MAX_SAMPLES)
        self._shares: deque[tuple[float, float]] = deque(maxlen=_MAX_SAMPLES)
        self._retesting = asyncio.Semaphore(_MOST_RETESTS)
        self._busy = 0

    async def watch(self) -> None:
        """Note by how much the event loop is late, for ever."""
        while True:
            before_s = self._clock()
            await asyncio.sleep(_TICK_S)
            lag_s = self._clock() - before_s - _TICK_S
            if lag_s > _TICK_S / 5:
                self._lags.append((self._clock(), lag_s))

    def note_step(self, took_s: float, timeout_s: float) -> None:
        """Note how long a step took that succeeded."""
        share = took_s / timeout_s
        if share > _SLOW_SHARE / 5:
            self._shares.append((self._clock(), share))

    def worst_lag_s(self, since_s: float) -> float:
        """Return the longest lag since a moment of the clock."""
        return max((lag for at, lag in self._lags if at >= since_s), default=0.0)

    def slowest_step(self, since_s: float) -> float:
        """Return the largest share of its time-out that a successful step took since a moment."""
        return max((share for at, share in self._shares if at >= since_s), default=0.0)

    def is_slow(self, timeout_s: float, since_s: float) -> bool:
        """Return whether a time-out of this length, since that moment, may have been our own doing."""
        return (
            self.worst_lag_s(since_s) >= timeout_s * _SLOW_SHARE or self.slowest_step(since_s) >= _SLOW_SHARE
        )

    @asynccontextmanager
    async def measuring(self) -> AsyncIterator[None]:
        """Count a measurement as busy."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Wait until few others are busy, but not for ever; a waiting measurement is not busy."""
        self._busy -= 1
        try:
            async with self._retesting:
                for _ in range(int(_LONGEST_WAIT_S / _TICK_S)):
                    if self._busy <= _FEW:
                        break
                    await asyncio.sleep(_TICK_S)
                await asyncio.sleep(_TICK_S * 2)
                yield
        finally:
            self._busy += 1
