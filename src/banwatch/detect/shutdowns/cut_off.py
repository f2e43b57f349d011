"""Networks cut off from abroad: every site elsewhere fails, and sites of the country load.

A target is of the country if its name ends in the country's own domain; all others are abroad. An hour in
which several targets abroad failed, and hardly any loaded, speaks for it, whether or not the control was
reached, whatever the failures are called. Targets that usually fail say nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import exp, log

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.edges import Network, shutdown_of
from banwatch.detect.votes.series import hour_number
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.incident import Change

_OWN_DOMAIN = {"GB": "uk"}
"""Countries whose domain is not their code."""


def is_domestic(target: TargetName, country: CountryCode) -> bool:
    """Return whether a target's name ends in the country's own domain."""
    return target.rpartition(".")[2].lower() == _OWN_DOMAIN.get(country, country.lower())


@dataclass(slots=True)
class _Hour:
    """Findings of one network's measurements of an hour."""

    failed: list[Cell] = field(default_factory=list)
    loaded: list[Cell] = field(default_factory=list)
    at_home: list[Cell] = field(default_factory=list)

    def is_cut(self) -> bool:
        """Return whether targets abroad failed together."""
        failed, loaded = sum(map(_failed_in, self.failed)), sum(cell.ok for cell in self.loaded)
        targets = {cell.target for cell in self.failed}
        return len(targets) >= t.SILENT_TARGETS and loaded <= (1 - t.SILENT_SHARE) * (failed + loaded)

    def is_open(self) -> bool:
        """Return whether targets abroad loaded."""
        failed, loaded = sum(map(_failed_in, self.failed)), sum(cell.ok for cell in self.loaded)
        return loaded > 0 and loaded >= t.OPEN_SHARE * (failed + loaded)


def find_cut_off(cells: Sequence[Cell]) -> Iterator[Change]:
    """Find the stretches in which a network was cut off from abroad while sites of the country loaded."""
    by_network: defaultdict[Network, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_network[cell.probe_cc, cell.probe_asn, cell.access_tier].append(cell)
    for network in sorted(by_network):
        yield from _of_network(network, by_network[network])


def _of_network(network: Network, cells: Sequence[Cell]) -> Iterator[Change]:
    counts: defaultdict[TargetName, list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        counts[cell.target][0] += cell.ok
        counts[cell.target][1] += _failed_in(cell)
    usual = {
        name for name, (loaded, failed) in counts.items() if loaded >= t.USUALLY_LOADS * (loaded + failed)
    }
    if not any(is_domestic(name, network[0]) for name in usual):
        return
    hours: defaultdict[int, _Hour] = defaultdict(_Hour)
    for cell in cells:
        if cell.target not in usual:
            continue
        hour = hours[hour_number(cell.hour)]
        if is_domestic(cell.target, network[0]):
            hour.at_home.extend([cell] if cell.ok else [])
            continue
        if _failed_in(cell):
            hour.failed.append(cell)
        if cell.ok:
            hour.loaded.append(cell)
    decided = [(number, hours[number]) for number in sorted(hours)]
    decided = [(n, hour) for n, hour in decided if hour.is_cut() or hour.is_open() or hour.at_home]
    cut = sum(hour.is_cut() for _, hour in decided)
    votes = sum(hour.is_cut() or hour.is_open() for _, hour in decided)
    run: list[_Hour] = []
    before: _Hour | None = None
    for _, hour in decided:
        if not hour.is_open():
            run.append(hour)
            continue
        if change := _change(network, before, run, hour, cut, votes):
            yield change
        before, run = hour, []
    if change := _change(network, before, run, None, cut, votes):
        yield change


def _change(
    network: Network, before: _Hour | None, run: Sequence[_Hour], after: _Hour | None, cut: int, votes: int
) -> Change | None:
    dark = [number for number, hour in enumerate(run) if hour.is_cut()]
    if len(dark) < t.CUT_OFF_HOURS or before is None:
        return None
    within = run[dark[0] : dark[-1] + 1]
    failed = [cell for hour in within for cell in hour.failed]
    home = [cell for hour in within for cell in hour.at_home]
    voices = {voice for cell in home for voice in cell.absolvers}
    loaded_hours = sum(bool(hour.at_home) for hour in within)
    nats = len(dark) * -log((cut - len(dark) + 1) / (votes - len(dark) + 2))
    if nats < t.SHUTDOWN_NATS or len(voices) < t.MINIMUM_VOICES or 2 * loaded_hours < len(dark):
        return None
    earliest = max(cell.last_at for cell in before.loaded)
    latest = max(min(cell.first_at for cell in within[0].failed), earliest)
    end_latest = min(cell.first_at for cell in after.loaded) if after else None
    end_earliest = None
    if end_latest is not None:
        end_earliest = min(max(max(cell.last_at for cell in within[-1].failed), latest), end_latest)
    return shutdown_of(
        network,
        onset=(earliest, latest),
        end=(end_earliest, end_latest),
        share=len(dark) / len(within),
        measurements=sum(_failed_in(cell) for cell in failed),
        probes=len(voices),
        confidence=round(min(1 - exp(-nats / 2), t.HIGHEST_CONFIDENCE), 4),
        witness=min(failed, key=lambda cell: (cell.first_at, cell.witness)).witness,
        reached=tuple(sorted({cell.target for cell in home})),
    )


def _failed_in(cell: Cell) -> int:
    """Count the measurements of an hour in which a target did not load, for whatever reason."""
    return cell.blocked + cell.likely_blocked + cell.impaired + cell.down + cell.insufficient
