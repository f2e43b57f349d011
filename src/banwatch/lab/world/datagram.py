"""UDP services: STUN and NTP. Datagrams in, datagrams out; no sockets."""

import struct
from ipaddress import IPv4Address

from banwatch.lab.world.world import Address

STUN_PORTS = (3478, 19302)
"""Registered port, and the port of Google's servers."""
NTP_PORT = 123

_STUN_HEADER = struct.Struct("!HHI12s")
_STUN_COOKIE = 0x2112A442
_BINDING_REQUEST, _BINDING_SUCCESS = 0x0001, 0x0101
_MAPPED_ADDRESS, _XOR_MAPPED_ADDRESS = 0x0001, 0x0020

_NTP = struct.Struct("!BBBbII4sQQQQ")
_NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900, the epoch of NTP, to 1970."""


def answer_stun_untrusted(datagram: bytes, client: Address, port: int) -> bytes | None:
    """Answer a STUN binding request with the client's address (RFC 8489); None for other datagrams."""
    if len(datagram) < _STUN_HEADER.size:
        return None
    kind, length, cookie, transaction = _STUN_HEADER.unpack_from(datagram)
    if kind != _BINDING_REQUEST or length % 4 or len(datagram) < _STUN_HEADER.size + length:
        return None
    packed, family = client.packed, 1 if isinstance(client, IPv4Address) else 2
    if cookie == _STUN_COOKIE:
        mask = struct.pack("!I12s", _STUN_COOKIE, transaction)
        value = bytes(a ^ b for a, b in zip(packed, mask, strict=False))
        body = struct.pack(
            "!HHBBH", _XOR_MAPPED_ADDRESS, 4 + len(packed), 0, family, port ^ (_STUN_COOKIE >> 16)
        )
    else:  # RFC 3489, before the cookie: all sixteen bytes are the transaction id
        value = packed
        body = struct.pack("!HHBBH", _MAPPED_ADDRESS, 4 + len(packed), 0, family, port)
    body += value
    return _STUN_HEADER.pack(_BINDING_SUCCESS, len(body), cookie, transaction) + body


def answer_ntp_untrusted(datagram: bytes, now_s: float) -> bytes | None:
    """Answer an NTP client with the lab's time (RFC 5905); None for other datagrams."""
    if len(datagram) < _NTP.size or datagram[0] & 0x07 != 3:
        return None
    version = (datagram[0] >> 3) & 0x07
    asked_at = int.from_bytes(datagram[40:48], "big")
    now = int((now_s + _NTP_EPOCH_S) * (1 << 32))
    return _NTP.pack((version << 3) | 4, 1, 6, -20, 0, 16, b"LAB\0", now, asked_at, now, now)
