"""Capture file (pcapng) with two interfaces: the client's side of the censor, and the world's."""

import struct
from pathlib import Path

from banwatch.lab.censor.action import Direction

_LINKTYPE_RAW = 101  # IP packets without a link header, draft-ietf-opsawg-pcaplinktype
_CLIENT_SIDE, _WORLD_SIDE = 0, 1


def _block(kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _interface(name: bytes) -> bytes:
    option = struct.pack("<HH", 2, len(name)) + name + b"\0" * (-len(name) % 4) + struct.pack("<HH", 0, 0)
    return _block(1, struct.pack("<HHI", _LINKTYPE_RAW, 0, 0) + option)


class PcapWriter:
    """Writes a packet as it arrives on one side of the censor, and as it leaves on the other.

    Wire: pcapng (draft-ietf-opsawg-pcapng): section header, two interface descriptions (`client`, `world`),
    enhanced packet blocks with lab time in microseconds.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        self._file.write(_interface(b"client") + _interface(b"world"))

    def arrived(self, packet: bytes, direction: Direction, now_s: float) -> None:
        """Write a packet that a side sent."""
        self._write(_CLIENT_SIDE if direction is Direction.OUTBOUND else _WORLD_SIDE, packet, now_s)

    def left(self, packet: bytes, direction: Direction, now_s: float) -> None:
        """Write a packet that goes out to a side, forwarded or forged."""
        self._write(_WORLD_SIDE if direction is Direction.OUTBOUND else _CLIENT_SIDE, packet, now_s)

    def _write(self, interface: int, packet: bytes, now_s: float) -> None:
        micros = int(now_s * 1e6)
        head = struct.pack("<IIIII", interface, micros >> 32, micros & 0xFFFFFFFF, len(packet), len(packet))
        self._file.write(_block(6, head + packet))

    def close(self) -> None:
        """Write what is left and close the file."""
        self._file.close()
