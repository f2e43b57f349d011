"""Settings of a session."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY, Asn, CountryCode

BODY_LIMIT_BYTES = 1 << 19
"""OONI's snapshot length of a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Deadlines of single steps, in seconds. The defaults are OONI's; a lab needs less."""

    dns_s: float = 4.0
    dns_late_s: float = 5.0
    """Time that a question's socket stays open after its first answer (OONI's tq-002: five seconds)."""
    tcp_s: float = 10.0
    tls_s: float = 10.0
    http_s: float = 10.0
    control_s: float = 30.0

    def describe(self) -> str:
        """Render for the annotation `timeouts`."""
        return f"dns={self.dns_s:g},tcp={self.tcp_s:g},tls={self.tls_s:g},http={self.http_s:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings: where the probe stands and how it measures."""

    probe_cc: CountryCode = UNKNOWN_COUNTRY
    probe_asn: Asn = UNKNOWN_ASN
    probe_network_name: str = ""
    access_tier: str = ""
    """Written as the annotation `access_tier` where not empty."""
    resolver_ip: str = "127.0.0.2"
    """The system's resolver as the world sees it; OONI's word for "unknown" is 127.0.0.2."""
    resolver_asn: Asn = UNKNOWN_ASN
    resolver_network_name: str = ""
    resolvers: tuple[str, ...] = ("8.8.8.8:53", "1.1.1.1:53")
    """Public resolvers asked over UDP, beside the system's own: `ip:port`."""
    tcp_resolvers: tuple[str, ...] = ("8.8.8.8:53",)
    """The same over TCP."""
    dot_resolvers: tuple[str, ...] = ("8.8.8.8:853",)
    """Public resolvers asked inside TLS: `ip:port`. Their certificates must name their addresses."""
    doh_resolvers: tuple[str, ...] = ("1.1.1.1",)
    """Addresses of public resolvers asked inside HTTPS, at `https://<address>/dns-query`."""
    http3: Literal["offered", "always", "never"] = "offered"
    """When pages are fetched over HTTP/3 too: where the site offers it (`Alt-Svc`, or its `HTTPS` record in
    the DNS), at every site inside TLS, or nowhere."""
    helper_url: str | None = None
    control_path: str = "in-band"
    """`out-of-band` where the control travels by another path than the one measured."""
    asn_of: Callable[[str], Asn] | None = None
    """The AS that announces an address, where a table is at hand: some nettests want to know."""
    ca_file: Path | None = None
    """PEM file of the roots to trust; None trusts Mozilla's list."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Further annotations, e.g. `{"lab": "dprk-2016"}`."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The clock that measurements carry and certificates are judged by; aware, UTC."""
    rng: random.Random = field(default_factory=random.SystemRandom)
    parallelism: int = 20
    max_addresses: int = 4
    """Addresses tried of each name; the first of every resolver come first."""
    max_redirects: int = 10
    body_limit_bytes: int = BODY_LIMIT_BYTES
    shuffle: bool = True
    pause_s: float = 0.0
    """Mean pause between the beginnings of two measurements, jittered by half; 0 does not pause."""
    follow_ups: bool = True
    """Whether further steps are taken where a first result is suspicious."""
    thorough: bool = False
    """Also those follow-ups that take several connections or time-outs: see docs/probe.md."""
    rest_s: float = 0.0
    """How long a 3-tuple rests after it was cut, before another name is tried there once more; censors that
    remember do so for 30 to 180 seconds. 0 tries at once only."""
    innocent_name: str = "example.org"
    """An unblocked name, shown in place of the target's: does the name matter?"""
    innocent_endpoint: str = "1.1.1.1:443"
    """Address of another site, where the target's name is shown to see whether the name alone matters."""
    innocent_endpoint6: str = "[2606:4700:4700::1111]:443"
    """The same over IPv6: does IPv6 work at all?"""
    twin_url: str | None = None
    """A page of like size on the same network as most targets, which is not throttled; fetched where a
    target's page comes slowly. None does not compare."""
    measure_private: bool = False
    """Only for tests on loopback: lets the probe connect to addresses that are not on the Internet."""
    probe_id: str = ""
    """Pseudonym that the person chose; empty for none."""
    own_addresses: tuple[str, ...] = ()
    """Addresses of this probe that the world sees, to be scrubbed besides those its sockets have."""
