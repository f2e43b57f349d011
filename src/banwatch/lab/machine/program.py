"""A program that runs as a client in a censored country."""

import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.world import World, load_world
from banwatch.model.errors import BanwatchError
from banwatch.model.lab_marks import LabMarks, write_marks


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramLab:
    """The lab that a program runs in."""

    regime: str
    """Name of a regime, or path of a YAML file."""
    tier: str | None = None
    """Access tier of the client; None is the first tier that a rule concerns."""
    begins_at: datetime
    """Lab time at which the program starts, in UTC."""
    truth_path: Path | None = None
    """File that the censor's actions are written to."""
    pcap_path: Path | None = None
    """File that every packet is written to."""
    world_path: Path | None = None
    """YAML file of a world; None is the world that ships."""
    seed: int = 0
    tun: bool = False
    """Whether packets go through a tun device instead of a veth pair."""


def run_program(command: list[str], settings: ProgramLab, *, is_shell: bool = False) -> int:
    """Build the lab, run a program in it, and return its exit code.

    Args:
        command: the program and its arguments.
        settings: the lab.
        is_shell: whether the program controls jobs of the terminal itself.

    Raises:
        BanwatchError: this machine allows no lab, or a file cannot be read or written.
    """
    regime = load_regime(settings.regime)
    for path in (settings.truth_path, settings.pcap_path):
        _empty_file(path)
    clock = LabClock(settings.begins_at)
    world = load_world(settings.world_path) if settings.world_path else load_world()
    with Lab(
        regime,
        settings.tier or default_tier(regime),
        world,
        clock=clock,
        truth_path=settings.truth_path,
        pcap_path=settings.pcap_path,
        seed=settings.seed,
        tun=settings.tun,
    ) as lab:
        marks = _marks_of(regime, settings.tier or default_tier(regime), world)
        return lab.run(_found(command), env=write_marks(marks), keeps_jobs=is_shell)


def _found(command: list[str]) -> list[str]:
    """Return the command with the path of `banwatch` itself, where the shell would not find it."""
    own = Path(sys.executable).with_name("banwatch")
    if command[:1] == ["banwatch"] and shutil.which("banwatch") is None and own.exists():
        return [str(own), *command[1:]]
    return command


def _marks_of(regime: Regime, tier_name: str, world: World) -> LabMarks:
    tier = regime.tiers[tier_name]
    addresses = (tier.client_address, tier.client_address6)
    public = [
        str(one) for resolver in world.public_resolvers for one in resolver.addresses if one.version == 4
    ]
    return LabMarks(
        lab=regime.name,
        cc=regime.country,
        asn=tier.asn,
        network=tier.network_name,
        tier=tier.name,
        helper_url=world.helper_url,
        control_path=tier.helper_path.value,
        resolvers=tuple(f"{address}:53" for address in public[:2]),
        own_addresses=tuple(str(one) for one in addresses if one is not None),
    )


def default_tier(regime: Regime) -> str:
    """Return the first tier that a rule concerns; the first of all where there is no rule."""
    concerned = (name for name in regime.tiers if any(name in rule.tiers for rule in regime.rules))
    return next(concerned, next(iter(regime.tiers)))


def _empty_file(path: Path | None) -> None:
    try:
        if path is not None:
            path.write_bytes(b"")
    except OSError as error:
        raise BanwatchError(
            f"Cannot write {path}: {error.strerror}", "Give a path that can be written"
        ) from error
