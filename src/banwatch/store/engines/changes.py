"""Answers kept until a table that they were made from changes.

One process writes a DuckDB file at a time, so a process that has it open for writing knows of every change;
one that has it open for reading sees none. Of a ClickHouse database, and of a file that another process owns,
a process knows nothing, and keeps no answer.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import WeakValueDictionary

Answer = TypeVar("Answer")
_MOST_KEPT = 64
"""Answers kept for one database, the widest of some megabytes each."""


@dataclass(slots=True, weakref_slot=True)
class Changes:
    """Number of changes of each table of one database in this process, with the answers that are kept."""

    keeps: bool
    """Whether this process knows of every change."""
    _changes: Counter[str] = field(default_factory=Counter)
    _touched: set[str] = field(default_factory=set)
    """Tables that the open transaction changed."""
    _kept: dict[Hashable, tuple[tuple[int, ...], Any]] = field(default_factory=dict)

    def touch(self, table: str) -> None:
        """Note that the open transaction changes a table."""
        self._touched.add(table)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Count the changes of a transaction after it was committed, or rolled back."""
        try:
            yield
        finally:
            self._changes.update(self._touched)
            self._touched.clear()

    def kept(self, key: Hashable, tables: Iterable[str], make: Callable[[], Answer]) -> Answer:
        """Return an answer, made anew where one of its tables changed.

        The number of changes is read first: where a commit comes between, the answer is made once more than
        need be, never once less.
        """
        if not self.keeps:
            return make()
        state = tuple(self._changes[name] for name in tables)
        found = self._kept.get(key)
        if found is not None and found[0] == state:
            return cast(Answer, found[1])
        answer = make()
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (state, answer)
        return answer


_of_path: WeakValueDictionary[Path, Changes] = WeakValueDictionary()


def changes_of(path: Path | None) -> Changes:
    """Return the changes of a database, the same for all stores of this process that have its file open.

    Args:
        path: of the file; None for a database that other processes change.
    """
    if path is None:
        return Changes(keeps=False)
    path = path.absolute()
    found = _of_path.get(path)
    if found is None:
        found = _of_path[path] = Changes(keeps=True)
    return found
