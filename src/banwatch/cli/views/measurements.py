"""Measurements as they came, and lines that could not be read."""

import sys
from collections.abc import Iterable

from banwatch.cli.views.json_lines import print_json_lines
from banwatch.store.bookkeeping import Quarantined


def write_lines(lines: Iterable[bytes]) -> None:
    """Write measurements to stdout, byte for byte, one a line."""
    sys.stdout.buffer.writelines(line + b"\n" for line in lines)


def show_quarantine(rows: Iterable[Quarantined], *, as_json: bool) -> None:
    """Print file, line and reason of each line that could not be read."""
    if as_json:
        print_json_lines(rows)
        return
    for row in rows:
        print(f"{row.source}:{row.line}: {row.reason}")
