"""Incidents as they would have been found at moments of the past, with ids that stay from one to the next."""

from datetime import datetime
from pathlib import Path

from banwatch.model.ids import IncidentId
from banwatch.model.incident import Incident
from banwatch.pipeline.trust.conclusions import Earlier, conclude
from banwatch.pipeline.trust.decisions import decisions_path, moderated, read_decisions
from banwatch.store import Store, queries


class PastIncidents:
    """Detection over a store's cells up to one moment after another; nothing is written.

    Args:
        store: open for reading; all its cells are read.
    """

    def __init__(self, store: Store) -> None:
        self._cells = queries.cells(store)
        self._moderated = moderated(read_decisions(decisions_path(Path(store.archive.folder))))
        self._current: tuple[Incident, ...] = ()
        self._first: dict[IncidentId, Incident] = {}
        self._last: dict[IncidentId, Incident] = {}

    def at(self, moment: datetime) -> tuple[Incident, ...]:
        """Return the incidents that the cells before a moment show; call it with ever later moments."""
        current = {one.incident_id for one in self._current}
        earlier = Earlier(
            published=self._current,
            withdrawn=[one for name, one in sorted(self._last.items()) if name not in current],
            used_ids=frozenset(self._last),
            first_published=self._first,
        )
        cells = [cell for cell in self._cells if cell.hour < moment]
        found = conclude(cells, continues=True, earlier=earlier, moderated=self._moderated)
        self._current = found.incidents
        for one in found.incidents:
            self._first.setdefault(one.incident_id, one)
            self._last[one.incident_id] = one
        return self._current
