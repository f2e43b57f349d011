"""Everything that the censor remembers about one five-tuple, and the line of truth that it leaves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

import msgspec

from banwatch.lab.censor.packet import TCP, UDP
from banwatch.lab.regime import Throttle

_STREAM_LIMIT_BYTES = 65_536
_SEGMENT_LIMIT = 64
_PROTOCOL_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


class FlowTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What the censor did to one flow.

    Wire: one JSON line. Times are lab time. `real_answer_passed`: whether something that the far end sent with a
    payload reached the client; where a rule acted, after it did.
    """

    tier: str
    started_at: str
    ended_at: str
    proto: str
    src: str
    sport: int
    dst: str
    dport: int
    names: list[tuple[str, str]]
    rule: str | None
    mechanism: str | None
    dropped: int
    injected: int
    delayed: int
    real_answer_passed: bool


_encoder = msgspec.json.Encoder()


class Stream:
    """A client's side of a TCP connection put together: what it said, and in how many segments.

    The first copy of a byte is the one that counts. Limits bound what a flow can make the censor keep.
    """

    __slots__ = ("_base", "_ends", "_waiting", "data", "start")

    def __init__(self, base: int) -> None:
        self._base = base
        """Sequence number of `data[0]`."""
        self.data = bytearray()
        self.start = 0
        """Where the message that is being read begins in `data`."""
        self._ends: list[int] = []
        self._waiting: dict[int, bytes] = {}

    def feed(self, seq: int, payload: bytes) -> bool:
        """Take a segment; returns whether more of the stream can be read now, False for a retransmission."""
        offset = (seq - self._base + 2**31) % 2**32 - 2**31  # serial number arithmetic, RFC 1982
        end = len(self.data)
        if offset + len(payload) <= end or offset > end + _STREAM_LIMIT_BYTES:
            return False
        if offset > end:
            if len(self._waiting) < _SEGMENT_LIMIT:
                self._waiting.setdefault(offset, payload)
            return False
        self._append(payload[end - offset :])
        while self._waiting:
            found = next((at for at in self._waiting if at <= len(self.data)), None)
            if found is None:
                break
            waiting = self._waiting.pop(found)
            rest = waiting[len(self.data) - found :]
            if rest:
                self._append(rest)
        return True

    def _append(self, piece: bytes) -> None:
        self.data += piece
        self._ends.append(len(self.data))

    def segments_up_to(self, position: int) -> int:
        """In how many segments the bytes from the current message's start up to `position` came."""
        first = next((i for i, end in enumerate(self._ends) if end > self.start), len(self._ends) - 1)
        last = next((i for i, end in enumerate(self._ends) if end >= position), len(self._ends) - 1)
        return last - first + 1

    def skip(self, position: int) -> None:
        """Go on to the message after this one."""
        self.start = position

    @property
    def is_full(self) -> bool:
        """Whether it has grown past what the censor is willing to keep."""
        return len(self.data) > _STREAM_LIMIT_BYTES or len(self._ends) > 4 * _SEGMENT_LIMIT


@dataclass(slots=True)
class Bucket:
    """A token bucket, for policing and shaping."""

    throttle: Throttle
    tokens: float = 0.0
    filled_at_s: float = 0.0
    busy_until_s: float = 0.0

    def delay_s(self, size_bytes: int, now_s: float) -> float | None:
        """How long a packet has to wait; None where it is dropped."""
        rate = self.throttle.kbit_s * 1000 / 8  # bytes a second
        if self.throttle.shaping:
            start = max(now_s, self.busy_until_s)
            if (start - now_s) * rate > max(self.throttle.burst_bytes, 64_000):
                return None  # no queue is endless
            self.busy_until_s = start + size_bytes / rate
            return self.busy_until_s - now_s
        if self.filled_at_s == 0.0:
            self.tokens = self.throttle.burst_bytes
        else:
            gained = max(0.0, now_s - self.filled_at_s) * rate
            self.tokens = min(self.throttle.burst_bytes, self.tokens + gained)
        self.filled_at_s = now_s
        if self.tokens < size_bytes:
            return None
        self.tokens -= size_bytes
        return 0.0


@dataclass(slots=True)
class Flow:
    """One five-tuple, for as long as it lives."""

    protocol: int
    client: bytes
    far: bytes
    client_port: int
    far_port: int
    started_s: float
    last_s: float
    epoch: int
    """Of the rule set when it was last looked at."""
    settled: bool = False
    """Nothing is left to inspect, and nothing is done to it."""
    syn_seq: int | None = None
    closed: bool = False
    names: list[tuple[str, str]] = field(default_factory=list)
    rule_id: str | None = None
    mechanism: str | None = None
    dropped: int = 0
    injected: int = 0
    delayed: int = 0
    real_answer_passed: bool = False

    stream: Stream | None = None
    payload_packets: int = 0
    """Of the client's side, so far."""
    inspected: bool = False
    """The client's first message has been read, or will never be."""

    drop_outbound: bool = False
    drop_inbound: bool = False
    drop_after: int = 0
    """Packets that may still pass before dropping begins."""
    finished: bool = False
    """The censor ended the connection in the far end's name."""
    repeat: "object | None" = None
    """The rule whose injections answer every further payload of the client's."""
    bucket_outbound: Bucket | None = None
    bucket_inbound: Bucket | None = None
    freeze_after: int | None = None
    frozen_bytes: int = 0
    diverted: tuple[bytes, int] | None = None
    """Where it really goes."""
    residual: tuple[bytes, ...] | None = None
    """Key under which it is punished for an earlier flow."""

    def truth(self, tier: str) -> bytes:
        """The line that is written about it."""
        return _encoder.encode(
            FlowTruth(
                tier=tier,
                started_at=_time(self.started_s),
                ended_at=_time(self.last_s),
                proto=_PROTOCOL_NAMES.get(self.protocol, str(self.protocol)),
                src=str(ip_address(self.client)),
                sport=self.client_port,
                dst=str(ip_address(self.far)),
                dport=self.far_port,
                names=self.names,
                rule=self.rule_id,
                mechanism=self.mechanism,
                dropped=self.dropped,
                injected=self.injected,
                delayed=self.delayed,
                real_answer_passed=self.real_answer_passed,
            )
        )

    def idle_limit_s(self) -> float:
        """How long it is remembered after its last packet, in lab time."""
        if self.protocol == TCP:
            return 5.0 if self.closed else 300.0
        return 60.0 if self.protocol == UDP else 30.0


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
