"""Signals of other observatories about a network or country: named, and never mixed into verdicts."""

from dataclasses import dataclass
from datetime import datetime

from banwatch.model.ids import Asn, CountryCode


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Signal:
    """An outage or disruption that somebody else reports."""

    begins: datetime
    ends: datetime | None
    """Null while it lasts, or where the source does not say."""
    source: str
    """Observatory that says so, and its measurement: `IODA bgp`, `Cloudflare Radar`."""
    country: CountryCode
    asn: Asn
    """0 where the country as a whole is meant."""
    says: str
    url: str
