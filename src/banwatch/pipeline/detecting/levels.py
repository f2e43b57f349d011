"""Changes of all countries at each level of trust, found a country at a time."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

from banwatch.detect.countries import CountryFindings, Reach, draft, set_aside_in, settle
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Change, Incident
from banwatch.model.receipt import SourceClass
from banwatch.pipeline.detecting.finders import (
    CountryTask,
    Finders,
    Found,
    LevelTask,
    hash_of,
    span_text,
    start_finders,
)
from banwatch.pipeline.detecting.kept import Kept
from banwatch.pipeline.detecting.source import CellSource


@dataclass(slots=True)
class Level:
    """Changes that the sources of some classes show together."""

    number: int
    """Its place among all levels, those included that hear nobody else than the one before."""
    classes: frozenset[SourceClass]
    """Classes that are heard, of those that have cells."""
    reach: Reach | None
    found: dict[CountryCode, CountryFindings] = field(default_factory=dict)
    changes: dict[CountryCode, tuple[Change, ...]] = field(default_factory=dict)
    aside: dict[CountryCode, dict[Change, str]] = field(default_factory=dict)
    """Changes with a cause elsewhere, each with the reason."""
    foreseen: dict[CountryCode, tuple[str, tuple[Incident, ...]]] = field(default_factory=dict)
    """Incidents that countries have by themselves, with the hash of their changes: of most no other country
    explains anything, and their cells are not read again."""

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
    every: list[Level] = []
    for number, classes in enumerate(levels):
        if not every or every[-1].classes != classes & present:
            every.append(Level(number, classes & present, source.reach(classes & present)))
    with start_finders(source) as finders:
        work = [
            _submit(finders, every, country, through, continues, kept)
            for country in sorted(source.countries(), key=lambda one: (-source.size_of(one), one))
        ]
        for country, asked, done in work:
            for level, found in zip(asked, done.result() if done else (), strict=True):
                level.found[country] = found.findings
                level.foreseen[country] = found.key, found.drafts
                if kept is not None and level.reach is not None:
                    kept.keep(country, level.number, found.findings, span_text(found.findings, level.reach))
    for level in every:
        level.changes = settle({country: level.found[country] for country in sorted(level.found)})
        changes = sorted((c for mine in level.changes.values() for c in mine), key=_order)
        for change, reason in set_aside_in(changes, source.world(level.classes)).items():
            level.aside.setdefault(change.probe_cc, {})[change] = reason
    return every


def _submit(
    finders: Finders,
    levels: Sequence[Level],
    country: CountryCode,
    through: datetime | None,
    continues: bool,
    kept: Kept | None,
) -> tuple[CountryCode, list[Level], "Future[list[Found]] | None"]:
    """Take what is kept of a country, and have its cells read for the levels of which that does not hold."""
    asked: list[Level] = []
    tasks: list[LevelTask] = []
    for level in levels:
        if level.reach is None:
            continue
        before = kept.findings(country, level.number) if kept else None
        if before is not None and before[1] == span_text(before[0], level.reach):
            level.found[country] = before[0]
            continue
        asked.append(level)
        tasks.append(LevelTask(level.classes, level.reach, before[0] if before else None))
    if not asked:
        return country, [], None
    return country, asked, finders.submit(country, CountryTask(tuple(tasks), through, continues))


def drafts_of(
    source: CellSource, country: CountryCode, level: Level, kept: Kept | None
) -> tuple[Incident, ...]:
    """Return one country's incidents at one level, without ids."""
    changes = level.changes.get(country, ())
    if not changes:
        return ()
    aside = level.aside.get(country, {})
    key = hash_of(changes, aside)
    found = kept.drafts(country, level.number, key) if kept else None
    if found is not None:
        return found
    foreseen = level.foreseen.get(country)
    if foreseen is not None and foreseen[0] == key:
        found = foreseen[1]
    else:
        found = draft(changes, level.of_classes(source.cells(country)), aside)
    if kept is not None:
        kept.keep_drafts(country, level.number, key, found)
    return found


def _order(change: Change) -> tuple[str, str, int, str, datetime]:
    return (change.target, change.probe_cc, change.probe_asn, change.access_tier, change.onset_latest)
