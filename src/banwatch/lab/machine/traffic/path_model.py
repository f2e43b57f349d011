"""Path between client and world: routers that decrement TTLs, delay, loss, reordering, and a rate.

    client ── 1 ── … ── censor_hop (the censor listens here) ── … ── n ── world

The censor never sees a packet that expires before its router; it sees one that expires there or later.
Time is an argument, and chance comes from a seed.
"""

import heapq
from dataclasses import dataclass
from random import Random

from banwatch.lab.censor.action import Direction
from banwatch.lab.censor.packet import ICMP, ICMP6, icmp_error, read_packet_untrusted
from banwatch.lab.censor.token_bucket import TokenBucket
from banwatch.lab.regime.effect import Throttle
from banwatch.lab.regime.tier import NetworkPath
from banwatch.model.errors import WireError

_TIME_EXCEEDED4, _TIME_EXCEEDED6 = 11, 3  # RFC 792, RFC 4443
_QUEUE_BYTES = 64_000
_OVERTAKEN_S = 0.002
"""Extra time of a reordered packet, in which a fast sender's next packets overtake it."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Outcome of a packet's way on one side of the censor."""

    packet: bytes | None
    """Packet as it arrives at the end of the leg; None where it expired."""
    reply: bytes | None
    """ICMP error that a router sends back to the packet's source."""
    share_of_path: float
    """Share of the whole path that the packet travelled on this leg."""


def count_down(packet: bytes, hops: int) -> bytes:
    """Decrement a packet's TTL, and update its checksum as routers do (RFC 1624)."""
    if not hops:
        return packet
    data = bytearray(packet)
    if packet[0] >> 4 == 4:
        data[8] -= hops
        total = int.from_bytes(data[10:12], "big") + (hops << 8)
        data[10:12] = ((total & 0xFFFF) + (total >> 16)).to_bytes(2, "big")
    else:
        data[7] -= hops
    return bytes(data)


class PathModel:
    """Routers, delays and losses of one tier's path."""

    def __init__(self, path: NetworkPath, seed: int) -> None:
        self._path = path
        self._random = Random(seed)
        self._routers = max(len(path.hops), len(path.hops6))
        self._near = min(path.censor_hop, self._routers) - 1 if self._routers else 0
        """Routers between client and censor; the rest lie between censor and world."""
        self._buckets: dict[Direction, TokenBucket] = {}
        if path.rate_kbit_s:
            rate = Throttle(kbit_s=path.rate_kbit_s, shaping=path.shaping, burst_bytes=_QUEUE_BYTES)
            self._buckets = {direction: TokenBucket(rate) for direction in Direction}
        self._last_due_s = dict.fromkeys(Direction, 0.0)

    @property
    def is_plain(self) -> bool:
        """Return whether the path changes nothing that could be noticed."""
        path = self._path
        return not (
            self._routers or path.delay_ms or path.jitter_ms or path.loss or path.reorder or path.rate_kbit_s
        )

    def reach_censor(self, packet: bytes, direction: Direction) -> Leg:
        """Carry a packet from the end that sent it to the censor."""
        if direction is Direction.OUTBOUND:
            return self._travel(packet, list(range(self._near)))
        return self._travel(packet, list(range(self._routers - 1, self._near - 1, -1)))

    def leave_censor(self, packet: bytes, direction: Direction) -> Leg:
        """Carry a packet from the censor to the end that it goes to."""
        if direction is Direction.OUTBOUND:
            return self._travel(packet, list(range(self._near, self._routers)))
        return self._travel(packet, list(range(self._near - 1, -1, -1)))

    def _travel(self, packet: bytes, routers: list[int]) -> Leg:
        ttl = packet[8] if packet[0] >> 4 == 4 else packet[7]
        if ttl > len(routers) or (not routers and ttl):
            return Leg(count_down(packet, len(routers)), None, len(routers) / (self._routers + 0.5))
        if not routers:
            return Leg(packet, None, 0.0)  # a TTL of 0 without a router that would check it
        died_after = max(ttl, 1)
        reply = self._time_exceeded(packet, routers[died_after - 1])
        return Leg(None, reply, died_after / (self._routers + 0.5))

    def _time_exceeded(self, packet: bytes, router: int) -> bytes | None:
        hops = self._path.hops if packet[0] >> 4 == 4 else self._path.hops6
        if router >= len(hops):
            return None  # a router without an address sends nothing
        try:
            read = read_packet_untrusted(packet)
        except WireError:
            return None
        if read.protocol in (ICMP, ICMP6) and read.data[read.network_end] not in (8, 128):
            return None  # no ICMP error about an ICMP error (RFC 1122, section 3.2.2)
        kind = _TIME_EXCEEDED4 if read.version == 4 else _TIME_EXCEEDED6
        return icmp_error(hops[router].packed, read, kind, 0, ttl=64 - router)

    # -- time ----------------------------------------------------------------------------------------------

    def is_lost(self) -> bool:
        """Draw whether the current packet is lost."""
        return self._path.loss > 0 and self._random.random() < self._path.loss

    def near_share(self) -> float:
        """Return the share of the one-way delay between client and censor."""
        return (self._near + 0.5) / (self._routers + 0.5) if self._routers else 0.5

    def delay_s(self, share: float) -> float:
        """Return the delay of a leg with a share of the path."""
        return self._path.delay_ms * share / 1e3

    def arrival_s(self, direction: Direction, size_bytes: int, now_s: float) -> float | None:
        """Return when a packet sent now has passed jitter and rate, before delay; None where dropped.

        Packets keep their order, except those drawn for reordering.
        """
        due_s = now_s
        bucket = self._buckets.get(direction)
        if bucket is not None:
            wait_s = bucket.delay_s(size_bytes, now_s)
            if wait_s is None:
                return None
            due_s += wait_s
        if self._path.jitter_ms:
            due_s += self._random.random() * self._path.jitter_ms / 1e3
        if self._path.reorder and self._random.random() < self._path.reorder:
            return due_s + _OVERTAKEN_S
        due_s = max(due_s, self._last_due_s[direction])
        self._last_due_s[direction] = due_s
        return due_s


class DelayLine:
    """Queue of packets on their way, by time of arrival and then by time of sending."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Direction, bool, bytes]] = []
        self._count = 0

    def put(self, due_s: float, direction: Direction, at_censor: bool, packet: bytes) -> None:
        """Send a packet on its way, to the censor or to an end."""
        self._count += 1
        heapq.heappush(self._heap, (due_s, self._count, direction, at_censor, packet))

    @property
    def next_s(self) -> float | None:
        """Return when the next packet arrives; None where there is none."""
        return self._heap[0][0] if self._heap else None

    def take_due(self, now_s: float) -> list[tuple[Direction, bool, bytes]]:
        """Take every packet that has arrived."""
        due = []
        while self._heap and self._heap[0][0] <= now_s:
            _, _, direction, at_censor, packet = heapq.heappop(self._heap)
            due.append((direction, at_censor, packet))
        return due
