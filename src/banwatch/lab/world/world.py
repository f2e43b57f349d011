"""What exists: sites, resolvers, the helper, and which addresses answer."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses
from pathlib import Path

from banwatch.model.ids import CountryCode

Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network

HTTP_PORT = 80
HTTPS_PORT = 443
DNS_PORT = 53
DOT_PORT = 853


class Certificate(StrEnum):
    """What a site shows for itself in the TLS handshake."""

    VALID = "valid"
    EXPIRED = "expired"
    WRONG_NAME = "wrong_name"
    SELF_SIGNED = "self_signed"
    UNTRUSTED = "untrusted"
    """Signed by an authority that nobody trusts, as those of interception devices are."""


class Handshake(StrEnum):
    """What a server does with a ClientHello, whatever name is in it."""

    ANSWERED = "answered"
    RESET = "reset"
    END = "end"
    SILENCE = "silence"


class Page(StrEnum):
    """How a site's page behaves."""

    STATIC = "static"
    CHANGING = "changing"
    """Differs on every load, in words and in length."""
    CAPTCHA = "captcha"
    """Asks whether the reader is human, with status 403, whoever asks."""
    HUGE = "huge"
    """Some megabytes."""
    SLOW = "slow"
    """Trickles."""
    ERROR = "error"
    """Answers 503 to everybody."""


class Service(StrEnum):
    """A small service over UDP."""

    STUN = "stun"
    NTP = "ntp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One hostname and what answers for it."""

    hostname: str
    aliases: tuple[str, ...] = ()
    """Other names for it. They redirect to `hostname` where `canonical` says so."""
    addresses: tuple[Address, ...] = ()
    """What its name resolves to; none: the name exists and has no address."""
    geo: tuple[tuple[CountryCode, tuple[Address, ...]], ...] = ()
    """Other addresses for clients of some countries (geo-DNS)."""
    rotate: int = 0
    """How many of the addresses one answer holds, by turns; 0 is all of them, always."""
    silent: tuple[Address, ...] = ()
    """Those of its addresses at which nothing answers, not even a refusal (a broken IPv6, a dead machine)."""
    ports: tuple[int, ...] = (HTTP_PORT, HTTPS_PORT)
    """Open ports. The others refuse."""
    plain: tuple[int, ...] = (HTTP_PORT,)
    """Those of its ports that speak without TLS."""
    services: tuple[Service, ...] = ()
    """What it answers over UDP."""
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    certificate: Certificate = Certificate.VALID
    handshake: Handshake = Handshake.ANSWERED
    """What its address does with TLS: a server may hang up by itself."""
    page: Page = Page.STATIC
    to_https: bool = False
    """Plain HTTP redirects to HTTPS."""
    canonical: bool = True
    """Requests for an alias redirect to `hostname`."""
    redirect: str = ""
    """Where a request for `/` goes; empty: nowhere."""
    refuses: tuple[CountryCode, ...] = ()
    """Countries whose clients it turns away with 403, by its own decision."""
    title: str = ""
    language: str = "en"
    server: str = "nginx"
    size_bytes: int = 6000
    """Length of its page, about."""
    owner: str = ""
    """Whose addresses these are, for readers."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it answers to."""
        return (self.hostname, *self.aliases)

    @property
    def all_addresses(self) -> tuple[Address, ...]:
        """Every address that a client may be sent to, silent ones included; each once."""
        return tuple(dict.fromkeys((*self.addresses, *(a for _, some in self.geo for a in some))))

    @property
    def answering(self) -> tuple[Address, ...]:
        """The addresses at which something answers, be it with a refusal."""
        return tuple(a for a in self.all_addresses if a not in self.silent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """A recursive resolver."""

    hostname: str
    """Its name in certificates and in the zone."""
    addresses: tuple[Address, ...]
    aliases: tuple[str, ...] = ()
    isp: bool = False
    """A provider's own: what DHCP would tell its clients. A tier of a regime names which."""
    dot: bool = True
    doh: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it answers to."""
        return (self.hostname, *self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """The control server."""

    hostname: str
    address: Address
    step_timeout_s: float = 2.0
    """How long it waits for an answer. It stands in the world, a fraction of a millisecond from everything,
    and a site that is down costs every measurement of it this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One URL to measure, and the Citizen Lab category that it stands for."""

    url: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that a client would reach if nobody stood in between."""

    name: str
    title: str
    sites: tuple[Site, ...]
    resolvers: tuple[Resolver, ...]
    helper: Helper
    inputs: tuple[Input, ...]
    """The list that a probe in this world measures."""
    vacant: tuple[Prefix, ...]
    """Prefixes of machines on which nothing listens: they refuse. Forged answers may point there."""
    countries: tuple[tuple[Prefix, CountryCode], ...]
    """Where clients are, as far as sites that care can tell."""
    ca_file: Path
    """The lab's authority as a PEM file: what a client in the lab trusts."""
    ca_pem: str = field(repr=False)
    """The same as text."""

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """Everything that answers, as the fewest prefixes. Other addresses are silence."""
        addresses = {
            self.helper.address,
            *(a for resolver in self.resolvers for a in resolver.addresses),
            *(a for site in self.sites for a in site.answering),
        }
        four = collapse_addresses(IPv4Network(a) for a in addresses if isinstance(a, IPv4Address))
        six = collapse_addresses(IPv6Network(a) for a in addresses if isinstance(a, IPv6Address))
        return (*sorted(four), *sorted(six), *self.vacant)

    @property
    def helper_addresses(self) -> tuple[Address, ...]:
        """Where the helper listens."""
        return (self.helper.address,)

    @property
    def helper_url(self) -> str:
        """Where the control server is, by address: the probe must not need the network's own resolver."""
        return f"https://{_in_url(self.helper.address)}/"

    @property
    def helper_url_plain(self) -> str:
        """The same without TLS."""
        return f"http://{_in_url(self.helper.address)}/"

    @property
    def down(self) -> frozenset[str]:
        """Names of sites that nobody reaches: none of their addresses answers, or no port is open."""
        return frozenset(
            name for site in self.sites if not (site.answering and site.ports) for name in site.names
        )

    @property
    def provider_resolvers(self) -> tuple[Resolver, ...]:
        """The resolvers of providers; a tier of a regime names the one of its network."""
        return tuple(resolver for resolver in self.resolvers if resolver.isp)

    @property
    def public_resolvers(self) -> tuple[Resolver, ...]:
        """The resolvers that anybody may ask."""
        return tuple(resolver for resolver in self.resolvers if not resolver.isp)

    def country_of(self, address: Address) -> CountryCode | None:
        """Say where a client is, as a site would look it up; None where it cannot tell."""
        for prefix, country in self.countries:
            if address in prefix:
                return country
        return None


def _in_url(address: Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)
