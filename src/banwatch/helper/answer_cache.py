"""Cache of recent answers; callers that ask for the same at once share one measurement."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

_MAX_ENTRIES = 4096


class AnswerCache:
    """Cache of results, for a short time.

    Args:
        keep_s: how long; with 0 every question is looked into anew.
        clock: seconds.
    """

    def __init__(self, keep_s: float, clock: Callable[[], float]) -> None:
        self._keep_s = keep_s
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, asyncio.Future[object]]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[object]]) -> object:
        """Return the result for a key, made now if it is not cached."""
        if self._keep_s <= 0:
            return await make()
        now_s = self._clock()
        kept = self._kept.get(key)
        if kept is None or now_s - kept[0] > self._keep_s or kept[1].cancelled():
            self._forget(now_s)
            kept = (now_s, asyncio.ensure_future(make()))
            self._kept[key] = kept
        return await asyncio.shield(kept[1])  # the first caller may leave; others still wait for the result

    def close(self) -> None:
        """Drop everything, also what is still being made."""
        for _, kept in self._kept.values():
            kept.cancel()
        self._kept.clear()

    def _forget(self, now_s: float) -> None:
        if len(self._kept) < _MAX_ENTRIES:
            return
        self._kept = {key: kept for key, kept in self._kept.items() if now_s - kept[0] <= self._keep_s}
        if len(self._kept) >= _MAX_ENTRIES:
            self._kept.clear()
