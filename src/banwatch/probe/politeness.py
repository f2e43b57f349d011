"""Never two at the same time to one address or one registrable domain."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class KeyedLock:
    """A lock for every key, made when wanted and forgotten when free."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Hold a key's lock."""
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[key]
            if waiting == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, waiting - 1)


class Politeness:
    """What one session holds while it talks to somebody.

    No two measurements can wait for each other: a domain is held for one hop of redirects, an address for one
    connection and what follows from it, and whoever holds an address waits for no lock.
    """

    def __init__(self) -> None:
        self.domains = KeyedLock()
        self.addresses = KeyedLock()
