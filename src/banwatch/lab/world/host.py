"""Host at one address: sites by name, or a resolver. No sockets."""

import base64
import binascii
import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from random import Random
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from banwatch.lab.world.application_protocol import (
    ApplicationProtocol,
    DnsProtocol,
    Handler,
    Http1Protocol,
    Http2Protocol,
)
from banwatch.lab.world.credentials import Credentials
from banwatch.lab.world.datagram import answer_ntp_untrusted, answer_stun_untrusted
from banwatch.lab.world.page import PageRequest, PageResponse, misdirected, respond
from banwatch.lab.world.world import (
    DNS_PORT,
    DOT_PORT,
    HTTP_PORT,
    HTTPS_PORT,
    Address,
    Resolver,
    Service,
    Site,
    World,
)
from banwatch.lab.world.zone import Zone

DOH_PATH = "/dns-query"
DOH_TYPE = "application/dns-message"


class Clock(Protocol):
    """Clock of the lab, as far as the world needs it."""

    def now(self) -> datetime:
        """Return the lab time as an aware datetime."""


class Host(Protocol):
    """Services at one address."""

    @property
    def ports(self) -> Sequence[int]:
        """Return the open TCP ports."""

    def context(self, port: int) -> ssl.SSLContext | None:
        """Return the TLS context of a port; None where it has no TLS."""

    def open(self, port: int, client: Address, alpn: str | None) -> ApplicationProtocol:
        """Open the application protocol of a client's connection."""


class SiteHost:
    """Sites at one address. A request for another name is misdirected (421)."""

    def __init__(
        self, world: World, sites: Sequence[Site], credentials: Credentials, clock: Clock, rng: Random
    ):
        self._world = world
        self._sites = {name: site for site in sites for name in site.names}
        self._first = sites[0]
        self._for_any_name = next((replace(site, canonical=False) for site in sites if site.any_name), None)
        self._credentials = credentials
        self._clock = clock
        self._rng = rng
        self.ports: Sequence[int] = sorted({port for site in sites for port in site.ports})
        self._plain = {port for site in sites for port in site.plain}
        self.http3_sites = [site for site in sites if "h3" in site.alpn]
        self.services = sorted({service for site in sites for service in site.services})
        self.handshake = self._first.handshake
        self._front: ssl.SSLContext | None = None

    def context(self, port: int) -> ssl.SSLContext | None:
        if port in self._plain:
            return None
        if self._front is None:
            self._front = self._credentials.front(
                self._choose, lambda: self._credentials.of_site(self._first)
            )
        return self._front

    def _choose(self, name: str) -> ssl.SSLContext | None:
        site = self._sites.get(name)
        if site is None and self._for_any_name is not None:
            return self._credentials.of_any_name(self._for_any_name, name)
        return self._credentials.of_site(site) if site else None

    def is_down(self) -> bool:
        """Whether every site here is down for everybody now."""
        now = self._clock.now()
        return all(site.is_down(now) for site in self._sites.values())

    def open(self, port: int, client: Address, alpn: str | None) -> ApplicationProtocol:
        return http_protocol("http" if port in self._plain else "https", alpn, self.handler_for(client))

    def handler_for(self, client: Address) -> Handler:
        """Make the handler of a client's requests."""
        country = self._world.country_of(client)

        def handle(request: PageRequest) -> PageResponse:
            site = self._sites.get(request.host, self._for_any_name)
            if site is None:
                return dated(misdirected(request.host), self._clock)
            return dated(respond(site, request, country=country, rng=self._rng), self._clock)

        return handle

    def datagram(self, service: Service, data: bytes, client: Address, port: int) -> bytes | None:
        """Answer one datagram of a UDP service."""
        if service is Service.STUN:
            return answer_stun_untrusted(data, client, port)
        return answer_ntp_untrusted(data, self._clock.now().timestamp())


class ResolverHost:
    """Resolver at one address: TCP, DoT and DoH. `answer` serves its datagrams."""

    def __init__(
        self, resolver: Resolver, address: Address, zone: Zone, credentials: Credentials, clock: Clock
    ) -> None:
        self._resolver = resolver
        self._address = address
        self._zone = zone
        self._credentials = credentials
        self._clock = clock
        self.ports: Sequence[int] = (
            DNS_PORT,
            *((DOT_PORT,) if resolver.dot else ()),
            *((HTTP_PORT, HTTPS_PORT) if resolver.doh else ()),
        )

    def answer(self, query: bytes, client: Address) -> bytes | None:
        """Answer one query."""
        return self._zone.answer_untrusted(query, client, self._address, self._clock.now().timestamp())

    def context(self, port: int) -> ssl.SSLContext | None:
        if port in (DNS_PORT, HTTP_PORT):
            return None
        alpn = ("dot",) if port == DOT_PORT else ("h2", "http/1.1")
        context = self._credentials.of_resolver(self._resolver, alpn=alpn)
        return self._credentials.front(lambda _: context, lambda: context)

    def open(self, port: int, client: Address, alpn: str | None) -> ApplicationProtocol:
        if port == HTTP_PORT:
            return http_protocol("http", None, lambda _: dated(self._to_https(), self._clock))
        if port != HTTPS_PORT:
            return DnsProtocol(lambda query: self.answer(query, client))
        return http_protocol(
            "https", alpn, lambda request: dated(self._over_http(request, client), self._clock)
        )

    def _to_https(self) -> PageResponse:
        """Send a browser that came by plain HTTP to the resolver's own page, as public resolvers do."""
        location = ("Location", f"https://{self._resolver.hostname}/")
        return PageResponse(status=301, headers=(location, ("Content-Type", "text/html")), body=b"")

    def _over_http(self, request: PageRequest, client: Address) -> PageResponse:
        """Answer a DoH request (RFC 8484)."""
        url = urlsplit(request.path)
        if url.path != DOH_PATH:
            return _refusal(404)
        query = request.body
        if request.method == "GET":
            text = parse_qs(url.query).get("dns", [""])[0]
            try:
                query = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            except (ValueError, binascii.Error):
                return _refusal(400)
        elif request.method != "POST" or dict(request.headers).get(b"content-type") != DOH_TYPE.encode():
            return _refusal(415)
        answer = self.answer(query, client)
        if answer is None:
            return _refusal(400)
        return PageResponse(status=200, headers=(("Content-Type", DOH_TYPE),), body=answer)


def http_protocol(scheme: str, alpn: str | None, handle: Handler) -> ApplicationProtocol:
    """Make the protocol of the HTTP version that ALPN selected."""
    return Http2Protocol(scheme, handle) if alpn == "h2" else Http1Protocol(scheme, handle)


def dated(response: PageResponse, clock: Clock) -> PageResponse:
    """Add the Date header, by the lab's clock."""
    date = format_datetime(clock.now().replace(microsecond=0), usegmt=True)
    return PageResponse(
        status=response.status,
        headers=(("Date", date), *response.headers),
        body=response.body,
        pieces=response.pieces,
        pause_s=response.pause_s,
    )


def _refusal(status: int) -> PageResponse:
    return PageResponse(status=status, headers=(("Content-Type", "text/plain"),), body=b"not a DNS query\n")
