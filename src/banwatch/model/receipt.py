"""Receipt of a measurement: when it was received, and from which class of sources. Never from whom."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

_SEPARATOR = "|"
_HOUR = "%Y-%m-%dT%H"
_ARRIVED = re.compile(r"([0-9]{4})" + r"([0-9]{2})" * 5 + r"\.([0-9]{6})_", re.ASCII)


class SourceClass(StrEnum):
    """Class of a measurement's source, by what vouches for it (docs/trust.md)."""

    OWN = "own"
    """A probe of our own, by its key."""
    PARTNER = "partner"
    """A named partner, by its key."""
    OONI = "ooni"
    """OONI's archive, or any other files that the operator brought in without naming a class."""
    VERIFIED = "verified"
    """An anonymous credential that took days and measurements to grow."""
    ANONYMOUS = "anonymous"
    """Anybody: probe, report, country and network are claims."""

    @property
    def is_witness(self) -> bool:
        """Whether measurements of this class can confirm, end or withdraw an incident."""
        return self is not SourceClass.ANONYMOUS


OPEN_CLASSES = frozenset({SourceClass.VERIFIED, SourceClass.ANONYMOUS})
"""Classes that anybody can be in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Facts about a measurement that the receiver knows by itself."""

    received_at: datetime | None = None
    """Start of the hour in which it was received; null where unknown."""
    source_class: SourceClass = SourceClass.OONI
    voice: str = ""
    """Keyed hash that stands for the sender for some days (docs/trust.md); empty where there is none."""
    origin_agrees: bool | None = None
    """Whether the measurement names the country and network that it was sent from; null where unknown."""

    def render(self) -> str:
        """Write as text: `2026-11-28T15|anonymous|6f1c...|1`."""
        at = self.received_at.astimezone(UTC).strftime(_HOUR) if self.received_at else ""
        agrees = "" if self.origin_agrees is None else str(int(self.origin_agrees))
        return _SEPARATOR.join((at, self.source_class, self.voice, agrees))


NO_RECEIPT = Receipt()


def parse_receipt(text: str) -> Receipt:
    """Read what `Receipt.render` wrote; text that is none says nothing."""
    parts = text.split(_SEPARATOR)
    if len(parts) != 4:
        return NO_RECEIPT
    at, source_class, voice, agrees = parts
    try:
        return Receipt(
            received_at=datetime.strptime(at, _HOUR).replace(tzinfo=UTC) if at else None,
            source_class=SourceClass(source_class),
            voice=voice,
            origin_agrees=None if not agrees else agrees == "1",
        )
    except ValueError:
        return NO_RECEIPT


def hour_of_receipt(at: datetime) -> datetime:
    """Round a time of receipt down to the hour: all of it that is kept."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def arrival_in_uid(uid: str) -> datetime | None:
    """Return the time that an id begins with; None where there is none.

    Example: `20210113104523.123456_UG_webconnectivity_0123456789abcdef`.
    """
    found = _ARRIVED.match(uid)
    if found is None:
        return None
    try:
        return datetime(*map(int, found.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]  # seven numbers
    except ValueError:
        return None


def receipt_hour_of(uid: str, started_at: datetime) -> datetime | None:
    """Return the hour of receipt that an id tells; None where it tells none.

    An id that was made from the measurement itself begins with its start, to the microsecond: no collector
    gave it, and it says nothing of the receipt.
    """
    at = arrival_in_uid(uid)
    return None if at is None or at == started_at else hour_of_receipt(at)
