"""Lookups: the system's resolver, and any other over UDP."""

import asyncio
import random
from dataclasses import dataclass, field

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.errors import WireError
from banwatch.model.failure import Failure
from banwatch.net.dns.messages import DnsReply, parse_reply_untrusted, render_question
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Datagram, Datagrams, Net
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import Query

_WRONG_ID = "dns_reply_with_wrong_query_id"
_MAX_LATE = 8
"""Replies kept of one question after the first; censors send up to three, floods are not evidence."""


def _answer(address: str, ttl_s: int | None) -> wire.DnsAnswer:
    if ":" in address:
        return wire.DnsAnswer(answer_type="AAAA", ipv6=address, ttl=ttl_s)
    return wire.DnsAnswer(answer_type="A", ipv4=address, ttl=ttl_s)


def answers_of(reply: DnsReply) -> list[wire.DnsAnswer]:
    """List a reply's addresses and canonical names, in its order; of other records, their types."""
    return [
        wire.DnsAnswer(answer_type="CNAME", hostname=record.value, ttl=record.ttl_s)
        if record.kind == "CNAME"
        else _answer(record.value, record.ttl_s)
        if record.kind in {"A", "AAAA"}
        else wire.DnsAnswer(answer_type=record.kind, ttl=record.ttl_s)
        for record in reply.records
    ]


async def lookup_system(net: Net, hostname: str, *, timeout_s: float, trace: Trace) -> Query:
    """Ask `getaddrinfo`, A and AAAA at once, as every program does."""
    t0 = trace.elapsed_s()
    addresses: tuple[str, ...] = ()
    failure: Failure | None = None
    try:
        async with asyncio.timeout(timeout_s):
            addresses = await net.resolve(hostname)
    except NetworkFailure as error:
        failure = error.failure
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    return Query(
        hostname=hostname,
        query_type="ANY",
        engine="getaddrinfo",
        resolver_address="",
        failure=failure,
        answers=[_answer(address, None) for address in addresses] or None,
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )


@dataclass(slots=True)
class UdpLookup:
    """A question over UDP, whose socket stays open for further replies after the first."""

    resolver: Endpoint
    hostname: str
    query_type: str
    trace: Trace
    message_id: int
    is_own: bool = False
    """Whether it is the system's own resolver, whose address is a private one and is not written."""
    t0: float = 0.0
    datagrams: Datagrams | None = None
    asked: int = 0
    late: list[Query] = field(default_factory=list)
    _first: DnsReply | None = None
    _odd: Failure | None = None

    @property
    def offers_http3(self) -> bool:
        """Whether the first reply does, to a question of type `HTTPS`."""
        return self._first is not None and self._first.offers_http3

    async def first(self, net: Net, *, timeout_s: float, ttl: int | None = None) -> Query:
        """Ask, once more if half the time passes in silence, and wait for the first reply.

        `ttl` limits how many hops the question goes.
        """
        self.t0 = self.trace.elapsed_s()
        try:
            question = render_question(self.hostname, self.query_type, self.message_id)
            self.datagrams = await net.open_udp(self.resolver.ip, self.resolver.port)
            if ttl is not None:
                self.datagrams.set_ttl(ttl)
            for wait_s in (timeout_s / 2, timeout_s / 2):
                try:
                    self.datagrams.send(question)
                except NetworkFailure as error:
                    self._odd = error.failure  # the ICMP error of the first question, reported at the second
                self.asked += 1
                try:
                    async with asyncio.timeout(wait_s):
                        datagram, reply = await self._next_reply()
                except TimeoutError:
                    continue
                self._first = reply
                return self._record(reply, datagram)
        except NetworkFailure as error:
            return self._failed(error.failure)
        except WireError:
            return self._failed(df007.DNS_MISBEHAVING)  # no DNS name can be made of it
        return self._failed(self._odd or df007.GENERIC_TIMEOUT)

    async def watch(self, *, seconds: float) -> None:
        """Keep every further reply that comes within this time; then close the socket."""
        try:
            async with asyncio.timeout(seconds):
                while self._first is not None and len(self.late) < _MAX_LATE:
                    datagram, reply = await self._next_reply()
                    if self._is_echo(reply):
                        self.asked -= 1
                    else:
                        self.late.append(self._record(reply, datagram))
        except (TimeoutError, NetworkFailure):
            return
        finally:
            self.close()

    def close(self) -> None:
        """Stop listening."""
        if self.datagrams is not None:
            self.trace.note_icmp_errors(
                "" if self.is_own else str(self.resolver), self.datagrams.icmp_errors()
            )
            self.datagrams.close()
            self.datagrams = None

    async def _next_reply(self) -> tuple[Datagram, DnsReply]:
        if self.datagrams is None:
            raise NetworkFailure(df007.CONNECTION_ABORTED)
        while True:
            try:
                datagram = await self.datagrams.receive()
            except NetworkFailure as error:
                # where nothing listens, an answer may come all the same: forged replies come from there too
                self._odd = error.failure
                continue
            try:
                reply = parse_reply_untrusted(datagram.data)
            except WireError:
                self._odd = df007.DNS_MISBEHAVING
                continue
            if reply.message_id != self.message_id:
                self._odd = _WRONG_ID
            elif (reply.hostname.lower(), reply.query_type) == (self.hostname.lower(), self.query_type):
                return datagram, reply
            else:
                self._odd = df007.DNS_MISBEHAVING

    def _is_echo(self, reply: DnsReply) -> bool:
        """Return whether a reply only repeats the first one, as our second question brings it."""
        first = self._first
        return self.asked > 1 and first is not None and set(reply.addresses) == set(first.addresses)

    def _record(self, reply: DnsReply, datagram: Datagram) -> Query:
        return Query(
            hostname=self.hostname,
            query_type=self.query_type,
            engine="udp",
            resolver_address="" if self.is_own else str(self.resolver),
            failure=reply.failure,
            answers=answers_of(reply) or None,
            rcode=reply.rcode,
            t0=self.t0,
            t=self.trace.since_zero_s(datagram.at_s),
            transaction_id=self.trace.transaction_id,
            tags=list(self.trace.tags),
            ip_ttl=datagram.ip_ttl,
        )

    def _failed(self, failure: Failure) -> Query:
        return Query(
            hostname=self.hostname,
            query_type=self.query_type,
            engine="udp",
            resolver_address="" if self.is_own else str(self.resolver),
            failure=failure,
            t0=self.t0,
            t=self.trace.elapsed_s(),
            transaction_id=self.trace.transaction_id,
            tags=list(self.trace.tags),
        )


def begin_udp_lookup(
    resolver: Endpoint, hostname: str, query_type: str, *, rng: random.Random, trace: Trace
) -> UdpLookup:
    """Prepare a question; nothing is sent yet."""
    return UdpLookup(
        resolver=resolver,
        hostname=hostname,
        query_type=query_type,
        trace=trace,
        message_id=rng.randrange(1 << 16),
    )


def addresses_of(query: Query) -> list[str]:
    """Return the addresses that a lookup answered, in order."""
    return [one.ipv4 or one.ipv6 or "" for one in query.answers or () if one.ipv4 or one.ipv6]
