"""Countries measured as the field measures: probes come and go for days, and runs come in bursts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from detecting.worlds import asn_of, verdict

Dark = Callable[[float, str, int], bool]
"""Whether a network of a country is shut down at an hour."""


@dataclass(frozen=True, slots=True)
class Law:
    """Law by which the probes of a network measure."""

    name: str
    probes: int = 5
    runs_a_day: float = 2.0
    """Runs of a probe on a day on which it is there."""
    on_days: float = 4.0
    """Mean length of a spell in which a probe is there; spells are exponential, with a long tail."""
    off_days: float = 3.0
    swing: float = 0.0
    """Strength of the daily rhythm, 0 to 1."""
    scheduled: bool = False
    """Whether a probe runs at the same hour of every day, as phones do."""
    trouble: float = 0.03


LAWS = (
    Law("bursty", on_days=3.0, off_days=2.0, runs_a_day=3.0),
    Law("sparse", probes=3, runs_a_day=1.5, on_days=6.0, off_days=4.0),
    Law("scheduled", probes=6, scheduled=True, on_days=20.0, off_days=4.0),
    Law("daily rhythm", probes=5, runs_a_day=5.0, swing=0.9, on_days=5.0, off_days=3.0),
    Law("dense", probes=6, runs_a_day=12.0, on_days=30.0, off_days=1.0),
)
TARGETS = ("one.org", "two.org", "three.org")
RUN_GAP_H = 0.01


def quiet(*_: object) -> bool:
    """Return False: nothing is dark."""
    return False


def measure(
    law: Law,
    rng: Random,
    *,
    countries: tuple[str, ...] = ("AA", "BB", "CC"),
    networks: int = 3,
    weeks: int = 12,
    dark: Dark = quiet,
    lost: Dark = quiet,
    testify: float = 0.0,
) -> Iterator[Verdict]:
    """Measure countries by a law.

    Args:
        law: how probes measure.
        rng: chance.
        countries: the countries.
        networks: networks of each.
        weeks: length of the series.
        dark: where and when nothing answers.
        lost: where and when measurements are made that never reach us.
        testify: share of the runs in the dark that are delivered afterwards.
    """
    for country in countries:
        for network in range(networks):
            for probe in range(law.probes):
                name = f"{country}{network}p{probe}"
                for at in _runs(law, rng, weeks * 168.0):
                    if lost(at, country, network):
                        continue
                    yield from _run(law, rng, at, country, network, name, dark(at, country, network), testify)


def _run(
    law: Law, rng: Random, at: float, country: str, network: int, probe: str, dark: bool, testify: float
) -> Iterator[Verdict]:
    if dark and rng.random() >= testify:
        return
    report = f"r{rng.getrandbits(48):012x}"
    bad = rng.random() < law.trouble
    for number, target in enumerate(TARGETS):
        state = State.INSUFFICIENT if dark else State.OK
        if not dark and bad and rng.random() < 0.5:
            state = State.IMPAIRED
        yield verdict(rng, at + RUN_GAP_H * number, country, network, target, probe, state, report)


def _runs(law: Law, rng: Random, hours: float) -> Iterator[float]:
    """Yield the hours of a probe's runs."""
    at = rng.uniform(-24 * law.on_days, 24 * law.off_days)
    habit = rng.uniform(0, 24)
    peak = rng.uniform(12, 20)
    while at < hours:
        until = at + 24 * law.on_days * rng.expovariate(1) ** 1.3
        if law.scheduled:
            day = at // 24
            while day * 24 < min(until, hours):
                run = day * 24 + habit + rng.gauss(0, 0.3)
                if at <= run < min(until, hours) and run >= 0 and rng.random() < 0.85:
                    yield run
                day += 1
        else:
            run = at
            while True:
                run += 24 * rng.expovariate(law.runs_a_day * (1 + law.swing))
                if run >= min(until, hours):
                    break
                daylight = 1 + law.swing * (1 if abs((run - peak + 12) % 24 - 12) < 6 else -1)
                if run >= 0 and rng.random() < daylight / (1 + law.swing):
                    yield run
        at = until + 24 * law.off_days * rng.expovariate(1) ** 1.3


__all__ = ["LAWS", "Law", "asn_of", "measure", "quiet"]
