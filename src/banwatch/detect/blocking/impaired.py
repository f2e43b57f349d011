"""Networks on which many targets fail or come too slowly together, for no cause that shows interference.

Throttling of everything, an overload and a damaged line look alike to one measurement, which is then
`impaired`. An hour in which several targets were impaired and hardly any loaded speaks for an impairment of
the network, against the network's own hours. It accuses nobody. A cell does not name the voices that found it
impaired, so that two must have been there in the same hour.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import exp, log

from banwatch.detect import thresholds as t
from banwatch.detect.blocking import thresholds as b
from banwatch.detect.votes.series import hour_number, interfered_in
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.incident import Change, IncidentKind

_Network = tuple[CountryCode, Asn, str]


@dataclass(slots=True)
class _Hour:
    """Measurements of one network's hour."""

    impaired: list[Cell] = field(default_factory=list)
    loaded: list[Cell] = field(default_factory=list)
    interfered: int = 0

    @property
    def _counts(self) -> tuple[int, int]:
        impaired, loaded = sum(cell.impaired for cell in self.impaired), sum(cell.ok for cell in self.loaded)
        return impaired, impaired + loaded + self.interfered

    @property
    def voices(self) -> int:
        """Number of voices that measured one target, at most."""
        return max((cell.probes for cell in self.impaired), default=0)

    def is_impaired(self) -> bool:
        """Return whether nearly all that was measured was impaired."""
        impaired, every = self._counts
        targets = {cell.target for cell in self.impaired}
        return len(targets) >= b.IMPAIRED_TARGETS and impaired >= t.SILENT_SHARE * every

    def is_open(self) -> bool:
        """Return whether a good part loaded."""
        loaded = sum(cell.ok for cell in self.loaded)
        return loaded > 0 and loaded >= t.OPEN_SHARE * self._counts[1]


def find_impaired(cells: Sequence[Cell]) -> Iterator[Change]:
    """Find the stretches in which nearly everything on a network was impaired."""
    by_network: defaultdict[_Network, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_network[cell.probe_cc, cell.probe_asn, cell.access_tier].append(cell)
    for network in sorted(by_network):
        if any(cell.impaired for cell in by_network[network]):
            yield from _of_network(network, by_network[network])


def _of_network(network: _Network, cells: Sequence[Cell]) -> Iterator[Change]:
    counts: defaultdict[TargetName, list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        counts[cell.target][0] += cell.ok
        counts[cell.target][1] += cell.ok + cell.impaired + interfered_in(cell)
    usual = {name for name, (loaded, every) in counts.items() if loaded and loaded >= t.USUALLY_LOADS * every}
    hours: defaultdict[int, _Hour] = defaultdict(_Hour)
    for cell in cells:
        if cell.target not in usual:
            continue
        hour = hours[hour_number(cell.hour)]
        hour.interfered += interfered_in(cell)
        if cell.impaired:
            hour.impaired.append(cell)
        if cell.ok:
            hour.loaded.append(cell)
    decided = [hours[number] for number in sorted(hours)]
    decided = [hour for hour in decided if hour.is_impaired() or hour.is_open()]
    bad = sum(hour.is_impaired() for hour in decided)
    run: list[_Hour] = []
    before: _Hour | None = None
    for after in (*decided, None):
        if after is not None and after.is_impaired():
            run.append(after)
            continue
        if change := _change(network, before, run, after, bad, len(decided)):
            yield change
        before, run = after, []


def _change(
    network: _Network, before: _Hour | None, run: Sequence[_Hour], after: _Hour | None, bad: int, every: int
) -> Change | None:
    if len(run) < t.CUT_OFF_HOURS or before is None:
        return None
    nats = len(run) * -log((bad - len(run) + 1) / (every - len(run) + 2))
    by_two = sum(hour.voices >= t.MINIMUM_VOICES for hour in run)
    if nats < t.SHUTDOWN_NATS or by_two < b.IMPAIRED_HOURS_BY_TWO:
        return None
    failed = [cell for hour in run for cell in hour.impaired]
    earliest = max(cell.last_at for cell in before.loaded)
    latest = max(min(cell.first_at for cell in run[0].impaired), earliest)
    end_latest = min(cell.first_at for cell in after.loaded) if after else None
    end_earliest = None
    if end_latest is not None:
        end_earliest = min(max(max(cell.last_at for cell in run[-1].impaired), latest), end_latest)
    return Change(
        target=TargetName(""),
        probe_cc=network[0],
        probe_asn=network[1],
        access_tier=network[2],
        kind=IncidentKind.IMPAIRMENT,
        onset_earliest=earliest,
        onset_latest=latest,
        onset_known=True,
        end_earliest=end_earliest,
        end_latest=end_latest,
        share=1.0,
        measurements=sum(cell.impaired for cell in failed),
        probes=max(hour.voices for hour in run),
        confidence=round(min(1 - exp(-nats / 2), t.HIGHEST_CONFIDENCE), 4),
        mechanisms=(),
        witness=min(failed, key=lambda cell: (cell.first_at, cell.witness)).witness,
    )
