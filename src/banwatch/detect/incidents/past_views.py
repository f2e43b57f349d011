"""Past views of the incidents, from the log of what was published and when."""

from collections.abc import Iterable
from datetime import datetime

Publication = tuple[datetime, str, str]
"""One publication in the log: its time, the id of its incident, its text."""


def view_at(log: Iterable[Publication], at: datetime) -> tuple[Publication, ...]:
    """Return the last publication of each incident up to a past moment, in order of ids."""
    last: dict[str, Publication] = {}
    for entry in sorted(log):
        if entry[0] <= at:
            last[entry[1]] = entry
    return tuple(last[subject] for subject in sorted(last))
