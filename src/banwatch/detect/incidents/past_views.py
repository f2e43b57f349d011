"""Past views of the incidents, from the log of what was published and when."""

from collections.abc import Iterable
from datetime import datetime

LogEntry = tuple[datetime, str, str]
"""An entry of the log: when it was published, the id of its incident, its text."""


def view_at(log: Iterable[LogEntry], at: datetime) -> tuple[LogEntry, ...]:
    """Return the last entry of each incident up to a past moment, in order of ids."""
    last: dict[str, LogEntry] = {}
    for entry in sorted(log):
        if entry[0] <= at:
            last[entry[1]] = entry
    return tuple(last[subject] for subject in sorted(last))
