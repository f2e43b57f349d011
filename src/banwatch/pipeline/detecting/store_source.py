"""The cells of a store as a source: one country at a time is in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from banwatch.detect.countries import Reach, TargetHours, VoiceDays, World
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.receipt import SourceClass
from banwatch.pipeline.detecting.source import Classes
from banwatch.store import Store, queries
from banwatch.store.detecting import summaries


class StoredCells:
    """Cells of a store; they must not change while it is used."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts = summaries.count_by_country(store)
        self._reaches: dict[frozenset[SourceClass], Reach] | None = None
        self._last_read: tuple[CountryCode, Sequence[Cell]] | None = None

    @property
    def count(self) -> int:
        """Number of all cells."""
        return sum(one.cells for one in self._counts)

    def countries(self) -> Sequence[CountryCode]:
        """Return the countries that have cells, in order."""
        return sorted({one.probe_cc for one in self._counts})

    def classes(self) -> frozenset[SourceClass]:
        """Return the classes of sources that have cells."""
        return frozenset(one.source_class for one in self._counts)

    def cells(self, country: CountryCode) -> Sequence[Cell]:
        """Return the cells of one country, in the order of their key."""
        if self._last_read is None or self._last_read[0] != country:
            self._last_read = None  # before the next are read: one country at a time
            self._last_read = country, queries.cells(self._store, probe_cc=country)
        return self._last_read[1]

    def stream(self, country: CountryCode) -> bytes:
        """Return the cells of one country as an Arrow IPC stream, for another process."""
        rows = summaries.cells_of_country(self._store, country)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        return bytes(sink.getvalue())

    def size_of(self, country: CountryCode) -> int:
        """Return the number of cells of one country."""
        return sum(one.cells for one in self._counts if one.probe_cc == country)

    def reach(self, classes: Classes) -> Reach | None:
        """Return how far the cells of some classes reach."""
        wanted = frozenset(classes) & self.classes()
        lasts = [one.last for one in self._counts if one.source_class in wanted and one.last is not None]
        if not lasts:
            return None
        if self._reaches is None:
            self._reaches = {}
        if wanted not in self._reaches:
            days = VoiceDays()
            for day in summaries.voices_by_day(self._store):
                heard: dict[str, datetime] = {}
                for of in wanted & day.keys():
                    for voice, last in day[of].items():
                        heard[voice] = max(heard.get(voice, last), last)
                if heard:
                    days.add(heard)
            self._reaches[wanted] = Reach(days.vouched(max(lasts)), max(lasts))
        return self._reaches[wanted]

    def world(self, classes: Classes) -> World:
        """Return the cells of some classes, to be asked about targets."""
        countries = {one.probe_cc for one in self._counts if one.source_class in classes}
        return _StoredWorld(self._store, frozenset(classes), countries)


class _StoredWorld:
    def __init__(self, store: Store, classes: Classes, countries: Collection[CountryCode]) -> None:
        self._store = store
        self._classes = classes
        self._countries = countries
        self._measuring: dict[TargetName, dict[CountryCode, int]] = {}

    def countries(self) -> Collection[CountryCode]:
        return self._countries

    def measuring(self, targets: Collection[TargetName]) -> Mapping[TargetName, Collection[CountryCode]]:
        missing = set(targets) - self._measuring.keys()
        if missing:
            self._measuring |= summaries.measuring_countries(self._store, missing, self._classes)
        return {target: self._measuring[target].keys() for target in targets}

    def hours_of(self, targets: Collection[TargetName]) -> Iterator[tuple[TargetName, TargetHours]]:
        self.measuring(targets)
        batch: list[TargetName] = []
        size = 0
        for target in sorted(targets):
            batch.append(target)
            size += sum(self._measuring[target].values())
            if size >= summaries.HOURS_AT_ONCE:
                yield from self._hours_of(batch)
                batch, size = [], 0
        if batch:
            yield from self._hours_of(batch)

    def _hours_of(self, targets: Sequence[TargetName]) -> Iterator[tuple[TargetName, TargetHours]]:
        rows = summaries.hours_of_targets(self._store, targets, self._classes)
        names = np.array(rows.column("target").to_pylist(), object)
        for target in targets:
            first, last = (int(np.searchsorted(names, target, side)) for side in ("left", "right"))
            part = rows.slice(first, last - first)
            yield (
                target,
                TargetHours(
                    part.column("probe_cc").to_pylist(),
                    part.column("hour_number").to_numpy(),
                    part.column("interfered").to_numpy(),
                    part.column("informative").to_numpy(),
                    part.column("accusers").to_pylist(),
                ),
            )
