"""ICMP errors about our packets, as Linux hands them to any user's socket (`IP_RECVERR`, no root needed).

UDP sockets get every error with its sender's address; TCP sockets do while they connect (Linux 5.9
and later). Once a connection stands, Linux reports only that the host is unreachable, without the sender.
"""

import contextlib
import ipaddress
import socket
import struct
import sys
import time

from banwatch.net.seam import IcmpError

# <linux/in.h>, <linux/in6.h>, <linux/errqueue.h>: Python does not name them
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_SO_EE_ORIGIN_ICMP, _SO_EE_ORIGIN_ICMP6 = 2, 3
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
"""errno, origin, type, code, padding, info, data; then the offender's socket address."""
_ADDRESS4, _ADDRESS6 = slice(4, 8), slice(8, 24)
"""Offsets of the address in a `sockaddr_in` and a `sockaddr_in6`."""
_MAX_QUEUED = 32


def hear_errors(sock: socket.socket, *, on: bool = True) -> None:
    """Have the system queue ICMP errors for a socket, or stop it; does nothing where it cannot."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError):
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, on)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, on)


def take_errors(sock: socket.socket) -> tuple[IcmpError, ...]:
    """Take the queued errors; nothing else that the socket does is touched."""
    if not sys.platform.startswith("linux") or sock.fileno() < 0:
        return ()
    taken: list[IcmpError] = []
    for _ in range(_MAX_QUEUED):
        try:
            _, ancillary, _, _ = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except OSError:
            break
        for level, kind, data in ancillary:
            if (level, kind) in {(socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)}:
                error = parse_extended_error_untrusted(data, time.monotonic())
                if error is not None:
                    taken.append(error)
    return tuple(taken)


def parse_extended_error_untrusted(data: bytes, at_s: float) -> IcmpError | None:
    """Read a `sock_extended_err` and the address behind it; None where no ICMP message caused it."""
    if len(data) < _EXTENDED_ERROR.size:
        return None
    _, origin, kind, code, _, _, _ = _EXTENDED_ERROR.unpack_from(data)
    if origin not in (_SO_EE_ORIGIN_ICMP, _SO_EE_ORIGIN_ICMP6):
        return None  # the machine's own error, such as an interface that is down
    return IcmpError(
        version=4 if origin == _SO_EE_ORIGIN_ICMP else 6,
        type=kind,
        code=code,
        offender=_read_offender(data[_EXTENDED_ERROR.size :]),
        at_s=at_s,
    )


def _read_offender(address: bytes) -> str | None:
    if len(address) < 2:
        return None
    family = int.from_bytes(address[:2], sys.byteorder)
    if family == socket.AF_INET and len(address) >= _ADDRESS4.stop:
        return str(ipaddress.IPv4Address(address[_ADDRESS4]))
    if family == socket.AF_INET6 and len(address) >= _ADDRESS6.stop:
        return str(ipaddress.IPv6Address(address[_ADDRESS6]))
    return None


def is_hop_limit(error: IcmpError) -> bool:
    """Return whether an error says that a packet's time to live ran out (RFC 792; RFC 4443 for IPv6)."""
    return error.type == (11 if error.version == 4 else 3)


def is_forbidden(error: IcmpError) -> bool:
    """Return whether an error says that an administrator forbids the way (codes 9, 10, 13; RFC 4443: 1)."""
    if error.version == 4:
        return error.type == 3 and error.code in (9, 10, 13)
    return error.type == 1 and error.code == 1
