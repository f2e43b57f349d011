"""A part of a play, as it is handed to a worker."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from banwatch.probe.settings import Timeouts

PROBES = "abcd"
"""A tier has four simulated probes, so that whoever counts voices has some to count."""


class LabTimeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Deadlines of the probe's steps, in seconds, as they travel to a worker.

    The defaults are for a network whose round trips take a millisecond or two. Blackholes make them the
    length of a round. A step that runs out of time is tried again, with more time, before anybody draws a
    conclusion, and `pace` stretches all of them on a busy machine.
    """

    dns_s: float = 0.7
    dns_late_s: float = 0.25
    tcp_s: float = 0.6
    tls_s: float = 0.6
    http_s: float = 2.0
    control_s: float = 6.0

    def for_probe(self) -> Timeouts:
        """Hand them to a probe."""
        return Timeouts(**msgspec.structs.asdict(self))


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Some rounds of one tier, in a lab of its own."""

    name: str
    """Stem of its files."""
    regime: str
    world: str
    tier: str
    rounds: tuple[datetime, ...]
    first_round: int
    """Number of the first of them in the whole play, from 0: it says which probe's turn it is."""
    inputs: tuple[str, ...]
    seed: int
    timeouts: LabTimeouts = LabTimeouts()
    lossy: bool = False
    """Whether the path loses packets or is slow by itself; else a slow step is this machine's doing."""
    thorough: bool = False
    """Whether the probe takes its long follow-ups as well."""
    twin_url: str = ""
    """A page whose speed the target's is compared with."""
    resolver_asn: int = 0
    resolver_network_name: str = ""
    measurements_path: str
    truth_path: str


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a worker says to its conductor, a line of JSON each."""

    measured: int = 0
    """Measurements finished since the last report."""
    finished: str = ""
    """Name of a part that is done."""
    what: str = ""
    do: str = ""
    """A part failed: the two halves of a BanwatchError."""


def rounds_between(start: datetime, end: datetime, every: timedelta) -> tuple[datetime, ...]:
    """List the moments of a timeline's rounds: from `start`, before `end`."""
    if every <= timedelta(0):
        raise ValueError(f"rounds every {every}; expected more than nothing")
    return tuple(start + every * i for i in range(max(0, -(-(end - start) // every))))


def probe_of_round(tier: str, number: int) -> str:
    """Name the simulated probe that measures a round: each in turn, and none always at the same hour."""
    turn = (number + number // len(PROBES)) % len(PROBES)
    return f"{tier}-{PROBES[turn]}"


def divide(rounds: Sequence[datetime], pieces: int) -> list[tuple[datetime, ...]]:
    """Cut rounds into at most so many runs of about the same length."""
    pieces = max(1, min(pieces, len(rounds)))
    size, more = divmod(len(rounds), pieces)
    runs: list[tuple[datetime, ...]] = []
    at = 0
    for i in range(pieces):
        length = size + (i < more)
        runs.append(tuple(rounds[at : at + length]))
        at += length
    return [run for run in runs if run]
