"""All changes in a set of cells: stretches of interference in each series, and shutdowns of networks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from banwatch.detect.blocking.baseline import Prior
from banwatch.detect.blocking.changes import find_blocking
from banwatch.detect.blocking.emissions import DEFAULT, Emissions
from banwatch.detect.blocking.impaired import find_impaired
from banwatch.detect.blocking.schedule import find_scheduled
from banwatch.detect.shutdowns.cut_off import find_cut_off
from banwatch.detect.shutdowns.find import find_silences
from banwatch.detect.shutdowns.joining import join_shutdowns
from banwatch.detect.shutdowns.proposals import CountrySilences
from banwatch.detect.shutdowns.settle import settle_silences
from banwatch.detect.votes.cells import hour_of
from banwatch.detect.votes.reach import Reach, counted, reach_of
from banwatch.detect.votes.series import SeriesKey, informative_in, interfered_in, key_of
from banwatch.detect.votes.traces import as_interference
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Change


def find_changes(
    cells: Iterable[Cell],
    *,
    through: datetime | None = None,
    continues: bool = False,
    prior: Prior | None = None,
    emissions: Emissions = DEFAULT,
) -> tuple[Change, ...]:
    """Find every stretch of interference and every shutdown.

    Args:
        cells: the cells, in any order; hours without measurements need no cell.
        through: the moment up to which the data are complete: hours before it without cells are empty. If
            omitted, the data reach as far as some voices do, and a silence that lasts to their end may be
            that of the table.
        continues: whether the cells are of a store that goes on receiving: a silence that lasts to their end
            is then told where other countries were heard up to it.
        prior: the series' common baseline, to update one series alone; from each country's cells, if omitted.
        emissions: how an hour's votes are weighed.

    Returns:
        Changes in order of target, network, tier and onset. Those seen by one voice alone are among them,
        with `probes` 1; `group` makes no incident of these.
    """
    every = counted(cells)
    if not every:
        return ()
    reach = reach_of(every)
    of_country: defaultdict[CountryCode, list[Cell]] = defaultdict(list)
    for cell in every:
        of_country[cell.probe_cc].append(cell)
    found = {
        country: find_in_country(
            of_country[country],
            reach,
            through=through,
            continues=continues,
            prior=prior,
            emissions=emissions,
        )
        for country in sorted(of_country)
    }
    settled = settle(found)
    return tuple(sorted((change for mine in settled.values() for change in mine), key=_order))


@dataclass(frozen=True, slots=True)
class CountryFindings:
    """Findings in one country's cells, before those of other countries are held against them."""

    blocking: tuple[Change, ...] = ()
    cut_off: tuple[Change, ...] = ()
    impaired: tuple[Change, ...] = ()
    silences: CountrySilences = field(default_factory=CountrySilences)
    last: datetime | None = None
    """Start of its last hour with a measurement; None without any."""


def find_in_country(
    cells: Iterable[Cell],
    reach: Reach,
    *,
    through: datetime | None = None,
    continues: bool = False,
    prior: Prior | None = None,
    emissions: Emissions = DEFAULT,
    before: CountryFindings | None = None,
) -> CountryFindings:
    """Find what changed in one country; the common baseline is that of its own series.

    Args:
        cells: every cell of the country.
        reach: how far the data of all countries reach.
        through: as in `find_changes`.
        continues: as in `find_changes`.
        prior: as in `find_changes`.
        emissions: how an hour's votes are weighed.
        before: findings in the same cells when the data reached less far: only silences are found again.
    """
    every = counted(cells)
    if not every:
        return CountryFindings()
    if through is not None:  # hours that have ended
        reach = replace(reach, vouched=max(reach.vouched, hour_of(through) - timedelta(hours=1)))
    silences = find_silences(every, reach, complete=through is not None, continues=continues)
    if before is not None:
        return replace(before, silences=silences)
    changes = list(find_blocking(every, prior=prior, emissions=emissions))
    traces = find_blocking(as_interference(every), prior=prior, emissions=emissions)
    partial = [replace(one, partly=True) for one in traces]
    changes += [one for one in partial if not any(_overlap(one, other) for other in _of(one, changes))]
    changes += _scheduled(every, changes)
    return CountryFindings(
        blocking=tuple(changes),
        cut_off=tuple(find_cut_off(every)),
        impaired=tuple(find_impaired(every)),
        silences=silences,
        last=max(cell.hour for cell in every),
    )


def settle(found: Mapping[CountryCode, CountryFindings]) -> dict[CountryCode, tuple[Change, ...]]:
    """Return the changes of each country, in order, by what was found in all of them."""
    silent = settle_silences({country: mine.silences for country, mine in found.items()})
    settled: dict[CountryCode, tuple[Change, ...]] = {}
    for country, mine in found.items():
        alone = [one for one in silent[country] if not any(_overlap(one, other) for other in mine.cut_off)]
        shutdowns = join_shutdowns([*alone, *mine.cut_off])
        impaired = [one for one in mine.impaired if not any(_overlap(one, other) for other in shutdowns)]
        every = [*mine.blocking, *shutdowns, *join_shutdowns(impaired)]
        settled[country] = tuple(sorted(every, key=_order))
    return settled


def _overlap(one: Change, other: Change) -> bool:
    """Return whether two changes of one network overlap in time."""
    if (one.probe_cc, one.probe_asn, one.access_tier) != (other.probe_cc, other.probe_asn, other.access_tier):
        return False
    before = one.end_latest is not None and one.end_latest <= other.onset_earliest
    after = other.end_latest is not None and other.end_latest <= one.onset_earliest
    return not before and not after


def _scheduled(cells: Iterable[Cell], changes: Iterable[Change]) -> Iterator[Change]:
    """Yield what recurs on a schedule, of targets without any other change in the country and tier."""
    moved = {(change.target, change.probe_cc, change.access_tier) for change in changes}
    showing = set[tuple[str, str, str]]()
    of_target: defaultdict[tuple[str, str, str], dict[SeriesKey, list[Cell]]] = defaultdict(dict)
    every = [cell for cell in cells if informative_in(cell)]
    for cell in every:
        if interfered_in(cell):
            showing.add((cell.target, cell.probe_cc, cell.access_tier))
    for cell in every:
        name = (cell.target, cell.probe_cc, cell.access_tier)
        if name in showing and name not in moved:
            of_target[name].setdefault(key_of(cell), []).append(cell)
    for _, by_series in sorted(of_target.items()):
        yield from find_scheduled(by_series)


def _of(change: Change, changes: Iterable[Change]) -> list[Change]:
    """Return the changes of the same target."""
    return [other for other in changes if other.target == change.target]


def _order(change: Change) -> tuple[str, str, int, str, datetime]:
    return (change.target, change.probe_cc, change.probe_asn, change.access_tier, change.onset_latest)
