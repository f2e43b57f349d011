"""Interface of a world to the lab that holds it."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from banwatch.lab.regime.match import Address, Prefix


class LabWorld(Protocol):
    """A world, as far as a lab has to know it."""

    @property
    def prefixes(self) -> Sequence[Prefix]:
        """Every prefix that lives in the world: all of its addresses are local there."""

    @property
    def helper_addresses(self) -> Sequence[Address]:
        """Addresses of the helper; reached around the censor by tiers whose helper path is out-of-band."""

    @property
    def ca_pem(self) -> str:
        """The lab's certificate authority, as PEM text."""


Serve = Callable[..., None]
"""A server of a world, `serve(world, *, ready, clock, tier)`: runs until killed; calls `ready()` when all
ports listen."""


def serve_default(world: Any, **options: Any) -> None:
    """Serve a world with the servers that ship with the lab."""
    from banwatch.lab.machine.world_server.server import serve_world  # heavy to import

    serve_world(world, **options)
