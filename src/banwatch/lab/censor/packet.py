"""IP, TCP and UDP headers: parsing and forging.

Wire: IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792), ICMPv6 (RFC 4443).
"""

import struct
from dataclasses import dataclass

from banwatch.model.errors import WireError

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_EXTENSIONS = frozenset({0, 43, 60})  # hop-by-hop, routing, destination options: RFC 8200, section 4
_FRAGMENT = 44
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_TCP = struct.Struct("!HHIIBBHHH")
_QUOTE_BYTES = 48  # of the original packet in an ICMP error; 28 is the least that a receiver can use


@dataclass(slots=True)
class Packet:
    """Headers of an IP packet, and the offsets of its parts."""

    data: bytes
    version: int
    protocol: int
    source: bytes
    destination: bytes
    ttl: int
    network_end: int
    """Offset at which the IP header (with extensions) ends and the transport header begins."""
    end: int
    """Offset at which the IP packet ends; padding may follow."""
    fragment_offset: int
    more_fragments: bool
    fragment_id: int
    source_port: int = 0
    destination_port: int = 0
    payload_start: int = 0
    """Offset of the payload of TCP or UDP; `network_end` for other protocols."""
    seq: int = 0
    ack: int = 0
    flags: int = 0
    was_rewritten: bool = False
    """Whether the censor changed its addresses, so that `data` goes on instead of the original."""

    @property
    def is_fragment(self) -> bool:
        """Return whether the packet is a fragment of a datagram."""
        return self.more_fragments or self.fragment_offset > 0

    @property
    def payload(self) -> bytes:
        """Return the payload of TCP or UDP."""
        return self.data[self.payload_start : self.end]


def read_packet_untrusted(data: bytes) -> Packet:
    """Read the headers of an IP packet.

    Raises:
        WireError: it is not a packet that a router would carry.
    """
    if not data:
        raise WireError("empty packet")
    packet = _read_ipv4(data) if data[0] >> 4 == 4 else _read_ipv6(data)
    packet.payload_start = packet.network_end
    if packet.fragment_offset:
        return packet
    start, end = packet.network_end, packet.end
    if packet.protocol == TCP:
        if end - start < 20:
            if packet.more_fragments:
                return packet  # a tiny first fragment (RFC 1858): the header continues in the next one
            raise WireError("truncated TCP header")
        sport, dport, seq, ack, offset, flags, _, _, _ = _TCP.unpack_from(data, start)
        header_bytes = (offset >> 4) * 4
        if header_bytes < 20 or start + header_bytes > end:
            if packet.more_fragments and header_bytes >= 20:
                return packet
            raise WireError("bad TCP data offset")
        packet.source_port, packet.destination_port, packet.seq, packet.ack = sport, dport, seq, ack
        packet.flags = flags
        packet.payload_start = start + header_bytes
    elif packet.protocol == UDP:
        if end - start < 8:
            if packet.more_fragments:
                return packet
            raise WireError("truncated UDP header")
        packet.source_port, packet.destination_port, size = struct.unpack_from("!HHH", data, start)
        if not packet.more_fragments and size:
            if size < 8 or start + size > end:
                raise WireError("bad UDP length")
            packet.end = start + size
        packet.payload_start = start + 8
    return packet


def _read_ipv4(data: bytes) -> Packet:
    if len(data) < 20:
        raise WireError("truncated IPv4 header")
    first, _, total, identity, fragment, ttl, protocol, _, source, destination = _IPV4.unpack_from(data)
    header_bytes = (first & 15) * 4
    if header_bytes < 20 or total < header_bytes or total > len(data):
        raise WireError("bad IPv4 length")
    return Packet(
        data=data,
        version=4,
        protocol=protocol,
        source=source,
        destination=destination,
        ttl=ttl,
        network_end=header_bytes,
        end=total,
        fragment_offset=(fragment & 0x1FFF) * 8,
        more_fragments=bool(fragment & 0x2000),
        fragment_id=identity,
    )


def _read_ipv6(data: bytes) -> Packet:
    if data[0] >> 4 != 6:
        raise WireError("not an IP packet")
    if len(data) < 40:
        raise WireError("truncated IPv6 header")
    _, size, protocol, ttl, source, destination = _IPV6.unpack_from(data)
    end = 40 + size
    if end > len(data):
        raise WireError("bad IPv6 length")
    at, offset, more, identity = 40, 0, False, 0
    for _ in range(8):  # RFC 8200 lets each extension stand once, one of them twice
        if protocol in _EXTENSIONS:
            if at + 8 > end:
                raise WireError("truncated IPv6 extension")
            protocol, at = data[at], at + 8 + data[at + 1] * 8
        elif protocol == _FRAGMENT and not offset and not more:
            if at + 8 > end:
                raise WireError("truncated IPv6 fragment header")
            protocol, _, word, identity = struct.unpack_from("!BBHI", data, at)
            offset, more, at = word & 0xFFF8, bool(word & 1), at + 8
            if offset:
                break
        else:
            break
    if at > end:
        raise WireError("bad IPv6 extension length")
    return Packet(
        data=data,
        version=6,
        protocol=protocol,
        source=source,
        destination=destination,
        ttl=ttl,
        network_end=at,
        end=end,
        fragment_offset=offset,
        more_fragments=more,
        fragment_id=identity,
    )


# -- forging -------------------------------------------------------------------------------------------------


def checksum(data: bytes) -> int:
    """Compute the Internet checksum (RFC 1071): ones' complement is arithmetic modulo 65,535."""
    if len(data) % 2:
        data += b"\0"
    rest = int.from_bytes(data, "big") % 0xFFFF
    return 0xFFFF - rest if rest else 0


def _pseudo_header(source: bytes, destination: bytes, protocol: int, size: int) -> bytes:
    if len(source) == 4:
        return source + destination + struct.pack("!BBH", 0, protocol, size)
    return source + destination + struct.pack("!II", size, protocol)


def transport_checksum_holds(packet: Packet) -> bool:
    """Return whether the receiver's TCP or UDP will accept the packet's checksum."""
    data = packet.data[packet.network_end : packet.end]
    if packet.protocol == UDP and packet.version == 4 and data[6:8] == b"\0\0":
        return True  # the sender did not compute one
    head = _pseudo_header(packet.source, packet.destination, packet.protocol, len(data))
    if len(data) % 2:
        data += b"\0"
    return int.from_bytes(head + data, "big") % 0xFFFF == 0


def ip_packet(
    source: bytes, destination: bytes, protocol: int, body: bytes, *, ttl: int = 64, identity: int = 0
) -> bytes:
    """Forge an IP packet around a transport segment, of the version of the addresses."""
    if len(source) == 4:
        head = _IPV4.pack(0x45, 0, 20 + len(body), identity, 0x4000, ttl, protocol, 0, source, destination)
        return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + body
    return _IPV6.pack(6 << 28, len(body), protocol, ttl, source, destination) + body


def tcp_packet(
    source: bytes,
    destination: bytes,
    source_port: int,
    destination_port: int,
    *,
    seq: int,
    ack: int,
    flags: int,
    payload: bytes = b"",
    window: int = 65_535,
    ttl: int = 64,
    identity: int = 0,
) -> bytes:
    """Forge a TCP segment without options."""
    ports = source_port, destination_port
    head = _TCP.pack(*ports, seq % 2**32, ack % 2**32, 0x50, flags, window, 0, 0)
    body = head + payload
    total = checksum(_pseudo_header(source, destination, TCP, len(body)) + body)
    body = head[:16] + total.to_bytes(2, "big") + head[18:] + payload
    return ip_packet(source, destination, TCP, body, ttl=ttl, identity=identity)


def udp_packet(
    source: bytes,
    destination: bytes,
    source_port: int,
    destination_port: int,
    payload: bytes,
    *,
    ttl: int = 64,
    identity: int = 0,
) -> bytes:
    """Forge a UDP datagram."""
    size = 8 + len(payload)
    head = struct.pack("!HHH", source_port, destination_port, size)
    total = checksum(_pseudo_header(source, destination, UDP, size) + head + b"\0\0" + payload)
    body = head + (total or 0xFFFF).to_bytes(2, "big") + payload
    return ip_packet(source, destination, UDP, body, ttl=ttl, identity=identity)


def icmp_error(router: bytes, packet: Packet, icmp_type: int, code: int, *, ttl: int = 64) -> bytes:
    """Forge the ICMP error that a router sends to the packet's source.

    Args:
        router: address of the sender, of the packet's own version.
        packet: the packet that could not be delivered.
        icmp_type: type of ICMPv4 or ICMPv6, by the packet's version.
        code: code of that type.
        ttl: TTL of the forged packet.
    """
    quote = packet.data[: min(packet.end, packet.network_end + _QUOTE_BYTES - 20)]
    body = struct.pack("!BBHI", icmp_type, code, 0, 0) + quote
    if packet.version == 4:
        total, protocol = checksum(body), ICMP
    else:
        total, protocol = checksum(_pseudo_header(router, packet.source, ICMP6, len(body)) + body), ICMP6
    body = body[:2] + total.to_bytes(2, "big") + body[4:]
    return ip_packet(router, packet.source, protocol, body, ttl=ttl)


def readdressed(
    packet: Packet,
    *,
    source: bytes | None = None,
    destination: bytes | None = None,
    source_port: int | None = None,
    destination_port: int | None = None,
) -> bytes:
    """Rewrite the addresses and ports of a TCP or UDP packet, with new checksums."""
    new_source = packet.source if source is None else source
    new_destination = packet.destination if destination is None else destination
    data = bytearray(packet.data[: packet.end])
    if packet.version == 4:
        data[12:20] = new_source + new_destination
        data[10:12] = b"\0\0"
        data[10:12] = checksum(bytes(data[: packet.network_end])).to_bytes(2, "big")
    else:
        data[8:40] = new_source + new_destination
    start = packet.network_end
    ports = (
        packet.source_port if source_port is None else source_port,
        packet.destination_port if destination_port is None else destination_port,
    )
    struct.pack_into("!HH", data, start, *ports)
    at = start + (16 if packet.protocol == TCP else 6)
    data[at : at + 2] = b"\0\0"
    head = _pseudo_header(new_source, new_destination, packet.protocol, packet.end - start)
    total = checksum(head + bytes(data[start:]))
    data[at : at + 2] = (total or (0xFFFF if packet.protocol == UDP else 0)).to_bytes(2, "big")
    return bytes(data)
