"""Links: carriers of IP packets between the censor and a namespace. One interface, three drivers."""

import fcntl
import os
import socket
import struct
from collections import deque
from collections.abc import Sequence
from typing import Protocol

_ETH_P_ALL = 3  # linux/if_ether.h
_ETHERTYPE = {4: b"\x08\x00", 6: b"\x86\xdd"}
_SOL_PACKET, _PACKET_IGNORE_OUTGOING = 263, 23  # linux/if_packet.h
_SO_RCVBUFFORCE, _SO_SNDBUFFORCE = 33, 32  # asm-generic/socket.h
_BUFFER_BYTES = 16 * 1024 * 1024  # some thousand packets: a burst of a whole TCP window on every flow
_TUNSETIFF, _IFF_TUN_NO_PI = 0x4004_54CA, 0x1001  # linux/if_tun.h
DRAIN = 64
"""Most packets read in one turn: enough to amortise the wake-up, few enough for the other link."""


class Link(Protocol):
    """Link to a namespace: reads and writes whole IP packets."""

    def fileno(self) -> int:
        """Return the descriptor that is readable while packets wait."""

    def read(self) -> Sequence[bytes]:
        """Read the packets that wait, `DRAIN` at most; never blocks."""

    def write(self, packet: bytes) -> None:
        """Send a packet. Where the buffer is full it is lost, as on any network."""

    def close(self) -> None:
        """Close the link."""


class PacketSocketLink:
    """Link by an AF_PACKET socket on a veth pair; works in unprivileged user namespaces.

    Args:
        interface: the veth end in this process's network namespace.
        far_mac: hardware address of the other end.
    """

    def __init__(self, interface: str, far_mac: bytes) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        for option, forced in ((socket.SO_RCVBUF, _SO_RCVBUFFORCE), (socket.SO_SNDBUF, _SO_SNDBUFFORCE)):
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, forced, _BUFFER_BYTES)
            except PermissionError:  # in a user namespace: as much as the machine allows
                self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._socket.bind((interface, _ETH_P_ALL))
        self._socket.setblocking(False)
        self._receive = self._socket.recv
        self._send = self._socket.send
        head = far_mac + b"\x02bw\0\0\0"
        self._head4, self._head6 = head + _ETHERTYPE[4], head + _ETHERTYPE[6]

    def fileno(self) -> int:
        """See `Link`."""
        return self._socket.fileno()

    def read(self) -> Sequence[bytes]:
        """See `Link`."""
        packets = []
        receive = self._receive
        try:
            for _ in range(DRAIN):
                frame = receive(2_048)  # more than MTU and header, so that an oversized frame shows
                # IPv4 or IPv6; nothing else belongs on the link
                if frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
                    packets.append(frame[14:])
        except BlockingIOError:
            pass
        return packets

    def write(self, packet: bytes) -> None:
        """See `Link`."""
        try:
            self._send((self._head4 if packet[0] >> 4 == 4 else self._head6) + packet)
        except (BlockingIOError, OSError) as error:
            if not isinstance(error, BlockingIOError) and error.errno not in (
                105,
                90,
                100,
            ):  # ENOBUFS, EMSGSIZE, ENETDOWN
                raise

    def close(self) -> None:
        """See `Link`."""
        self._socket.close()


def open_tun(name: str) -> int:
    """Make a TUN device in this process's network namespace; returns the descriptor that carries its packets.

    Raises:
        OSError: /dev/net/tun is not there, or may not be opened.
    """
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN_NO_PI))
    except OSError:
        os.close(fd)
        raise
    return fd


class TunLink:
    """Link by a TUN device; needs a /dev/net/tun that may be opened.

    Args:
        fd: descriptor from `open_tun`, of any namespace.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        """See `Link`."""
        return self._fd

    def read(self) -> Sequence[bytes]:
        """See `Link`."""
        packets = []
        try:
            for _ in range(DRAIN):
                packets.append(os.read(self._fd, 65_550))
        except BlockingIOError:
            pass
        return packets

    def write(self, packet: bytes) -> None:
        """See `Link`."""
        try:
            os.write(self._fd, packet)
        except OSError as error:
            if error.errno not in (11, 105, 22, 5):  # EAGAIN, ENOBUFS, EINVAL, EIO: lost
                raise

    def close(self) -> None:
        """See `Link`."""
        os.close(self._fd)


class MemoryLink:
    """Link by two queues in memory, for tests."""

    def __init__(self) -> None:
        self.arriving: deque[bytes] = deque()
        """Packets that `read` will return."""
        self.sent: list[bytes] = []
        """Packets that were written."""

    def fileno(self) -> int:
        """Return -1: a memory link has no descriptor to wait for."""
        return -1

    def read(self) -> Sequence[bytes]:
        """See `Link`."""
        return [self.arriving.popleft() for _ in range(min(DRAIN, len(self.arriving)))]

    def write(self, packet: bytes) -> None:
        """See `Link`."""
        self.sent.append(packet)

    def close(self) -> None:
        """See `Link`."""
