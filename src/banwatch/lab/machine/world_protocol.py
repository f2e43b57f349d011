"""What a lab asks of the world that it holds."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from banwatch.lab.regime.regime import Address, Prefix


class LabWorld(Protocol):
    """What a lab needs to know of a world."""

    @property
    def prefixes(self) -> Sequence[Prefix]:
        """Every prefix that lives in the world: all of its addresses are local there."""

    @property
    def helper_addresses(self) -> Sequence[Address]:
        """Where the helper listens; carried around the censor for tiers whose helper path is out-of-band."""

    @property
    def ca_pem(self) -> str:
        """The lab's certificate authority."""


Serve = Callable[..., None]
"""`serve(world, *, ready, clock, tier)`: serves until killed; calls `ready()` when everything listens."""


def serve_world(world: Any, **options: Any) -> None:
    """Serve a world with its own servers."""
    from banwatch.lab.world import serve  # its servers are heavy to import

    serve(world, **options)
