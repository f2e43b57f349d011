"""Changes of all countries at each level of trust, found a country at a time."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from banwatch.detect.countries import (
    CountryFindings,
    Reach,
    draft,
    find_in_country,
    set_aside_in,
    settle,
    span_of,
)
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Change, Incident
from banwatch.model.receipt import SourceClass
from banwatch.pipeline.detecting.kept import Kept
from banwatch.pipeline.detecting.source import CellSource


@dataclass(slots=True)
class Level:
    """Changes that the sources of some classes show together."""

    number: int
    """Its place among all levels, those included that hear nobody else than the one before."""
    classes: frozenset[SourceClass]
    """Classes that are heard, of those that have cells."""
    changes: dict[CountryCode, tuple[Change, ...]] = field(default_factory=dict)
    aside: dict[CountryCode, dict[Change, str]] = field(default_factory=dict)
    """Changes with a cause elsewhere, each with the reason."""

    def of_classes(self, cells: Sequence[Cell]) -> Sequence[Cell]:
        """Return the cells of the classes that are heard."""
        return [cell for cell in cells if cell.source_class in self.classes]


def find_levels(
    source: CellSource,
    levels: Sequence[frozenset[SourceClass]],
    *,
    through: datetime | None = None,
    continues: bool = False,
    kept: Kept | None = None,
) -> list[Level]:
    """Find the changes of every country at every level.

    Args:
        source: the cells.
        levels: classes that are heard at each level.
        through: as in `detect.find_changes`.
        continues: as in `detect.find_changes`.
        kept: findings of an earlier detection, which are renewed.
    """
    present = source.classes()
    found: list[Level] = []
    for number, classes in enumerate(levels):
        if not found or found[-1].classes != classes & present:
            found.append(Level(number, classes & present))
    reaches = [source.reach(level.classes) for level in found]
    of_level: list[dict[CountryCode, CountryFindings]] = [{} for _ in found]
    for country in source.countries():
        finder = _Finder(source, country, through, continues, kept)
        for level, reach, mine in zip(found, reaches, of_level, strict=True):
            if reach is not None:
                mine[country] = finder.find(level, reach)
    for level, mine in zip(found, of_level, strict=True):
        level.changes = settle(mine)
        every = sorted((c for changes in level.changes.values() for c in changes), key=_order)
        world = source.world(level.classes)
        for change, reason in set_aside_in(every, world).items():
            level.aside.setdefault(change.probe_cc, {})[change] = reason
    return found


def drafts_of(
    source: CellSource, country: CountryCode, level: Level, kept: Kept | None
) -> tuple[Incident, ...]:
    """Return one country's incidents at one level, without ids."""
    changes = level.changes.get(country, ())
    if not changes:
        return ()
    aside = level.aside.get(country, {})
    key = _hash_of(changes, aside)
    found = kept.drafts(country, level.number, key) if kept else None
    if found is None:
        found = draft(changes, level.of_classes(source.cells(country)), aside)
        if kept is not None:
            kept.keep_drafts(country, level.number, key, found)
    return found


def _hash_of(changes: Sequence[Change], aside: Mapping[Change, str]) -> str:
    reasons = [aside.get(change, "") for change in changes]
    return hashlib.sha256(msgspec.json.encode((changes, reasons))).hexdigest()


class _Finder:
    """Findings in one country, whose cells are read where they are needed alone."""

    def __init__(
        self,
        source: CellSource,
        country: CountryCode,
        through: datetime | None,
        continues: bool,
        kept: Kept | None,
    ) -> None:
        self._source = source
        self._country = country
        self._through = through
        self._continues = continues
        self._kept = kept
        self._last: tuple[int, str, CountryFindings] | None = None
        """Number of cells heard at the level before, the span, and the findings."""

    def find(self, level: Level, reach: Reach) -> CountryFindings:
        """Find what changed at one level."""
        kept = self._kept.findings(self._country, level.number) if self._kept else None
        if kept is not None and kept[1] == _span(kept[0].last, reach):
            return kept[0]
        cells = level.of_classes(self._source.cells(self._country))
        if self._last is not None and self._last[0] == len(cells):
            _, span, found = self._last
            if span == _span(found.last, reach):
                self._keep(level, found, span)
                return found
        found = find_in_country(
            cells,
            reach,
            through=self._through,
            continues=self._continues,
            before=kept[0] if kept else None,
        )
        span = _span(found.last, reach)
        self._last = len(cells), span, found
        self._keep(level, found, span)
        return found

    def _keep(self, level: Level, found: CountryFindings, span: str) -> None:
        if self._kept is not None:
            self._kept.keep(self._country, level.number, found, span)


def _span(last: datetime | None, reach: Reach) -> str:
    """Return the hours on which findings depend, by a country's last hour and the reach of all data."""
    return "" if last is None else "{} {}".format(*span_of(last, reach))


def _order(change: Change) -> tuple[str, str, int, str, datetime]:
    return (change.target, change.probe_cc, change.probe_asn, change.access_tier, change.onset_latest)
