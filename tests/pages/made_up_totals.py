"""Totals of the made-up country, added up as the store adds them up."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.rollup import CountryDay, CountryTotal, DailyCell, NetworkTotal, StateCounts, TargetTotal
from banwatch.model.verdict import Verdict
from tests.pages.made_up_days import count_days

COUNTS = [name for name in StateCounts.__annotations__ if name not in ("first_at", "last_at")]


def _grouped(
    cells: Iterable[DailyCell], key: Callable[[DailyCell], Hashable]
) -> list[tuple[Any, list[DailyCell], dict[str, Any]]]:
    groups: defaultdict[Any, list[DailyCell]] = defaultdict(list)
    for cell in cells:
        groups[key(cell)].append(cell)
    return [
        (
            name,
            found,
            {
                **{count: sum(getattr(cell, count) for cell in found) for count in COUNTS},
                "first_at": min(cell.first_at for cell in found),
                "last_at": max(cell.last_at for cell in found),
            },
        )
        for name, found in sorted(groups.items())
    ]


def country_totals(cells: Sequence[DailyCell]) -> list[CountryTotal]:
    """Count every country."""
    return [
        CountryTotal(probe_cc=code, days=len({cell.day for cell in found}), **counts)
        for code, found, counts in _grouped(cells, lambda cell: cell.probe_cc)
    ]


def country_days(cells: Sequence[DailyCell]) -> list[CountryDay]:
    """Count every day."""
    return [
        CountryDay(
            probe_cc=found[0].probe_cc,
            day=day,
            networks=len({cell.probe_asn for cell in found}),
            targets=len({cell.target for cell in found}),
            **counts,
        )
        for day, found, counts in _grouped(cells, lambda cell: cell.day)
    ]


def network_totals(cells: Sequence[DailyCell]) -> list[NetworkTotal]:
    """Count every network."""
    return [
        NetworkTotal(probe_cc=found[0].probe_cc, probe_asn=asn, days=len({c.day for c in found}), **counts)
        for asn, found, counts in _grouped(cells, lambda cell: cell.probe_asn)
    ]


def target_totals(cells: Sequence[DailyCell]) -> list[TargetTotal]:
    """Count every target of each country."""
    return [
        TargetTotal(target=target, probe_cc=code, days=len({cell.day for cell in found}), **counts)
        for (target, code), found, counts in _grouped(cells, lambda cell: (cell.target, cell.probe_cc))
    ]


class TotalsOfVerdicts:
    """Questions of a reader that are answered by adding up its verdicts."""

    verdict_rows: list[Verdict]

    def _cells(self, probe_cc: CountryCode | None = None) -> list[DailyCell]:
        return count_days([v for v in self.verdict_rows if probe_cc in (None, v.probe_cc)])

    def country_totals(self) -> Sequence[CountryTotal]:
        return country_totals(self._cells())

    def country_days(self, probe_cc: CountryCode) -> Sequence[CountryDay]:
        return country_days(self._cells(probe_cc))

    def network_totals(self, probe_cc: CountryCode) -> Sequence[NetworkTotal]:
        return network_totals(self._cells(probe_cc))

    def target_totals(self, probe_cc: CountryCode) -> Sequence[TargetTotal]:
        return target_totals(self._cells(probe_cc))

    def measured_targets(self) -> Mapping[TargetName, int]:
        return Counter(one.target for one in target_totals(self._cells()))

    def measured_networks(self) -> Mapping[tuple[CountryCode, Asn], int]:
        found: Counter[tuple[CountryCode, Asn]] = Counter()
        for one in self.verdict_rows:
            found[one.probe_cc, one.probe_asn] += 1
        return found

    def countries_of_target(self, target: TargetName) -> Sequence[TargetTotal]:
        return target_totals([cell for cell in self._cells() if cell.target == target])

    def daily_cells_from(
        self, probe_cc: CountryCode, targets: Sequence[TargetName] | None = None
    ) -> datetime | None:
        return None
