"""Claim to fetch the page, which one of several connections takes."""

import asyncio

_PREFERENCE_S = 0.5
"""Wait of other connections for one to an address that the system's resolver gave (as in OONI's probe)."""


class PageClaim:
    """Claim that is given once, preferably to an address that a person here would have been led to.

    Args:
        preferred: how many attempts with preference there are.
    """

    def __init__(self, preferred: int) -> None:
        self._claimed = False
        self._preferred_left = preferred
        self._settled = asyncio.Event()
        if preferred == 0:
            self._settled.set()

    async def take(self, has_preference: bool) -> bool:
        """Take the claim; wait a little where an attempt with preference may still come."""
        if not has_preference and not self._claimed:
            try:
                async with asyncio.timeout(_PREFERENCE_S):
                    await self._settled.wait()
            except TimeoutError:
                pass
        if self._claimed:
            return False
        self._claimed = True
        self._settled.set()
        return True

    def give_up(self, has_preference: bool) -> None:
        """Note that an attempt is over."""
        if has_preference:
            self._preferred_left -= 1
            if self._preferred_left == 0:
                self._settled.set()
