"""DuckDB file as a file: written anew without the pages of deleted rows, which DuckDB never overwrites."""

import os
from pathlib import Path

import duckdb

from banwatch.model.errors import BanwatchError
from banwatch.store.engines.duckdb_errors import explain


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
            connection.execute(f"ATTACH '{_quoted(new)}' AS new_file")
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
