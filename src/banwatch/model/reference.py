"""Questions to reference data. `banwatch.reference` answers them from versioned snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from banwatch.model.ids import Asn, CountryCode
from banwatch.model.resolver import KnownResolver


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The AS that announces an address, and the country it is registered in."""

    asn: Asn
    name: str
    country: CountryCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A known block page or forged answer. Columns as in OONI's blocking-fingerprints."""

    name: str
    scope: str
    """`nat`ional, `isp`, `prod`uct, `inst`itution, `vbw` (very broad), or `fp`: false positive, vetoes."""
    location: str
    """Part of a measurement that is searched for the pattern: `dns`, `body`, `header.<Name>`."""
    pattern_type: str
    """`full`, `prefix`, `contains` or `regexp`."""
    pattern: str
    expected_countries: tuple[CountryCode, ...]
    """Countries in which it may count; empty is anywhere."""
    confidence_no_fp: int
    source: str


NATIONAL_SCOPES = frozenset({"nat", "isp", "prov"})
"""Scopes whose pages belong to one country: of the state, a provider, or a province."""


class Strength(StrEnum):
    """How much a match proves by itself."""

    SOLE = "sole"
    """It settles the matter where it is expected."""
    WITNESS = "witness"
    """Ordinary pages hold it too: something else must say that the page is not the site's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedFingerprint(Fingerprint):
    """Fingerprint with what a match of it proves, computed when the index is made."""

    strength: Strength
    named_country: CountryCode
    """Country that its name tells where no column does; `ZZ` for none. It only restricts where it counts."""


class Reference(Protocol):
    """A consistent set of snapshots."""

    @property
    def snapshot_ids(self) -> tuple[str, ...]:
        """Ids of every snapshot in the set, sorted."""

    def network_of(self, ip: str) -> Network | None:
        """Look the address up in the AS table; None where it is not announced or not an address."""

    def is_public(self, ip: str) -> bool:
        """Whether the world can reach an address, by IANA's registries: not private, not reserved."""

    def resolver_of(self, ip: str, asn: Asn) -> KnownResolver | None:
        """Find a resolver that anybody can choose, by its address, or else by the AS that answers for it."""

    def match_dns(self, answer: str) -> Sequence[GradedFingerprint]:
        """Fingerprints of a DNS answer (an address or a canonical name)."""

    def match_http(self, body: bytes, headers: Sequence[tuple[str, str]]) -> Sequence[GradedFingerprint]:
        """Fingerprints of a page and its headers, in time linear in the page."""

    def show_match(self, fingerprint: Fingerprint, body: bytes, headers: Sequence[tuple[str, str]]) -> str:
        """Return the text that matched, with what stands around it, and its place; empty for no match."""

    def certificate_problem(
        self, chain: Sequence[bytes], hostname: str, at: datetime, *, lab: bool = False
    ) -> str | None:
        """Validate a chain (DER, leaf first) for a name at a time; the df-007 `ssl_*` failure, or None.

        `lab` adds the lab's own authority to the roots, for measurements that say they were made in a lab.
        """

    def device_authority(self, certificate: bytes) -> str:
        """Name the program on a device whose own authority issued a certificate (DER); else empty."""

    def target_of(self, hostname: str) -> str:
        """The registrable domain of a name, by the public suffix list; else the name itself."""
