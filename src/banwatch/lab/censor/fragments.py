"""Reassembly of IP fragments, so that a censor can read their payload (RFC 791, RFC 8200)."""

import struct
from collections import OrderedDict
from dataclasses import dataclass, field

from banwatch.lab.censor.packet import Packet

_DATAGRAMS = 256  # datagrams kept at once; past it the oldest is dropped
_LIFE_S = 30.0  # RFC 8200, section 4.5 says 60; IPv4 stacks say 30
_SIZE_LIMIT_BYTES = 65_535


@dataclass(slots=True)
class _Datagram:
    started_s: float
    pieces: dict[int, tuple[bytes, bytes, bool]] = field(default_factory=dict)
    """Payload, whole packet and more-fragments flag of each fragment, by offset."""


class Fragments:
    """Datagrams of which a part has arrived."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[bytes, bytes, int, int], _Datagram] = OrderedDict()

    def feed(self, packet: Packet, now_s: float) -> tuple[bytes, list[bytes]] | None:
        """Take a fragment.

        Returns:
            The whole datagram and the fragments that it came in, once all have arrived; None before that.
        """
        key = (packet.source, packet.destination, packet.protocol, packet.fragment_id)
        datagram = self._waiting.get(key)
        if datagram is None or not 0 <= now_s - datagram.started_s <= _LIFE_S:
            datagram = self._waiting[key] = _Datagram(now_s)
            while len(self._waiting) > _DATAGRAMS:
                self._waiting.popitem(last=False)
        start = packet.network_end
        piece = packet.data[start : packet.end]
        if packet.fragment_offset + len(piece) > _SIZE_LIMIT_BYTES:
            return None
        datagram.pieces.setdefault(packet.fragment_offset, (piece, packet.data, packet.more_fragments))
        body, parts = bytearray(), []
        while True:
            found = datagram.pieces.get(len(body))
            if found is None:
                return None
            payload, raw, more = found
            if more and (len(payload) % 8 or not payload):
                return None  # no valid fragment but the last has such a length
            body += payload
            parts.append(raw)
            if not more:
                break
        if len(parts) != len(datagram.pieces):
            return None  # overlapping fragments: RFC 5722 has them discarded, and so do their receivers
        del self._waiting[key]
        return _whole(parts[0], packet, bytes(body)), parts


def _whole(first: bytes, packet: Packet, body: bytes) -> bytes:
    if packet.version == 4:
        header_bytes = (first[0] & 15) * 4
        head = bytearray(first[:header_bytes])
        struct.pack_into("!H", head, 2, header_bytes + len(body))
        struct.pack_into("!H", head, 6, 0)
        return bytes(head) + body
    head = bytearray(first[:40])
    struct.pack_into("!HB", head, 4, min(len(body), _SIZE_LIMIT_BYTES), packet.protocol)
    return bytes(head) + body
