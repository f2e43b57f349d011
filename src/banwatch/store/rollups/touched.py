"""Keys of the cells whose verdicts a transaction changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from banwatch.store.rollups.keys import REPORT_KEY, TOUCHED_KEY

NEEDED = (*(n for n in TOUCHED_KEY if n != "day"), *REPORT_KEY, "probe_id", "measurement_start_time")
"""Columns of verdicts from which touched keys are read."""
_AT_MOST = 1_000_000
"""Keys remembered, some hundred bytes each; a transaction with more counts everything again."""


@dataclass(slots=True)
class Touched:
    """Cells and reports whose verdicts a transaction added, removed or replaced."""

    everything: bool = False
    removed: bool = False
    """Whether verdicts were removed or replaced, so that rows of rollups may have to vanish."""
    _keys: list[pa.Table] = field(default_factory=list)
    _reports: list[pa.Table] = field(default_factory=list)
    _count: int = 0

    def __bool__(self) -> bool:
        return self.everything or bool(self._keys)

    def add(self, rows: pa.Table, *, removed: bool = False) -> None:
        """Note the keys of some verdicts.

        Args:
            rows: with the columns of `NEEDED`.
            removed: they were removed or replaced.
        """
        if not rows.num_rows or self.everything:
            return
        self.removed |= removed
        self.add_keys(rows)
        named = rows.filter(
            pc.and_(pc.not_equal(rows.column("report_id"), ""), pc.not_equal(rows.column("probe_id"), ""))
        )
        if named.num_rows:
            self._reports.append(distinct(named, [*REPORT_KEY, "probe_id"]))

    def add_keys(self, rows: pa.Table) -> None:
        """Note keys of daily cells.

        Args:
            rows: with the columns of `NEEDED`.
        """
        start = rows.column("measurement_start_time").cast(pa.timestamp("us"))  # one engine names the zone
        day = pc.floor_temporal(start, unit="day")
        keys = distinct(rows.append_column("day", day), TOUCHED_KEY)
        self._keys.append(keys)
        self._count += keys.num_rows
        if self._count > _AT_MOST:
            self.add_everything()

    def add_everything(self) -> None:
        """Note that every verdict may have changed."""
        self.everything = True
        self._keys.clear()
        self._reports.clear()

    def keys(self) -> pa.Table:
        """Return the touched keys, in order of time."""
        return distinct(pa.concat_tables(self._keys), TOUCHED_KEY).sort_by("day")

    def countries(self) -> list[str]:
        """Return the countries with touched keys, in order."""
        names = (keys.column("probe_cc").combine_chunks() for keys in self._keys)
        return sorted({name for column in names for name in pc.unique(column).to_pylist()})

    def reports(self) -> pa.Table | None:
        """Return the first and last probe named by the touched reports; None where none names any."""
        if not self._reports:
            return None
        grouped = pa.concat_tables(self._reports).group_by(list(REPORT_KEY))
        found = grouped.aggregate([("probe_id", "min"), ("probe_id", "max")])
        return found.rename_columns({"probe_id_min": "lowest", "probe_id_max": "highest"}).select(
            [*REPORT_KEY, "lowest", "highest"]
        )


def distinct(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the distinct values of some columns."""
    found = rows.select(list(names)).group_by(list(names)).aggregate([])
    return pa.table({name: found.column(name) for name in names})  # without marks of what is never null


def months_of(days: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the keys by month that hold some daily cells."""
    month = pc.floor_temporal(days.column("day"), unit="month")
    return distinct(days.append_column("month", month), names)
