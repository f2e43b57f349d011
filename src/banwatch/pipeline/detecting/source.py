"""Sources of cells: a country's cells at once, and small summaries of all countries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from banwatch.detect.countries import Reach, World, WorldOfCells, reach_of
from banwatch.detect.votes.reach import counted
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode
from banwatch.model.receipt import SourceClass

Classes = Collection[SourceClass]


class CellSource(Protocol):
    """Cells of all countries."""

    def countries(self) -> Sequence[CountryCode]:
        """Return the countries that have cells, in order."""
        ...

    def classes(self) -> frozenset[SourceClass]:
        """Return the classes of sources that have cells."""
        ...

    def cells(self, country: CountryCode) -> Sequence[Cell]:
        """Return the cells of one country, of all classes, in the order of their key."""
        ...

    def size_of(self, country: CountryCode) -> int:
        """Return the number of cells of one country."""
        ...

    def reach(self, classes: Classes) -> Reach | None:
        """Return how far the cells of some classes reach; None where there are none with a sound clock."""
        ...

    def world(self, classes: Classes) -> World:
        """Return the cells of some classes, to be asked about targets."""
        ...


class CellsAtHand:
    """Cells that are in memory."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = tuple(cells)
        self._of_country: defaultdict[CountryCode, list[Cell]] = defaultdict(list)
        for cell in self._cells:
            self._of_country[cell.probe_cc].append(cell)

    def countries(self) -> Sequence[CountryCode]:
        """Return the countries that have cells, in order."""
        return sorted(self._of_country)

    def classes(self) -> frozenset[SourceClass]:
        """Return the classes of sources that have cells."""
        return frozenset(cell.source_class for cell in self._cells)

    def cells(self, country: CountryCode) -> Sequence[Cell]:
        """Return the cells of one country."""
        return self._of_country[country]

    def size_of(self, country: CountryCode) -> int:
        """Return the number of cells of one country."""
        return len(self._of_country[country])

    def reach(self, classes: Classes) -> Reach | None:
        """Return how far the cells of some classes reach."""
        mine = counted(cell for cell in self._cells if cell.source_class in classes)
        return reach_of(mine) if mine else None

    def world(self, classes: Classes) -> World:
        """Return the cells of some classes, to be asked about targets."""
        return WorldOfCells(cell for cell in self._cells if cell.source_class in classes)
