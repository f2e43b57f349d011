"""Filter of verdicts: those that match every value that is given."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictFilter:
    """Values that verdicts must have; None matches every value."""

    probe_cc: str | None = None
    probe_asn: Asn | None = None
    access_tier: str | None = None
    target: str | None = None
    state: State | None = None
    since: datetime | None = None
    """Start of the measurements, inclusive."""
    until: datetime | None = None
    """End of the measurements, exclusive."""

    def read(self, store: Store, limit: int | None = None) -> Iterator[Verdict]:
        """Read verdicts in order of time, at most `limit`."""
        batches = queries.verdicts_in_batches(
            store, equal=self._equal(), since=self.since, until=self.until, limit=limit
        )
        return (verdict for batch in batches for verdict in batch)

    def count(self, store: Store) -> int:
        """Count the verdicts that match."""
        return queries.count_verdicts(store, equal=self._equal(), since=self.since, until=self.until)

    def _equal(self) -> dict[str, object]:
        return {
            "probe_cc": self.probe_cc,
            "probe_asn": self.probe_asn,
            "access_tier": self.access_tier,
            "target": self.target,
            "state": self.state,
        }


def parse_state(text: str | None) -> State | None:
    """Parse the name of a state; None stays None.

    Raises:
        BanwatchError: there is no such state.
    """
    if text is None:
        return None
    if text not in set(State):
        raise BanwatchError(f"there is no state {text!r}", f"Choose one of {', '.join(State)}")
    return State(text)
