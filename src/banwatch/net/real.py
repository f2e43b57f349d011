"""The machine's own network."""

import asyncio
import contextlib
import errno
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

from banwatch.model.failure import DNS_NXDOMAIN
from banwatch.net.dns.messages import is_never_asked
from banwatch.net.dns.resolv_conf import read_system_resolvers
from banwatch.net.failure import NetworkFailure, classify_os_error
from banwatch.net.linux.icmp import hear_errors, take_errors
from banwatch.net.linux.reset_filter import attach_reset_filter, count_dropped
from banwatch.net.seam import Datagram, Datagrams, IcmpError, Stream, TcpInfo, TlsSettings, TlsStream
from banwatch.net.tls.handshake import shake_hands

_MAX_DATAGRAM_BYTES = 65535
_MAX_ICMP_ERRORS = 64
"""Kept of one conversation: routers that complain without end say nothing new."""
_ANYWHERE_IPV6 = "2001:4860:4860::8888"
"""Any global address: connecting a UDP socket to it sends nothing, and tells whether there is a route."""
# <linux/in.h>, <linux/in6.h>: Python does not name all of them
_IP_TTL, _IP_RECVTTL = 2, 12
_NO_RTT_US = 0xFFFFFFFF  # the kernel's number where it has measured none
_IPV6_UNICAST_HOPS, _IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT = 16, 51, 52


def _family(ip: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in ip else socket.AF_INET


def _limit_hops(sock: socket.socket, hops: int) -> None:
    try:
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_UNICAST_HOPS, hops)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_TTL, hops)
    except OSError as error:
        raise NetworkFailure(classify_os_error(error)) from error


class _TcpStream:
    """A TCP connection on a non-blocking socket."""

    def __init__(self, sock: socket.socket, count: Callable[[int], None]) -> None:
        self._sock = sock
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._dropped_before: int | None = None
        """Segments that the socket had dropped when it began to ignore resets."""

    async def read(self, limit_bytes: int) -> bytes:
        try:
            data = await self._loop.sock_recv(self._sock, limit_bytes)
        except OSError as error:
            raise NetworkFailure(classify_os_error(error)) from error
        self._count(len(data))
        return data

    async def write(self, data: bytes) -> None:
        self._count(len(data))
        try:
            await self._loop.sock_sendall(self._sock, data)
        except OSError as error:
            raise NetworkFailure(classify_os_error(error)) from error

    def tcp_info(self) -> TcpInfo:
        return _read_tcp_info(self._sock)

    def set_ttl(self, hops: int) -> None:
        hear_errors(self._sock)  # an ICMP error then ends the next read with `host_unreachable`
        _limit_hops(self._sock, hops)

    def ignore_resets(self) -> bool:
        if not attach_reset_filter(self._sock):
            return False
        self._dropped_before = count_dropped(self._sock)
        return True

    def ignored_packets(self) -> int | None:
        dropped = count_dropped(self._sock) if self._dropped_before is not None else None
        return None if dropped is None or self._dropped_before is None else dropped - self._dropped_before

    def close(self) -> None:
        self._sock.close()


def _read_tcp_info(sock: socket.socket) -> TcpInfo:
    if not sys.platform.startswith("linux"):
        return TcpInfo()
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    except OSError:
        return TcpInfo()
    # struct tcp_info, <linux/tcp.h>: 8 bytes of flags, then u32s (rtt is the 16th, total_retrans the 24th),
    # then u64s from byte 104 on: pacing_rate, max_pacing_rate, bytes_acked, bytes_received
    if len(raw) < 136:
        return TcpInfo()
    (rtt_us,) = struct.unpack_from("=I", raw, 8 + 4 * 15)
    (retransmits,) = struct.unpack_from("=I", raw, 8 + 4 * 23)
    bytes_acked, bytes_received = struct.unpack_from("=QQ", raw, 120)
    min_rtt_us = struct.unpack_from("=I", raw, 148)[0] if len(raw) >= 152 else 0
    return TcpInfo(
        rtt_ms=rtt_us / 1000,
        min_rtt_ms=min_rtt_us / 1000 if 0 < min_rtt_us < _NO_RTT_US else None,
        retransmits=retransmits,
        bytes_acked=max(0, bytes_acked - 1),  # the SYN counts for one
        bytes_received=bytes_received,
        bytes_retransmitted=_field(raw, "=Q", 208),
        segments_sent=_field(raw, "=I", 156),
        segments_received=_field(raw, "=I", 152),
        segments_out_of_order=_field(raw, "=I", 224),
        receive_rtt_ms=(_field(raw, "=I", 92) or 0) / 1000 or None,
    )


def _field(raw: bytes, layout: str, offset: int) -> int | None:
    """Read a number of a `tcp_info`; None on systems whose is too old to have it."""
    if len(raw) < offset + struct.calcsize(layout):
        return None
    return int(struct.unpack_from(layout, raw, offset)[0])


class _UdpDatagrams:
    """A connected UDP socket; what arrives is queued with its time and IP TTL."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[Datagram | NetworkFailure] = asyncio.Queue()
        self._icmp_errors: list[IcmpError] = []
        self._loop.add_reader(sock.fileno(), self._on_readable)

    def _on_readable(self) -> None:
        try:
            data, ancillary, _, _ = self._sock.recvmsg(_MAX_DATAGRAM_BYTES, 64)
        except OSError as error:
            # the queue must be emptied whatever the error is, or the socket would be readable for ever
            errors = take_errors(self._sock)
            self._icmp_errors += errors[: _MAX_ICMP_ERRORS - len(self._icmp_errors)]
            # a path that takes smaller packets only is no failure: the system has taken note
            if error.errno not in (errno.EAGAIN, errno.EINTR, errno.EMSGSIZE):
                self._arrived.put_nowait(NetworkFailure(classify_os_error(error), errors))
            return
        self._arrived.put_nowait(Datagram(data=data, at_s=time.monotonic(), ip_ttl=_ttl_of(ancillary)))

    def send(self, data: bytes) -> None:
        try:
            self._sock.send(data)
        except OSError as error:
            raise NetworkFailure(classify_os_error(error)) from error

    def icmp_errors(self) -> tuple[IcmpError, ...]:
        return tuple(self._icmp_errors)

    async def receive(self) -> Datagram:
        arrived = await self._arrived.get()
        if isinstance(arrived, NetworkFailure):
            raise arrived
        return arrived

    def set_ttl(self, hops: int) -> None:
        _limit_hops(self._sock, hops)

    def close(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()


def _ttl_of(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if (level, kind) in {(socket.IPPROTO_IP, _IP_TTL), (socket.IPPROTO_IPV6, _IPV6_HOPLIMIT)}:
            return int.from_bytes(data[:4], sys.byteorder)
    return None


class RealNet:
    """The network of the thread (and so of the namespace) that uses it."""

    def __init__(self) -> None:
        self._own: dict[str, None] = {}
        self._has_ipv6: bool | None = None
        self.transferred_bytes = 0
        """Payload of all TCP streams so far, both ways."""

    def _count(self, size_bytes: int) -> None:
        self.transferred_bytes += size_bytes

    def clock(self) -> float:
        """Return seconds on the monotonic clock."""
        return time.monotonic()

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """The local addresses of every socket so far, except loopback ones, which identify nobody."""
        return tuple(self._own)

    @property
    def has_ipv6(self) -> bool:
        """Whether there is a route to the IPv6 world; looked up once."""
        if self._has_ipv6 is None:
            try:
                with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
                    sock.connect((_ANYWHERE_IPV6, 53))
                    self._has_ipv6 = True
            except OSError:
                self._has_ipv6 = False
        return self._has_ipv6

    @property
    def system_resolvers(self) -> tuple[str, ...]:
        """Resolvers that `/etc/resolv.conf` names now: they change with the network."""
        return read_system_resolvers()

    async def resolve(self, hostname: str) -> tuple[str, ...]:
        """Ask `getaddrinfo`, in a thread of its own: it cannot be cancelled, and must not hold up others."""
        if is_never_asked(hostname):
            raise NetworkFailure(DNS_NXDOMAIN)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[str, ...]] = loop.create_future()

        def deliver(addresses: tuple[str, ...], error: Exception | None) -> None:
            if answer.done():
                return  # the caller does not wait any more
            if error is None:
                answer.set_result(addresses)
            else:
                answer.set_exception(error)

        def ask() -> None:
            addresses: tuple[str, ...] = ()
            error: Exception | None = None
            try:
                found = socket.getaddrinfo(hostname, None, type=socket.SOCK_STREAM)
                addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
            except OSError as os_error:
                error = NetworkFailure(classify_os_error(os_error))
            except UnicodeError:
                error = NetworkFailure("dns_server_misbehaving")  # a name that no resolver can be asked
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(deliver, addresses, error)

        threading.Thread(target=ask, name="getaddrinfo", daemon=True).start()
        return await answer

    async def open_tcp(self, ip: str, port: int, *, ttl: int | None = None) -> Stream:
        """Connect to an address."""
        sock = self._socket(ip, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if ttl is not None:
                _limit_hops(sock, ttl)
            hear_errors(sock)
            await asyncio.get_running_loop().sock_connect(sock, (ip, port))
            hear_errors(sock, on=False)  # from now on a forged ICMP message must not end the connection
            self._note_own(sock, ip)
        except OSError as error:
            errors = take_errors(sock)
            sock.close()
            raise NetworkFailure(classify_os_error(error), errors) from error
        except BaseException:
            sock.close()
            raise
        return _TcpStream(sock, self._count)

    async def open_udp(self, ip: str, port: int) -> Datagrams:
        """Open a socket that talks to one address and port only."""
        sock = self._socket(ip, socket.SOCK_DGRAM)
        try:
            if sock.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
            hear_errors(sock)
            sock.connect((ip, port))
            self._note_own(sock, ip)
        except OSError as error:
            sock.close()
            raise NetworkFailure(classify_os_error(error)) from error
        return _UdpDatagrams(sock)

    async def start_tls(self, stream: Stream, settings: TlsSettings) -> TlsStream:
        """Shake hands on a stream."""
        return await shake_hands(stream, settings)

    def _socket(self, ip: str, kind: socket.SocketKind) -> socket.socket:
        try:
            sock = socket.socket(_family(ip), kind)
        except OSError as error:
            raise NetworkFailure(classify_os_error(error)) from error
        sock.setblocking(False)
        return sock

    def _note_own(self, sock: socket.socket, peer: str) -> None:
        own = str(sock.getsockname()[0])
        # a machine that talks to an address of its own uses that address: no news about the way out
        if own not in self._own and own != peer and not own.startswith("127.") and own != "::1":
            self._own[own] = None
