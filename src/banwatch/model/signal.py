"""What others say of a network or country: a separate line of evidence, named, never mixed into verdicts."""

from dataclasses import dataclass
from datetime import datetime

from banwatch.model.ids import Asn, CountryCode


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Signal:
    """One outage or disruption that somebody else reports."""

    begins: datetime
    ends: datetime | None
    """Null while it lasts, or where the source does not say."""
    source: str
    """Who says so, and by which of their measurements: `IODA bgp`, `Cloudflare Radar`."""
    country: CountryCode
    asn: Asn
    """0 where the country as a whole is meant."""
    says: str
    url: str
