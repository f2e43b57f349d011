"""Forged packets of a censor: resets, DNS answers, pages, alerts, ICMP errors."""

import struct
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Network

from banwatch.lab.censor.action import Direction, Inject
from banwatch.lab.censor.message import DnsQuestion
from banwatch.lab.censor.packet import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    UDP,
    Packet,
    icmp_error,
    tcp_packet,
    udp_packet,
)
from banwatch.lab.regime.effect import Finish, ForgeDns, HttpPage, IcmpUnreachable, Reset, Side, TlsAlert

_A, _CNAME, _AAAA, _HTTPS = 1, 5, 28, 65
_SEGMENT_BYTES = 1_400  # fits any path's MTU with the options that a real server would have sent
_REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect", 403: "Forbidden"}
_UNREACHABLE6 = {0: 0, 1: 3, 2: 3, 3: 4}
"""Codes of ICMPv6 destination unreachable (RFC 4443, section 3.1) by ICMPv4's; any other is 1, prohibited."""


def _opposite(direction: Direction) -> Direction:
    return Direction.INBOUND if direction is Direction.OUTBOUND else Direction.OUTBOUND


def _after(packet: Packet) -> int:
    """Return the sequence number after a segment."""
    size = packet.end - packet.payload_start
    return (packet.seq + size + bool(packet.flags & SYN) + bool(packet.flags & FIN)) % 2**32


def to_asker(
    packet: Packet,
    direction: Direction,
    flags: int,
    *,
    payload: bytes = b"",
    offset: int = 0,
    expected: int | None = None,
    ttl: int | None = None,
) -> Inject:
    """Forge a segment from the far end to whoever sent `packet`.

    Args:
        packet: the packet that triggered the effect.
        direction: direction of that packet.
        flags: TCP flags.
        payload: payload of the forged segment.
        offset: added to the sequence number that the receiver expects.
        expected: sequence number after everything that the receiver has sent; by default after `packet`.
        ttl: TTL of the forged packet; by default that of `packet`.
    """
    data = tcp_packet(
        packet.destination,
        packet.source,
        packet.destination_port,
        packet.source_port,
        seq=(packet.ack if packet.flags & ACK else 0) + offset,
        ack=_after(packet) if expected is None else expected,
        flags=flags,
        payload=payload,
        ttl=ttl or packet.ttl,
    )
    return Inject(_opposite(direction), data)


def to_answerer(
    packet: Packet,
    direction: Direction,
    flags: int,
    *,
    delivered: bool,
    payload: bytes = b"",
    offset: int = 0,
    ttl: int | None = None,
) -> Inject:
    """Forge a segment in the sender's name; `delivered`: `packet` itself reaches its destination as well."""
    data = tcp_packet(
        packet.source,
        packet.destination,
        packet.source_port,
        packet.destination_port,
        seq=(_after(packet) if delivered else packet.seq) + offset,
        ack=packet.ack,
        flags=flags,
        payload=payload,
        ttl=ttl or packet.ttl,
    )
    return Inject(direction, data)


def resets(effect: Reset, packet: Packet, direction: Direction, *, delivered: bool) -> list[Inject]:
    """Forge an effect's resets to one or both sides."""
    made = []
    for n in range(effect.count):
        offset = effect.offsets[min(n, len(effect.offsets) - 1)]
        if effect.to in (Side.BOTH, Side.CLIENT):
            # A client in SYN-SENT accepts a reset only if it acknowledges the SYN (RFC 9293, 3.10.7.3).
            flags = RST | ACK if effect.ack or not packet.flags & ACK else RST
            made.append(
                to_asker(packet, direction, flags, payload=effect.payload, offset=offset, ttl=effect.ttl)
            )
        if effect.to in (Side.BOTH, Side.SERVER) and (delivered or not packet.flags & SYN):
            flags = RST | ACK if effect.ack else RST
            made.append(
                to_answerer(
                    packet,
                    direction,
                    flags,
                    payload=effect.payload,
                    delivered=delivered,
                    offset=offset,
                    ttl=effect.ttl,
                )
            )
    return made


def finishes(effect: Finish, packet: Packet, direction: Direction, *, delivered: bool) -> list[Inject]:
    """Forge the end of a connection."""
    made = []
    if effect.to in (Side.BOTH, Side.CLIENT):
        made.append(to_asker(packet, direction, FIN | ACK, ttl=effect.ttl))
    if effect.to in (Side.BOTH, Side.SERVER):
        made.append(to_answerer(packet, direction, FIN | ACK, delivered=delivered, ttl=effect.ttl))
    return made


def answer_and_close(
    data: bytes,
    packet: Packet,
    direction: Direction,
    *,
    delivered: bool,
    ttl: int | None,
    expected: int | None,
) -> list[Inject]:
    """Send bytes in the far end's name and end the connection; the far end gets a reset."""
    pieces = [data[i : i + _SEGMENT_BYTES] for i in range(0, len(data), _SEGMENT_BYTES)]
    made, offset = [], 0
    for number, piece in enumerate(pieces):
        flags = PSH | ACK | (FIN if number == len(pieces) - 1 else 0)
        made.append(
            to_asker(packet, direction, flags, payload=piece, offset=offset, expected=expected, ttl=ttl)
        )
        offset += len(piece)
    made.append(to_answerer(packet, direction, RST | ACK, delivered=delivered, ttl=ttl))
    return made


def http_response(effect: HttpPage) -> bytes:
    """Render an effect's page as an HTTP/1.1 response."""
    body = effect.body.encode()
    lines = [f"HTTP/1.1 {effect.status} {_REASONS.get(effect.status, 'Blocked')}"]
    lines += [f"{name}: {value}" for name, value in effect.headers]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def tls_alert(effect: TlsAlert) -> bytes:
    """Render a fatal alert in a TLS 1.2 record (RFC 8446, section 6)."""
    return bytes((21, 3, 3, 0, 2, 2, effect.description))


def dns_answers(effect: ForgeDns, question: DnsQuestion, seed: int) -> list[bytes]:
    """Forge an effect's replies to a question: the same ones for a name, type and seed every time."""
    rcode_flags = 0x8180 | effect.rcode  # an answer, recursion desired and available
    replies = []
    for number in range(effect.answers):
        record, records = b"", 0
        owner = b"\xc0\x0c"  # a pointer to the question's name at byte 12 (RFC 1035, section 4.1.4)
        if effect.cname and not effect.rcode and question.query_type in (_A, _AAAA, _CNAME):
            labels = _encode_name(effect.cname)
            head = struct.pack("!HHIH", _CNAME, 1, effect.record_ttl_s, len(labels))
            record, records, owner = owner + head + labels, 1, labels
        pool: tuple[IPv4Network, ...] | tuple[IPv6Network, ...] = ()
        if not effect.rcode:
            pool = (
                effect.a
                if question.query_type in (_A, _HTTPS)
                else effect.aaaa
                if question.query_type == _AAAA
                else ()
            )
        if pool:
            data = _pick(pool, f"{seed}|{question.name}|{question.query_type}", number)
            if question.query_type == _HTTPS:
                # Priority 1, the name itself, and one parameter: ipv4hint (RFC 9460, sections 2.2 and 7.3).
                data = struct.pack("!HBHH", 1, 0, 4, 4) + data
            record += (
                owner + struct.pack("!HHIH", question.query_type, 1, effect.record_ttl_s, len(data)) + data
            )
            records += 1
        head = struct.pack("!HHHHHH", question.identity, rcode_flags, 1, records, 0, 0)
        reply = head + question.section + record
        if reply not in replies:
            replies.append(reply)
    return replies


def _encode_name(name: str) -> bytes:
    """Write a name as labels (RFC 1035, section 3.1)."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _pick(pool: tuple[IPv4Network, ...] | tuple[IPv6Network, ...], key: str, number: int) -> bytes:
    hashed = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") + number
    total = sum(min(prefix.num_addresses, 2**32) for prefix in pool)
    index = hashed % total
    for prefix in pool:
        size = min(prefix.num_addresses, 2**32)
        if index < size:
            # Never a prefix's first address, where it has another: no site has the address of a network.
            if prefix.num_addresses > 1 and index == 0:
                index = 1
            return (int(prefix.network_address) + index).to_bytes(prefix.max_prefixlen // 8, "big")
        index -= size
    raise AssertionError("an index below the pool's size is in one of its prefixes")


def dns_replies(
    effect: ForgeDns,
    question: DnsQuestion,
    packet: Packet,
    direction: Direction,
    *,
    delivered: bool,
    seed: int,
) -> list[Inject]:
    """Forge replies over the transport of the question."""
    made: list[Inject] = []
    for reply in dns_answers(effect, question, seed):
        if packet.protocol == UDP:
            data = udp_packet(
                packet.destination,
                packet.source,
                packet.destination_port,
                packet.source_port,
                reply,
                ttl=effect.ttl or packet.ttl,
            )
            made.append(Inject(_opposite(direction), data))
        else:
            framed = struct.pack("!H", len(reply)) + reply
            made += answer_and_close(
                framed, packet, direction, delivered=delivered, ttl=effect.ttl, expected=None
            )
            break  # the connection is closed after one answer
    return made


def unreachable(effect: IcmpUnreachable, packet: Packet, direction: Direction, router: bytes) -> Inject:
    """Forge a destination unreachable; `router` must be of the packet's version."""
    if packet.version == 4:
        data = icmp_error(router, packet, 3, effect.code)
    else:
        data = icmp_error(router, packet, 1, _UNREACHABLE6.get(effect.code, 1))
    return Inject(_opposite(direction), data)
