"""Zone of a world: what its names resolve to, for whom and when. Queries in, answers out."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from banwatch.lab.world.world import Address, Site, World

ROTATION_S = 600
"""Lab time after which a rotating name changes its answer, as short-lived CDN answers do."""
TTL_S = 60
NEGATIVE_TTL_S = 60
PLAIN_UDP_BYTES = 512
"""Largest datagram for a query without EDNS (RFC 1035 §2.3.4)."""
MAX_UDP_BYTES = 1232
"""Largest datagram (DNS flag day 2020), so that none is fragmented."""
_CACHED_ANSWERS = 4096
_HEADER_BYTES = 12


class Zone:
    """Names of a world.

    Args:
        world: the world whose names it holds.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._sites = {name: site for site in world.sites for name in site.names}
        self._hosts: dict[str, tuple[Address, ...]] = {
            world.helper.hostname: (world.helper.address,),
            **{name: resolver.addresses for resolver in world.resolvers for name in resolver.names},
            **dict(world.answers),
        }
        names = (*self._sites, *self._hosts)
        self._parents = {
            name.split(".", depth)[depth] for name in names for depth in range(1, name.count(".") + 1)
        }
        self._cache: dict[bytes, bytes] = {}

    @property
    def sites(self) -> Mapping[str, Site]:
        """Return the sites by each of their names."""
        return self._sites

    def answer_untrusted(
        self, query: bytes, client: Address, resolver: Address, now_s: float
    ) -> bytes | None:
        """Answer one query as this resolver would answer this client at this time; None: no answer.

        The answer may be longer than a datagram: see `fit_datagram`.
        """
        if len(query) < _HEADER_BYTES:
            return None
        key = query[2:]
        if cached := self._cache.get(key):
            return query[:2] + cached
        try:
            message = dns.message.from_wire(query, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError):
            return None
        if message.flags & dns.flags.QR or len(message.question) != 1 or message.opcode() != 0:
            return None
        response = dns.message.make_response(message, recursion_available=True)
        stable = self._fill(response, client, resolver, now_s)
        wire = response.to_wire(max_size=65535, want_shuffle=False)  # the same order for the same turn
        if stable and len(self._cache) < _CACHED_ANSWERS:
            self._cache[key] = wire[2:]
        return wire

    def _fill(self, response: dns.message.Message, client: Address, resolver: Address, now_s: float) -> bool:
        """Fill in the answer; returns whether it is the same for every client at any time."""
        question = response.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        site = self._sites.get(name)
        if site is None and name not in self._hosts:
            if name not in self._parents:
                response.set_rcode(dns.rcode.NXDOMAIN)
            response.authority.append(_soa(name))
            return True
        kind = question.rdtype
        records: list[str] = []
        if kind in (dns.rdatatype.A, dns.rdatatype.AAAA) and question.rdclass == dns.rdataclass.IN:
            four = kind == dns.rdatatype.A
            addresses = self.addresses_of(name, client, resolver, now_s)
            records = [str(a) for a in addresses if isinstance(a, IPv4Address) == four]
        elif kind == dns.rdatatype.HTTPS and site is not None and "h3" in site.alpn:
            records = [f'1 . alpn="{",".join(p for p in site.alpn if p != "http/1.1")}"']
        if records:
            response.answer.append(dns.rrset.from_text_list(question.name, TTL_S, "IN", kind, records))
        else:
            response.authority.append(_soa(name))
        return site is None or not (site.rotate or site.geo or site.moves)

    def addresses_of(
        self, name: str, client: Address, resolver: Address, now_s: float
    ) -> tuple[Address, ...]:
        """Resolve a name of this world, for a client that asks through a resolver at a time."""
        site = self._sites.get(name)
        if site is None:
            return self._hosts.get(name, ())
        addresses = site.addresses_at(datetime.fromtimestamp(now_s, UTC)) if site.moves else site.addresses
        if site.geo:
            country = self._world.country_of(client)
            addresses = next((some for code, some in site.geo if code == country), addresses)
        if not site.rotate or site.rotate >= len(addresses):
            return addresses
        turn = f"{name} {client} {resolver} {int(now_s // ROTATION_S)}"
        start = int.from_bytes(hashlib.sha256(turn.encode()).digest()[:4], "big")
        return tuple(addresses[(start + i) % len(addresses)] for i in range(site.rotate))


def fit_datagram(query: bytes, answer: bytes) -> bytes:
    """Cut an answer that is too long for the asker's datagram down to its question, marked truncated."""
    if len(answer) <= PLAIN_UDP_BYTES:
        return answer
    message = dns.message.from_wire(query, ignore_trailing=True)
    limit = min(max(message.payload, PLAIN_UDP_BYTES), MAX_UDP_BYTES)
    if len(answer) <= limit:
        return answer
    short = dns.message.make_response(message, recursion_available=True)
    short.flags |= dns.flags.TC
    return short.to_wire()


def _soa(name: str) -> dns.rrset.RRset:
    zone = name.rpartition(".")[2] or "."
    soa = f"a.nic.{zone.rstrip('.') or 'root'}. hostmaster.nic.net. 1 1800 900 604800 {NEGATIVE_TTL_S}"
    try:
        return dns.rrset.from_text(f"{zone.rstrip('.')}.", NEGATIVE_TTL_S, "IN", "SOA", soa)
    except dns.exception.DNSException:  # a label that cannot be written as text: answer for the root
        return dns.rrset.from_text(".", NEGATIVE_TTL_S, "IN", "SOA", soa.replace(zone, "root"))
