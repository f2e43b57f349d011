"""Serve a world: one asyncio process inside the world's namespace."""

from collections.abc import Callable
from typing import Protocol

from banwatch.lab.world.world import World


class Clock(Protocol):
    """What the world asks of the lab's clock."""

    def now(self) -> object: ...


def serve(world: World, *, ready: Callable[[], None], clock: Clock, tier: str) -> None:
    """Answer for everything in the world until told to stop (SIGTERM); call `ready` once all listens."""
    raise NotImplementedError
