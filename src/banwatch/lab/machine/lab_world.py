"""Interface of a world to the lab that holds it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from banwatch.lab.regime.match import Address, Prefix
from banwatch.lab.regime.regime import Regime


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


def find_missing_resolvers(regime: Regime, resolvers: Iterable[Address]) -> list[str]:
    """Say which tiers of a regime ask a resolver that is not in a world: no name will resolve there.

    Args:
        regime: the regime.
        resolvers: addresses of the world's resolvers.
    """
    there = set(resolvers)
    return [
        f"The world has no resolver at {tier.resolver}, which tier `{tier.name}` of `{regime.name}` asks: "
        "no name resolves there. Add it to the world's `resolvers`"
        for tier in regime.tiers.values()
        if tier.resolver not in there
    ]


Serve = Callable[..., None]
"""A server of a world, `serve(world, *, ready, clock, tier)`: runs until killed; calls `ready()` when all
ports listen."""


def serve_default(world: Any, **options: Any) -> None:
    """Serve a world with the servers that ship with the lab."""
    from banwatch.lab.machine.world_server.server import serve_world  # heavy to import

    serve_world(world, **options)
