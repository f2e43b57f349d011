"""Politeness: never two measurements at the same time of one address or one registrable domain."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from banwatch.model.failure import Failure
from banwatch.probe.steps.resolver_links import ResolverLinks


class KeyedLock:
    """A lock for every key, made on demand and dropped when free."""

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
    """Locks that one session holds while it talks to a server.

    No two measurements can wait for each other: a domain is held for one hop of redirects, an address for one
    connection and what follows from it, and the holder of an address waits for no lock.
    """

    def __init__(self) -> None:
        self.domains = KeyedLock()
        self.addresses = KeyedLock()
        self.resolver_links = ResolverLinks()
        """Public resolvers are asked by all measurements at once, over as few connections as that takes."""
        self._shared: dict[str, asyncio.Task[Failure | None]] = {}

    async def share(
        self, key: str, attempt: Callable[[], Coroutine[None, None, Failure | None]]
    ) -> Failure | None:
        """Make an attempt once for all callers that want it at the same time; return the failure, if any."""
        task = self._shared.get(key)
        if task is None:
            task = asyncio.create_task(attempt())
            self._shared[key] = task
            task.add_done_callback(lambda _: self._shared.pop(key, None))
        return await asyncio.shield(task)  # a caller that leaves does not cancel it for the others
