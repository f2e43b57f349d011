"""A lab: client, censor and world in namespaces of their own, and programs run inside."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Protocol, Self, TypeVar

from banwatch.lab.clock import LabClock
from banwatch.lab.regime import Address, Prefix, Regime, Tier

P = ParamSpec("P")
R = TypeVar("R")


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


class Lab:
    """A country in namespaces, for as long as the context lasts."""

    def __init__(
        self,
        regime: Regime,
        tier: str,
        world: LabWorld,
        *,
        clock: LabClock,
        work_dir: Path,
        truth_path: Path | None = None,
        pcap_path: Path | None = None,
        seed: int = 0,
    ) -> None:
        self.regime = regime
        self.tier: Tier = regime.tiers[tier]
        self.world = world
        self.clock = clock

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in a child inside the client's namespaces; its result or exception comes back."""
        raise NotImplementedError

    def run(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> int:
        """Run a program as the client; returns its exit code."""
        raise NotImplementedError
