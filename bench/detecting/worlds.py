"""Countries with networks, targets and probes, and what happens in them, as verdicts with known truth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict

START = datetime(2024, 1, 1, tzinfo=UTC)
Says = Callable[[float, str, str, int], float]
"""Share of accusing verdicts at (hour, country, target, network), on top of the baseline."""


@dataclass(frozen=True, slots=True)
class World:
    """Who measures what, how often, and how much honest trouble there is."""

    countries: tuple[str, ...] = ("AA", "BB", "CC", "DD")
    networks: int = 3
    targets: tuple[str, ...] = ("alpha.com", "beta.org", "gamma.net", "delta.io")
    probes: int = 4
    """Probes on each network."""
    weeks: int = 6
    rate: float = 1.0
    """Measurements an hour of each target on each network."""
    baseline: float = 0.05


@dataclass(slots=True)
class Truth:
    """What happened: blocking or a shutdown, where, from when to when (hours from the start)."""

    country: str
    begins: float
    ends: float
    targets: frozenset[str] = frozenset()
    shutdown: bool = False
    networks: frozenset[int] = field(default_factory=frozenset)


def asn_of(country: str, network: int) -> int:
    """AS number of the nth network of a country."""
    return 64512 + 100 * (ord(country[0]) - ord("A")) + network


def play(
    world: World,
    rng: Random,
    says: Says,
    *,
    dark: Callable[[float, str, int], bool] | None = None,
    late: bool = True,
) -> Iterator[Verdict]:
    """Measure a world, each probe with a new report every run.

    Args:
        world: who measures.
        rng: chance.
        says: extra share of accusing verdicts.
        dark: whether a network is shut down at an hour; its probes then measure nothing that answers.
        late: whether what was measured in the dark is delivered, afterwards.
    """
    hours = world.weeks * 168
    for country in world.countries:
        for network in range(world.networks):
            for target in world.targets:
                at = 0.0
                while True:
                    at += rng.expovariate(world.rate)
                    if at >= hours:
                        break
                    probe = f"{country}{network}p{rng.randrange(world.probes)}"
                    if dark is not None and dark(at, country, network):
                        if late and rng.random() < 0.3:
                            yield verdict(rng, at, country, network, target, probe, State.INSUFFICIENT)
                        continue
                    extra = says(at, country, target, network)
                    accused = rng.random() < world.baseline + (1 - world.baseline) * extra
                    state = State.LIKELY_BLOCKED if accused else State.OK
                    yield verdict(rng, at, country, network, target, probe, state)


def verdict(
    rng: Random,
    at: float,
    country: str,
    network: int,
    target: str,
    probe: str,
    state: State,
    report: str = "",
) -> Verdict:
    """One verdict; `insufficient` here is that nothing at all answered."""
    uid = f"{rng.getrandbits(64):016x}"
    silent = state is State.INSUFFICIENT
    return Verdict(
        measurement_uid=MeasurementUid(uid),
        target=TargetName(target),
        test_name="web_connectivity",
        input="",
        probe_cc=CountryCode(country),
        probe_asn=Asn(asn_of(country, network)),
        access_tier="",
        report_id=report or f"r{uid}",
        probe_id=probe,
        measurement_start_time=START + timedelta(hours=at),
        state=state,
        mechanisms=("tls.reset.sni",) if state.accuses else (),
        layer=Layer.NETWORK if silent else None,
        hop=None,
        rules=(),
        vetoed=(),
        sentence="",
        ruleset="1",
        snapshots=(),
    )
