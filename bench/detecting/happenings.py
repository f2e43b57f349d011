"""Things that happen in a country, or only seem to, and what detection makes of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import numpy as np

from banwatch.detect import find_changes, fold, group
from banwatch.detect.blocking.emissions import Emissions
from banwatch.model.cell import Cell
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from detecting import leader
from detecting.worlds import START, World, play, verdict

WORLD = World()
CALM = 0.02
QUIET = World(baseline=CALM)
"""For causes that must not be told of: less honest trouble, so that what is told is told of them."""
BEGINS, ENDS = 500.0, 668.0
ROLLOUT_H = (0.0, 24.0, 60.0)
FLOOD = 10_000
BY_CHANCE = "by chance, at other times"


def detected(rows: Iterable[Verdict], emissions: Emissions) -> tuple[tuple[Cell, ...], tuple[Incident, ...]]:
    """From verdicts to incidents."""
    cells = fold(rows)
    return cells, group(find_changes(cells, emissions=emissions), cells)


def leaders_alerts(cells: Iterable[Cell]) -> int:
    """How many alerts the leader's rule sends: one for every series that it thinks became blocked."""
    counts: defaultdict[tuple[str, str, int], dict[int, tuple[int, int]]] = defaultdict(dict)
    for cell in cells:
        hour = int((cell.hour - START) / timedelta(hours=1))
        shows = cell.blocked + cell.likely_blocked
        counts[cell.target, cell.probe_cc, cell.probe_asn][hour] = (shows + cell.ok, shows)
    informative = np.zeros((WORLD.weeks * 168, len(counts)), np.float32)
    accusing = np.zeros_like(informative)
    for column, hours in enumerate(counts.values()):
        for hour, (votes, shows) in hours.items():
            informative[hour, column], accusing[hour, column] = votes, shows
    return sum(len(said) for said in leader.alarms(informative, accusing))


def nothing(_hour: float, _country: str, _target: str, _network: int) -> float:
    """A quiet world."""
    return 0.0


def _block(effect: float) -> Callable[[float, str, str, int], float]:
    def says(hour: float, country: str, target: str, network: int) -> float:
        begins = BEGINS + ROLLOUT_H[network]
        mine = country == "AA" and target in {"alpha.com", "beta.org"}
        return effect if mine and begins <= hour < ENDS else 0.0

    return says


@dataclass(frozen=True, slots=True)
class Alerts:
    """Alerts for each true event, and how often the event's onset bracket held the truth."""

    ours: float
    leaders: float
    bracketed: float


def alerts_per_event(seeds: int, emissions: Emissions, first: int = 0) -> Alerts:
    """A block of two sites that rolls out over three networks in two and a half days, full or half."""
    ours, leaders, held = [], [], []
    for seed in range(first, first + seeds):
        for effect in (1.0, 0.5):
            cells, incidents = detected(play(WORLD, Random(seed), _block(effect)), emissions)
            ours.append(len(incidents))
            leaders.append(leaders_alerts(cells))
            true = START + timedelta(hours=BEGINS)
            held += [one.onset_earliest <= true <= one.onset_latest for one in incidents[:1]]
    return Alerts(float(np.mean(ours)), float(np.mean(leaders)), float(np.mean(held)))


def hours_to_shutdown(seeds: int, emissions: Emissions, first: int = 0) -> tuple[float, float]:
    """Median hours until a shutdown of three days is said, by absence alone; and what share is ever said."""
    waits = []
    for seed in range(first, first + seeds):
        rows = list(
            play(
                WORLD,
                Random(seed),
                nothing,
                dark=lambda h, c, _n: c == "AA" and BEGINS <= h < 572,
                late=False,
            )
        )
        waited = np.inf
        for wait in (1, 2, 3, 4, 5, 6, 8, 12, 24, 72):
            now = START + timedelta(hours=BEGINS + wait)
            cells = fold(row for row in rows if row.measurement_start_time < now)
            changes = find_changes(cells, through=now, emissions=emissions)
            if any(
                one.kind is IncidentKind.SHUTDOWN and one.probe_cc == "AA" for one in group(changes, cells)
            ):
                waited = wait
                break
        waits.append(waited)
    return float(np.median(waits)), float(np.isfinite(waits).mean())


def false_causes(seeds: int, emissions: Emissions, first: int = 0) -> dict[str, int]:
    """Incidents made of causes that are no interference, for each; all of them should be 0.

    What is said of another time than the cause's is there by chance, and counted as such.
    """
    found: dict[str, int] = {}
    near = (START + timedelta(hours=BEGINS - 24), START + timedelta(hours=BEGINS + 48))
    for seed in range(first, first + seeds):
        for name, rows in _false_causes(Random(seed)).items():
            _, incidents = detected(rows, emissions)
            due = sum(near[0] <= one.onset_latest <= near[1] for one in incidents)
            found[name] = found.get(name, 0) + due
            found[BY_CHANCE] = found.get(BY_CHANCE, 0) + len(incidents) - due
    return found


def _false_causes(rng: Random) -> dict[str, list[Verdict]]:
    def moved(targets: set[str], ends: float, effect: float) -> list[Verdict]:
        def says(hour: float, _country: str, target: str, _network: int) -> float:
            return effect if target in targets and BEGINS <= hour < ends else 0.0

        return list(play(QUIET, rng, says))

    def flooded(state: State, **who: str) -> list[Verdict]:
        rows = list(play(QUIET, rng, nothing))
        for number in range(FLOOD):
            probe = who.get("probe", f"p{number}")
            at = BEGINS + number / 100
            report = who.get("report", "")
            rows.append(verdict(rng, at, "AA", 0, "alpha.com", probe, state, report))
        return rows

    def forged_shutdown() -> list[Verdict]:
        rows = list(play(QUIET, rng, nothing))
        for number in range(FLOOD):
            for target in WORLD.targets[:2]:
                at = BEGINS + number / 100
                rows.append(verdict(rng, at, "AA", 0, target, "forger", State.INSUFFICIENT))
        return rows

    sparse = World(rate=0.25, networks=1, baseline=CALM)
    chatty = list(play(sparse, rng, nothing))
    chatty += [
        verdict(rng, BEGINS + n / 4, "AA", 0, "alpha.com", "chatty", State.BLOCKED) for n in range(800)
    ]
    return {
        "quiet": list(play(QUIET, rng, nothing)),
        "target down everywhere": moved({"alpha.com"}, BEGINS + 30, 1.0),
        "CDN change": moved({"alpha.com"}, 10_000, 0.7),
        "probe or ruleset release": moved(set(WORLD.targets), 10_000, 0.6),
        "one chatty probe": chatty,
        "one forged measurement": flooded(State.BLOCKED, probe="forger")[: -FLOOD + 1],
        "10,000 of one probe": flooded(State.BLOCKED, probe="forger"),
        "10,000 of one report": flooded(State.BLOCKED, report="forged"),
        "10,000 claiming a shutdown": forged_shutdown(),
        "collector down": list(
            play(QUIET, rng, nothing, dark=lambda h, _c, _n: BEGINS <= h < BEGINS + 12, late=False)
        ),
    }


def unmade(seeds: int, emissions: Emissions, first: int = 0) -> int:
    """True events that a flood of one probe's denials, ten thousand of them, made disappear; should be 0."""
    lost = 0
    for seed in range(first, first + seeds):
        rng = Random(seed)
        rows = list(play(WORLD, rng, _block(1.0)))
        rows += [
            verdict(rng, BEGINS - 20 + n / 50, "AA", 0, "alpha.com", "forger", State.OK) for n in range(FLOOD)
        ]
        _, incidents = detected(rows, emissions)
        lost += len(incidents) != 1 or "alpha.com" not in incidents[0].targets
        rows = list(
            play(
                WORLD,
                rng,
                nothing,
                dark=lambda h, c, n: c == "AA" and n == 0 and BEGINS <= h < 572,
                late=False,
            )
        )
        rows += [
            verdict(rng, BEGINS - 20 + n / 50, "AA", 0, "alpha.com", "forger", State.OK) for n in range(FLOOD)
        ]
        _, incidents = detected(rows, emissions)
        lost += [one.kind for one in incidents] != [IncidentKind.SHUTDOWN]
    return lost
