"""Rounds of the probe in a lab's client namespace."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Self

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.play.pace import MAX_ATTEMPTS, Pace
from banwatch.lab.play.part import probe_of_round
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.tier import Tier
from banwatch.lab.world.world import DNS_PORT, DOT_PORT, Resolver, World
from banwatch.model.ids import UNKNOWN_ASN, Asn
from banwatch.net.real import RealNet
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts

ATTEMPTS_APART = timedelta(minutes=1)
"""Lab time between two attempts at one round, which keeps their flows apart in the truth."""
_TICK_S = 0.05
_RESOLVERS = 2
"""Number of public resolvers that a probe asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """Vantage of a lab's probe."""

    regime: Regime
    tier: Tier
    world: World
    resolver_asn: Asn = UNKNOWN_ASN
    resolver_network_name: str = ""
    timeouts: Timeouts
    lossy: bool = False
    """Whether the path itself loses packets or is slow, so that slow steps do not show load."""
    thorough: bool = False
    twin_url: str = ""


def _first_ipv4(resolver: Resolver) -> str:
    return next((str(address) for address in resolver.addresses if address.version == 4), "")


def settings_for(
    vantage: Vantage, timeouts: Timeouts, now: Callable[[], datetime], rng: Random, probe_id: str
) -> Settings:
    """Make a probe's settings. Of the regime they hold the name only, for the annotation."""
    tier, world = vantage.tier, vantage.world
    public = [(one, _first_ipv4(one)) for one in world.public_resolvers if _first_ipv4(one)][:_RESOLVERS]
    own = [str(tier.client_address)]
    if tier.client_address6 is not None:
        own.append(str(tier.client_address6))
    return Settings(
        probe_cc=vantage.regime.country,
        probe_asn=tier.asn,
        probe_network_name=tier.network_name,
        access_tier=tier.name,
        resolver_ip=str(tier.resolver),
        resolver_asn=vantage.resolver_asn,
        resolver_network_name=vantage.resolver_network_name,
        resolvers=tuple(f"{address}:{DNS_PORT}" for _, address in public),
        tcp_resolvers=tuple(f"{address}:{DNS_PORT}" for _, address in public[:1]),
        dot_resolvers=tuple(f"{address}:{DOT_PORT}" for one, address in public if one.dot)[:1],
        doh_resolvers=tuple(address for one, address in public if one.doh)[-1:],
        helper_url=world.helper_url,
        control_path=tier.helper_path.value,
        ca_file=world.ca_file,
        timeouts=timeouts,
        thorough=vantage.thorough,
        twin_url=vantage.twin_url or None,
        annotations={"lab": vantage.regime.name},
        now=now,
        rng=rng,
        own_addresses=tuple(own),
        probe_id=probe_id,
    )


def run_rounds(
    vantage: Vantage,
    rounds: tuple[datetime, ...],
    first_round: int,
    inputs: tuple[str, ...],
    *,
    clock: LabClock,
    seed: int,
    path: Path,
    measured: Callable[[int], None],
) -> int:
    """Measure all inputs at every moment of `rounds`; returns how many were written to `path`."""
    return asyncio.run(_run(vantage, rounds, first_round, inputs, clock, seed, path, measured))


async def _run(
    vantage: Vantage,
    rounds: tuple[datetime, ...],
    first_round: int,
    inputs: tuple[str, ...],
    clock: LabClock,
    seed: int,
    path: Path,
    measured: Callable[[int], None],
) -> int:
    written = 0
    pace = Pace(vantage.timeouts, fixed=vantage.lossy)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        for number, at in enumerate(rounds, first_round):
            for attempt in range(MAX_ATTEMPTS):
                clock.set(at + ATTEMPTS_APART * attempt)
                rng = Random(f"{seed} {vantage.tier.name} {at.isoformat()} {attempt}")
                probe_id = probe_of_round(vantage.tier.name, number)
                settings = settings_for(vantage, pace.timeouts, clock.now, rng, probe_id)
                async with _Lag() as lag:
                    lines = [line async for line in Session(RealNet(), settings).run(inputs)]
                if pace.learn(lines, lag.worst_s):
                    break
            file.writelines(line + b"\n" for line in lines)
            written += len(lines)
            measured(len(lines))
    return written


class _Lag:
    """Measures the longest standstill of this process's event loop."""

    def __init__(self) -> None:
        self.worst_s = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before_s = loop.time()
            await asyncio.sleep(_TICK_S)
            self.worst_s = max(self.worst_s, loop.time() - before_s - _TICK_S)
