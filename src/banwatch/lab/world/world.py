"""World: sites, resolvers, the helper, and the addresses that answer."""

from dataclasses import dataclass, field
from datetime import datetime
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
    """Certificate that a site presents in the TLS handshake."""

    VALID = "valid"
    EXPIRED = "expired"
    WRONG_NAME = "wrong_name"
    SELF_SIGNED = "self_signed"
    UNTRUSTED = "untrusted"
    """Signed by an authority that no client trusts, as an interception device's is."""


class Handshake(StrEnum):
    """Reaction of a server to any ClientHello."""

    ANSWERED = "answered"
    RESET = "reset"
    END = "end"
    SILENCE = "silence"


class Page(StrEnum):
    """Behaviour of a site's page."""

    STATIC = "static"
    CHANGING = "changing"
    """Page that differs on every load, in words and in length."""
    CAPTCHA = "captcha"
    """Page with status 403 that asks every reader to prove to be human."""
    HUGE = "huge"
    """Page of 4 MiB."""
    SLOW = "slow"
    """Page that takes two seconds, in pieces."""
    ERROR = "error"
    """Page with status 503, for everybody."""


class Service(StrEnum):
    """Service over UDP."""

    STUN = "stun"
    NTP = "ntp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Move of a site: its name resolves to other addresses from a moment on. The old ones go on answering."""

    at: datetime
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Time in which a site's servers end every connection at once, for everybody."""

    begins: datetime
    ends: datetime
    """First moment after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Site: one hostname, with its addresses and their services."""

    hostname: str
    aliases: tuple[str, ...] = ()
    """Other names of the site. They redirect to `hostname` where `canonical` says so."""
    addresses: tuple[Address, ...] = ()
    """Addresses that its name resolves to; with none, the name exists and has no address."""
    geo: tuple[tuple[CountryCode, tuple[Address, ...]], ...] = ()
    """Other addresses for clients of some countries (geo-DNS)."""
    rotate: int = 0
    """Number of addresses in one answer, by turns; 0 is all of them, always."""
    silent: tuple[Address, ...] = ()
    """Addresses of the site at which nothing answers, not even a refusal (broken IPv6, a dead machine)."""
    ports: tuple[int, ...] = (HTTP_PORT, HTTPS_PORT)
    """Open TCP ports. The others refuse."""
    plain: tuple[int, ...] = (HTTP_PORT,)
    """Open ports without TLS."""
    services: tuple[Service, ...] = ()
    """Services over UDP."""
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    certificate: Certificate = Certificate.VALID
    handshake: Handshake = Handshake.ANSWERED
    """Reaction of its addresses to TLS: a server may hang up by itself."""
    page: Page = Page.STATIC
    to_https: bool = False
    """Whether plain HTTP redirects to HTTPS."""
    canonical: bool = True
    """Whether requests for an alias redirect to `hostname`."""
    redirect: str = ""
    """Target of a redirect from `/`; empty for none."""
    refuses: tuple[CountryCode, ...] = ()
    """Countries whose clients it refuses with 403, by its own decision."""
    title: str = ""
    language: str = "en"
    server: str = "nginx"
    size_bytes: int = 6000
    """Approximate size of its page."""
    owner: str = ""
    """Owner of the addresses, for readers."""
    any_name: bool = False
    """Whether its servers answer for every name with this site's page and a certificate of its kind for the
    name: servers of block pages, and devices that intercept TLS, do."""
    moves: tuple[Move, ...] = ()
    """In order of time."""
    outages: tuple[Outage, ...] = ()

    def addresses_at(self, now: datetime) -> tuple[Address, ...]:
        """Return the addresses that its name resolves to at a time, countries left aside."""
        moved = [move.addresses for move in self.moves if move.at <= now]
        return moved[-1] if moved else self.addresses

    def is_down(self, now: datetime) -> bool:
        """Whether it is down for everybody at a time."""
        return any(outage.begins <= now < outage.ends for outage in self.outages)

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name that it answers to."""
        return (self.hostname, *self.aliases)

    @property
    def all_addresses(self) -> tuple[Address, ...]:
        """Return every address that a client may be sent to, silent ones included; each once."""
        later = (address for move in self.moves for address in move.addresses)
        return tuple(dict.fromkeys((*self.addresses, *(a for _, some in self.geo for a in some), *later)))

    @property
    def answering(self) -> tuple[Address, ...]:
        """Return the addresses at which something answers, be it with a refusal."""
        return tuple(a for a in self.all_addresses if a not in self.silent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Recursive resolver."""

    hostname: str
    """Name in certificates and in the zone."""
    addresses: tuple[Address, ...]
    aliases: tuple[str, ...] = ()
    isp: bool = False
    """A provider's own: what DHCP would tell its clients. A tier of a regime names which."""
    dot: bool = True
    doh: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name that it answers to."""
        return (self.hostname, *self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """Control server."""

    hostname: str
    address: Address
    step_timeout_s: float = 2.0
    """Time for which it waits for an answer. Its round trips take a fraction of a millisecond, and a site
    that is down costs every measurement this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """URL to measure, with its Citizen Lab category."""

    url: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """World: everything that a client would reach without a censor."""

    name: str
    title: str
    sites: tuple[Site, ...]
    resolvers: tuple[Resolver, ...]
    helper: Helper
    inputs: tuple[Input, ...]
    """Inputs of a probe in this world."""
    vacant: tuple[Prefix, ...]
    """Prefixes of machines without a listener: they refuse. Forged answers may point there."""
    countries: tuple[tuple[Prefix, CountryCode], ...]
    """Countries of client prefixes, for sites that depend on them."""
    ca_file: Path
    """File of the lab's authority (PEM), which a client in the lab trusts."""
    ca_pem: str = field(repr=False)
    """The lab's authority as PEM text."""
    answers: tuple[tuple[str, tuple[Address, ...]], ...] = ()
    """Names that resolve to addresses of no site: private or reserved ones, as some names of the world do."""

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """Return the addresses that answer, as the fewest prefixes. Others are silent."""
        addresses = {
            self.helper.address,
            *(a for resolver in self.resolvers for a in resolver.addresses),
            *(a for site in self.sites for a in site.answering),
        }
        four = collapse_addresses(IPv4Network(a) for a in addresses if isinstance(a, IPv4Address))
        six = collapse_addresses(IPv6Network(a) for a in addresses if isinstance(a, IPv6Address))
        return (*sorted(four), *sorted(six), *self.vacant)

    @property
    def resolver_addresses(self) -> tuple[Address, ...]:
        """Return the addresses of all resolvers."""
        return tuple(address for resolver in self.resolvers for address in resolver.addresses)

    @property
    def helper_addresses(self) -> tuple[Address, ...]:
        """Return the addresses of the helper."""
        return (self.helper.address,)

    @property
    def helper_url(self) -> str:
        """Return the helper's URL, by address: the probe must not need the network's own resolver."""
        return f"https://{_in_url(self.helper.address)}/"

    @property
    def helper_url_plain(self) -> str:
        """Return the helper's URL without TLS."""
        return f"http://{_in_url(self.helper.address)}/"

    @property
    def down(self) -> frozenset[str]:
        """Return the names of sites that are down: no address answers, or no port is open."""
        return frozenset(
            name for site in self.sites if not (site.answering and site.ports) for name in site.names
        )

    @property
    def provider_resolvers(self) -> tuple[Resolver, ...]:
        """Return the resolvers of providers; a tier of a regime names the one of its network."""
        return tuple(resolver for resolver in self.resolvers if resolver.isp)

    @property
    def public_resolvers(self) -> tuple[Resolver, ...]:
        """Return the public resolvers."""
        return tuple(resolver for resolver in self.resolvers if not resolver.isp)

    def country_of(self, address: Address) -> CountryCode | None:
        """Return the country of a client, as a site would look it up; None where unknown."""
        for prefix, country in self.countries:
            if address in prefix:
                return country
        return None


def _in_url(address: Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)
