"""Types of identifiers that must not be confused with each other."""

import re
from typing import NewType

Asn = NewType("Asn", int)
"""An autonomous system number; 0 is "unknown", as in OONI's `AS0`. Shown as `AS131279`."""
CountryCode = NewType("CountryCode", str)
"""ISO 3166-1 alpha-2, upper case; `ZZ` is "unknown"."""
TargetName = NewType("TargetName", str)
"""Subject of a ban or a measurement: a registrable domain or an application, never an address."""
MeasurementUid = NewType("MeasurementUid", str)
RuleId = NewType("RuleId", str)
IncidentId = NewType("IncidentId", str)

UNKNOWN_ASN = Asn(0)
UNKNOWN_COUNTRY = CountryCode("ZZ")

_ASN = re.compile(r"(?:AS)?([0-9]{1,10})", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def parse_asn(text: str | None) -> Asn:
    """Read `AS131279` or `131279`; anything else is `UNKNOWN_ASN`, as nobody can be accused by it."""
    found = _ASN.fullmatch(text) if text else None
    number = int(found[1]) if found else 0
    return Asn(number if number < 2**32 else 0)


def render_asn(asn: Asn) -> str:
    """Write an AS number the way people read it: `AS131279`."""
    return f"AS{asn}"


def parse_country(text: str | None) -> CountryCode:
    """Read an ISO 3166-1 alpha-2 code; anything else is `UNKNOWN_COUNTRY`."""
    return CountryCode(text) if text and _COUNTRY.fullmatch(text) else UNKNOWN_COUNTRY
