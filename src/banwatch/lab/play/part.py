"""Part of a play, in the form in which a worker gets it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from banwatch.probe.settings import Timeouts

PROBES = "abcd"
"""Names of a tier's four simulated probes: detection counts distinct probes."""


class LabTimeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Time-outs of the probe's steps, in seconds, as a worker gets them.

    The defaults are for a network whose round trips take a millisecond or two. Blackholes cost a
    whole time-out, so these make the length of a round. A step that times out is tried again with more time
    before a verdict rests on it, and `pace` scales all time-outs on a busy machine.
    """

    dns_s: float = 0.7
    dns_late_s: float = 0.25
    tcp_s: float = 0.6
    tls_s: float = 0.6
    http_s: float = 2.0
    control_s: float = 6.0

    def for_probe(self) -> Timeouts:
        """Convert them to the probe's type."""
        return Timeouts(**msgspec.structs.asdict(self))


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a play: some rounds of one tier, in a lab of its own."""

    name: str
    """Stem of its files' names."""
    regime: str
    world: str
    tier: str
    rounds: tuple[datetime, ...]
    first_round: int
    """Number of its first round in the whole play, from 0, which decides the probe of each round."""
    inputs: tuple[str, ...]
    seed: int
    timeouts: LabTimeouts = LabTimeouts()
    lossy: bool = False
    """Whether the path itself loses packets or is slow; otherwise slow steps are due to this machine."""
    thorough: bool = False
    """Whether the probe makes its long follow-ups as well."""
    twin_url: str = ""
    """Page whose speed is compared with the target's."""
    resolver_asn: int = 0
    resolver_network_name: str = ""
    measurements_path: str
    truth_path: str


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Report of a worker to the conductor: one line of JSON."""

    measured: int = 0
    """Measurements finished since the last report."""
    finished: str = ""
    """Name of a finished part; empty for none."""
    what: str = ""
    """Error of a failed part; empty for none."""
    do: str = ""
    """Remedy for the error."""


def rounds_between(start: datetime, end: datetime, every: timedelta) -> tuple[datetime, ...]:
    """List the moments of a timeline's rounds: from `start`, before `end`."""
    if every <= timedelta(0):
        raise ValueError(f"rounds every {every}; expected more than nothing")
    return tuple(start + every * i for i in range(max(0, -(-(end - start) // every))))


def probe_of_round(tier: str, number: int) -> str:
    """Return the simulated probe of a round: each in turn, none always at the same hour."""
    turn = (number + number // len(PROBES)) % len(PROBES)
    return f"{tier}-{PROBES[turn]}"


def divide(rounds: Sequence[datetime], pieces: int) -> list[tuple[datetime, ...]]:
    """Divide rounds into at most `pieces` runs of about the same length."""
    pieces = max(1, min(pieces, len(rounds)))
    size, more = divmod(len(rounds), pieces)
    runs: list[tuple[datetime, ...]] = []
    at = 0
    for i in range(pieces):
        length = size + (i < more)
        runs.append(tuple(rounds[at : at + length]))
        at += length
    return [run for run in runs if run]
