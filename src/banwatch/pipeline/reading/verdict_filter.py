"""Filter of verdicts: those that match every value that is given, and why there are none."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, render_asn
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries
from banwatch.store.counting.matching import count_by, time_span

_MOST_NAMED = 5
"""Values named in the reason why nothing matches."""
_MOST_COMPARED = 50_000
"""Targets of a store that are compared with a name that it does not hold."""
_COLUMNS = ("probe_cc", "probe_asn", "access_tier", "target", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictFilter:
    """Values that verdicts must have; None matches every value, and so does an empty tuple."""

    probe_cc: str | None = None
    probe_asn: Asn | None = None
    access_tier: str | None = None
    target: str | None = None
    state: tuple[State, ...] = ()
    since: datetime | None = None
    """Start of the measurements, inclusive."""
    until: datetime | None = None
    """End of the measurements, exclusive."""

    def __post_init__(self) -> None:
        """Refuse a period that holds no moment.

        Raises:
            BanwatchError: it ends before it begins.
        """
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise BanwatchError(
                f"No time lies from {self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC",
                "Give a --since that is before --until",
            )

    def read(self, store: Store, limit: int | None = None) -> Iterator[Verdict]:
        """Read verdicts in order of time, at most `limit`."""
        batches = queries.verdicts_in_batches(
            store, equal=self._equal(), since=self.since, until=self.until, limit=limit
        )
        return (verdict for batch in batches for verdict in batch)

    def count(self, store: Store) -> int:
        """Count the verdicts that match."""
        return queries.count_verdicts(store, equal=self._equal(), since=self.since, until=self.until)

    def why_none(self, store: Store) -> str:
        """Say why no verdict matches: which value holds none, and what there is beside it."""
        if not VerdictFilter().count(store):
            return "The store holds no verdicts: bring measurements in with `banwatch ingest`."
        given = [name for name in (*_COLUMNS, "since", "until") if getattr(self, name) not in (None, ())]
        alone = {name: self._only([name]) for name in given}
        absent = [name for name in given if not alone[name].count(store)]
        found = [_beside(store, name, VerdictFilter(), getattr(self, name)) for name in absent]
        if not absent:
            loose = {name: self._only([other for other in given if other != name]) for name in given}
            found = [
                _beside(store, name, one, getattr(self, name))
                for name, one in loose.items()
                if one.count(store)
            ]
        return " ".join(["No verdict matches.", *found])

    def _only(self, names: Collection[str]) -> "VerdictFilter":
        """Return the filter by some of its values alone."""
        return VerdictFilter(
            probe_cc=self.probe_cc if "probe_cc" in names else None,
            probe_asn=self.probe_asn if "probe_asn" in names else None,
            access_tier=self.access_tier if "access_tier" in names else None,
            target=self.target if "target" in names else None,
            state=self.state if "state" in names else (),
            since=self.since if "since" in names else None,
            until=self.until if "until" in names else None,
        )

    def _equal(self) -> dict[str, object]:
        return {name: getattr(self, name) or None for name in _COLUMNS}


def _beside(store: Store, name: str, others: VerdictFilter, value: object) -> str:
    """Say what there is where the value of one column is left free."""
    if name in ("since", "until"):
        span = time_span(store, equal=others._equal(), since=others.since, until=others.until)
        return f"They lie from {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M} UTC." if span else ""
    most = _MOST_COMPARED if name == "target" else _MOST_NAMED
    counts = count_by(store, name, equal=others._equal(), since=others.since, until=others.until, limit=most)
    if name == "target":
        near = get_close_matches(str(value), list(counts), _MOST_NAMED) or list(counts)[:_MOST_NAMED]
        counts = {one: counts[one] for one in near}
    shown = ", ".join(f"{number:,} {_shown(name, one)}" for one, number in counts.items())
    return f"None {_NAMED[name]} {_asked(name, value)}; there are {shown}."


_NAMED = {
    "probe_cc": "is from",
    "probe_asn": "is from",
    "access_tier": "has the access tier",
    "target": "is of",
    "state": "is",
}


def _asked(name: str, value: object) -> str:
    if name == "target":
        return str(value)
    return " or ".join(value) if isinstance(value, tuple) else _shown(name, str(value))


def _shown(name: str, value: str) -> str:
    if name == "probe_asn":
        return render_asn(Asn(int(value)))
    return {"probe_cc": value, "target": f"of {value}"}.get(name, value or "without one")
