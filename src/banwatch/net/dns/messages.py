"""DNS messages: a question to bytes, and a stranger's bytes to an answer."""

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.svcbbase

from banwatch.model import failure as df007
from banwatch.model.errors import WireError
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Datagrams, Net

_MAX_MESSAGE_BYTES = 65535
_MAX_RECORDS = 256
_MAX_REMEMBERED_BYTES = 1500

_BY_RCODE = {
    0: None,
    2: df007.DNS_SERVFAIL,
    3: df007.DNS_NXDOMAIN,
    5: df007.DNS_REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """A resource record of an answer section."""

    kind: str
    """`A`, `AAAA`, `CNAME` or `HTTPS`."""
    value: str
    """Address or name; of `HTTPS` (RFC 9460) the protocols it offers, with commas."""
    ttl_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsReply:
    """Content of a reply."""

    message_id: int
    hostname: str
    query_type: str
    rcode: int
    records: tuple[DnsRecord, ...]
    raw: bytes

    @property
    def failure(self) -> Failure | None:
        """Failure that the reply amounts to, in df-007 words."""
        failed = _BY_RCODE.get(self.rcode, df007.DNS_MISBEHAVING)
        if failed is None and not any(record.kind == self.query_type for record in self.records):
            return df007.DNS_NO_ANSWER
        return failed

    @property
    def offers_http3(self) -> bool:
        """Whether an `HTTPS` record offers HTTP/3."""
        return any("h3" in one.value.split(",") for one in self.records if one.kind == "HTTPS")

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses answered, in order."""
        return tuple(record.value for record in self.records if record.kind in {"A", "AAAA"})


def render_question(hostname: str, query_type: str, message_id: int) -> bytes:
    """Render a recursive question with EDNS, as resolvers expect it today.

    Raises:
        WireError: no DNS name can be made of the hostname.
    """
    return message_id.to_bytes(2, "big") + _question(hostname, query_type)


def is_never_asked(hostname: str) -> bool:
    """Whether a name is of Tor's onion services, which no resolver may learn of (RFC 7686)."""
    return hostname.rstrip(". ").lower().endswith(".onion") or hostname.strip(". ").lower() == "onion"


@functools.lru_cache(maxsize=1024)
def _question(hostname: str, query_type: str) -> bytes:
    """Return a question without its id: every resolver is asked the same."""
    if is_never_asked(hostname):
        raise WireError("onion names are not asked for")
    try:
        query = dns.message.make_query(
            dns.name.from_text(hostname, idna_codec=None), query_type, use_edns=0, payload=1232
        )
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        raise WireError(f"no DNS name: {type(error).__name__}") from error
    return query.to_wire()[2:]


def parse_reply_untrusted(data: bytes) -> DnsReply:
    """Read a reply.

    Raises:
        WireError: it is no DNS reply to one question.
    """
    if len(data) > _MAX_MESSAGE_BYTES:
        raise WireError("message too long")
    if len(data) < 2 or len(data) > _MAX_REMEMBERED_BYTES:
        return _parse_untrusted(data)
    # several resolvers often send equal replies, and one resolver does over several transports
    reply = _parse_remembered_untrusted(data[2:])
    return replace(reply, message_id=int.from_bytes(data[:2], "big"), raw=data)


@functools.lru_cache(maxsize=256)
def _parse_remembered_untrusted(after_id: bytes) -> DnsReply:
    return _parse_untrusted(b"\0\0" + after_id)


def _parse_untrusted(data: bytes) -> DnsReply:
    try:
        message = dns.message.from_wire(data, ignore_trailing=True, raise_on_truncation=False)
        if not message.flags & dns.flags.QR or len(message.question) != 1:
            raise WireError("no reply to one question")
        question = message.question[0]
        records = []
        for rrset in message.answer:
            kind = dns.rdatatype.to_text(rrset.rdtype)
            if kind not in _READ:
                continue
            for rdata in rrset:
                value = _READ[kind](rdata)
                records.append(DnsRecord(kind=kind, value=value, ttl_s=rrset.ttl))
                if len(records) > _MAX_RECORDS:
                    raise WireError("too many records")
        return DnsReply(
            message_id=message.id,
            hostname=question.name.to_text(omit_final_dot=True),
            query_type=dns.rdatatype.to_text(question.rdtype),
            rcode=int(message.rcode()),
            records=tuple(records),
            raw=data,
        )
    except WireError:
        raise
    except (dns.exception.DNSException, ValueError, AttributeError, IndexError) as error:
        raise WireError(f"no DNS message: {type(error).__name__}") from error


def _read_protocols(rdata: Any) -> str:
    offered = rdata.params.get(dns.rdtypes.svcbbase.ParamKey.ALPN)
    return ",".join(one.decode("ascii", "replace") for one in offered.ids) if offered is not None else ""


_READ: Mapping[str, Callable[[Any], str]] = {
    "A": lambda rdata: str(rdata.address),
    "AAAA": lambda rdata: str(rdata.address),
    "CNAME": lambda rdata: str(rdata.target),
    "HTTPS": _read_protocols,
}


async def ask_udp(
    net: Net, resolver: Endpoint, hostname: str, query_type: str, *, message_id: int, resend_s: float
) -> DnsReply:
    """Ask over UDP, again every `resend_s`, until a fitting reply comes; the deadline is the caller's.

    Raises:
        NetworkFailure: the network or the name does not let us ask.
    """
    try:
        question = render_question(hostname, query_type, message_id)
    except WireError as error:
        raise NetworkFailure(df007.DNS_MISBEHAVING) from error
    datagrams = await net.open_udp(resolver.ip, resolver.port)
    try:
        while True:
            datagrams.send(question)
            try:
                async with asyncio.timeout(resend_s):
                    return await _fitting_reply(datagrams, hostname, message_id)
            except TimeoutError:
                continue
    finally:
        datagrams.close()


async def _fitting_reply(datagrams: Datagrams, hostname: str, message_id: int) -> DnsReply:
    while True:
        try:
            reply = parse_reply_untrusted((await datagrams.receive()).data)
        except WireError:
            continue
        if reply.message_id == message_id and reply.hostname.lower() == hostname.lower():
            return reply
