"""Layout of a DuckDB file: block size, order of rows, and a copy without the pages of deleted rows.

DuckDB keeps the least and greatest value of each column for some hundred thousand rows together, and passes
over those that a question cannot want. So rows that a question wants should lie together.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from banwatch.model.errors import BanwatchError
from banwatch.store.bookkeeping import ROWS_IN_ORDER
from banwatch.store.engines.duckdb_errors import explain

BLOCK_BYTES = 65_536
"""Size of a block of a new file; a table takes one at least, and a file keeps the size it was created with.

The tables of 2,000 measurements in which nothing repeats took 4.5 MB with DuckDB's own 256 kB, and 2.1 MB
with this; those of a million verdicts 134 and 115 MB, and 230 MB with 16 kB."""
LEAST_OUT_OF_ORDER = 250_000
"""Daily cells behind those in order at which all are put in order again: two groups of rows, read in full."""
SHARE_OUT_OF_ORDER = 0.25
"""Share of all daily cells at which they are, so that a row is sorted four times on average."""


def rewrite_file(path: Path) -> None:
    """Copy all tables into a new file, which then takes the place of the old one.

    Raises:
        BanwatchError: another process has the file open, or there is no room for a second copy.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    try:
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{_quoted(path)}' AS old_file (READ_ONLY)")
            connection.execute(f"ATTACH '{_quoted(new)}' AS new_file (BLOCK_SIZE {BLOCK_BYTES})")
            connection.execute("COPY FROM DATABASE old_file TO new_file")
            connection.execute("DETACH new_file")
        os.replace(new, path)
    except duckdb.Error as error:
        raise explain(path, error) from error
    except OSError as error:
        raise BanwatchError(f"cannot write {new}: {error.strerror}", "Make room, and try again") from error
    finally:
        new.unlink(missing_ok=True)
        new.with_name(new.name + ".wal").unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def keep_in_order(
    raw: Any, columns: Mapping[str, str], orders: Mapping[str, tuple[str, ...]], *, rebuilt: bool
) -> None:
    """Write rollups anew in the order in which readers ask, where many rows came since; in a transaction.

    Args:
        raw: the connection that writes.
        columns: declaration of the columns of each table in `orders`.
        orders: columns to sort by.
        rebuilt: all rows are new.
    """
    rows = raw.execute("SELECT count(*) FROM daily_cell").fetchall()[0][0]
    noted = raw.execute("SELECT value FROM property WHERE name = ?", [ROWS_IN_ORDER]).fetchall()
    behind = rows - (int(noted[0][0]) if noted else 0)
    if rebuilt:
        raw.execute("DELETE FROM property WHERE name = ?", [ROWS_IN_ORDER])
    if (rows if rebuilt else behind) < max(LEAST_OUT_OF_ORDER, SHARE_OUT_OF_ORDER * rows):
        return
    for name, order in orders.items():
        raw.execute(f'CREATE TABLE "{name}_in_order" ({columns[name]})')
        raw.execute(f'INSERT INTO "{name}_in_order" SELECT * FROM "{name}" ORDER BY {", ".join(order)}')
        raw.execute(f'DROP TABLE "{name}"')
        raw.execute(f'ALTER TABLE "{name}_in_order" RENAME TO "{name}"')
    raw.execute("DELETE FROM property WHERE name = ?", [ROWS_IN_ORDER])
    raw.execute("INSERT INTO property (name, value) VALUES (?, ?)", [ROWS_IN_ORDER, str(rows)])
