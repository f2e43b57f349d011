"""Detection in a table of verdicts that others made, without a store."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from banwatch.detect import fold
from banwatch.detect.votes.cells import arrived_at
from banwatch.formats.verdict_table import Refused, parse_moment, read_verdicts
from banwatch.model.cell import Cell
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.incident import Change, Incident
from banwatch.model.signal import Signal
from banwatch.model.verdict import Verdict
from banwatch.pipeline.fetch_signals import signals_from
from banwatch.pipeline.trust.conclusions import conclude


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """Result of a detection."""

    incidents: Sequence[Incident]
    changes: Sequence[Change]
    cells: Sequence[Cell]
    wrong_clocks: int = 0
    """Measurements left out: they say that they were made after they were received."""

    def only(self, *, incident_id: str | None, probe_cc: str | None) -> "Detected":
        """Return the part that concerns one incident, or one country; None takes all.

        Raises:
            BanwatchError: there is no such incident.
        """
        incidents = [
            one
            for one in self.incidents
            if incident_id in (None, one.incident_id) and probe_cc in (None, one.probe_cc)
        ]
        if incident_id is not None and not incidents:
            held = ", ".join(one.incident_id for one in self.incidents[:8])
            raise BanwatchError(f"There is no incident {incident_id}", f"There are {held or 'none'}")
        changes = [one for one in self.changes if incident_id is None and probe_cc in (None, one.probe_cc)]
        return replace(self, incidents=incidents, changes=changes)


def parse_as_of(text: str | None) -> datetime | None:
    """Parse the time of `--as-of`; None stays None.

    Raises:
        BanwatchError: the text is no time.
    """
    try:
        return parse_moment(text) if text else None
    except WireError as error:
        raise BanwatchError(f"--as-of: {error.reason}", "Give a time like 2016-04-01T12:00:00Z.") from error


def detect_in_table(path: Path, as_of: datetime | None, note: Callable[[str], None]) -> Detected:
    """Detect in a CSV or Parquet file of verdicts.

    Args:
        path: the file; docs/detect.md names its columns.
        as_of: moment to detect at: later arrivals are left out; None takes all of them.
        note: called with a message for each reason for which rows were refused.

    Raises:
        BanwatchError: the file cannot be read, or holds no verdict.
    """
    refused = Refused()
    arrivals: dict[str, datetime] = {}

    def keep_arrival(row: Verdict, at: datetime) -> None:
        arrivals[row.measurement_uid] = at

    rows = read_verdicts(path, on_bad=refused.note, on_arrival=keep_arrival if as_of else None)
    cells = fold(row for row in refused.counted(rows) if as_of is None or _arrival(row, arrivals) <= as_of)
    for line in refused.lines():
        note(line)
    if not refused.read:
        raise BanwatchError(f"{path} holds no verdict", "docs/detect.md names the columns.")
    found = conclude(cells, through=as_of)
    return Detected(incidents=found.incidents, changes=found.changes, cells=cells)


def read_signals(
    sources: Sequence[str] | None, note: Callable[[str], None] = lambda text: None
) -> list[Signal] | None:
    """Read the reports of other observatories from files and addresses; None where no source is named.

    Args:
        sources: paths and addresses.
        note: called with a message on what gave no signal.

    Raises:
        BanwatchError: a source cannot be read.
    """
    if not sources:
        return None
    found: list[Signal] = []
    for source in sources:
        passed_over: Counter[str] = Counter()
        found.extend(signals_from(source, passed_over=passed_over))
        if passed_over:
            reasons = ", ".join(f"{count} {reason}" for reason, count in passed_over.most_common())
            note(f"{source}: {passed_over.total()} reports passed over: {reasons}")
    return found


def _arrival(row: Verdict, arrivals: dict[str, datetime]) -> datetime:
    """Return when a foreign verdict arrived: by its row, else by its id, else when it was measured."""
    arrival = arrivals.get(row.measurement_uid) or arrived_at(row.measurement_uid)
    return max(arrival, row.measurement_start_time) if arrival else row.measurement_start_time
