"""Flow: the state that the censor keeps for one five-tuple, and the truth of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

from banwatch.lab.censor.action import Direction
from banwatch.lab.censor.packet import TCP, UDP
from banwatch.lab.censor.quic import InitialState
from banwatch.lab.censor.reassembly import TcpReassembly
from banwatch.lab.censor.token_bucket import TokenBucket
from banwatch.lab.regime.effect import Effect
from banwatch.lab.truth.flow_truth import FlowTruth

_NAMES_LIMIT = 64
_PROTOCOL_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


@dataclass(slots=True, kw_only=True)
class Flow:
    """State of one five-tuple, for as long as it lives."""

    protocol: int
    client: bytes
    far: bytes
    client_port: int
    far_port: int
    asked: Direction
    """Direction of its first packet: the side that sent it asks, the other answers."""
    started_s: float
    last_s: float
    epoch: int
    """Epoch of the rule set when the flow began."""
    is_free: bool = False
    """Whether no effect is in force on its packets."""
    is_done: bool = False
    """Whether no further packet can change what is recorded or done."""
    syn_seq: int | None = None
    fins: int = 0
    closed: bool = False

    names: list[tuple[str, str]] = field(default_factory=list)
    rule_id: str | None = None
    mechanism: str | None = None
    dropped: int = 0
    injected: int = 0
    delayed: int = 0
    real_answer_passed: bool = False

    reassembly: TcpReassembly | None = None
    initial: InitialState | None = None
    payload_packets: int = 0
    """Packets with payload that the asker has sent so far."""
    is_read: bool = False
    """Whether no further message of the asker can or need be read."""
    inspected: bool = False
    """Whether the asker's payload has been read, or no rule looks for any."""

    drop_this: bool = False
    """Whether the current packet is dropped, without an effect on later ones."""
    drop_outbound: bool = False
    drop_inbound: bool = False
    drop_after: int = 0
    """Packets that may still pass before dropping begins."""
    until_s: float | None = None
    """Lab time at which a residual effect on it ends; None for an effect of its own."""
    finished: bool = False
    """Whether the censor ended the connection in the far end's name."""
    repeat: tuple[Effect, ...] = ()
    """Effects that answer every further packet of the asker."""
    repeats: int = 0
    bucket_outbound: TokenBucket | None = None
    bucket_inbound: TokenBucket | None = None
    freeze_after: int | None = None
    frozen_bytes: int = 0
    diverted: tuple[bytes, int] | None = None
    """Address and port to which it is diverted."""

    @property
    def service_port(self) -> int:
        """Return the port of the answering side."""
        return self.far_port if self.asked is Direction.OUTBOUND else self.client_port

    @property
    def asker_port(self) -> int:
        """Return the port of the asking side."""
        return self.client_port if self.asked is Direction.OUTBOUND else self.far_port

    @property
    def is_under_effect(self) -> bool:
        """Return whether an effect is in force on its packets."""
        return (
            self.drop_outbound
            or self.drop_inbound
            or bool(self.repeat)
            or self.bucket_outbound is not None
            or self.bucket_inbound is not None
            or self.freeze_after is not None
            or self.diverted is not None
        )

    def saw(self, kind: str, name: str) -> None:
        """Record a name that the asker sent in clear."""
        if (kind, name) not in self.names and len(self.names) < _NAMES_LIMIT:
            self.names.append((kind, name))

    def stop_inspecting(self) -> None:
        """Stop reading the asker's payload, and release what was kept of it."""
        self.inspected = True
        self.initial = None
        if self.reassembly is not None:
            self.reassembly.forget()

    def release(self) -> None:
        """End the effects on its packets."""
        self.drop_outbound = self.drop_inbound = False
        self.repeat, self.until_s, self.freeze_after = (), None, None
        self.bucket_outbound = self.bucket_inbound = None

    def truth(self, tier: str) -> FlowTruth:
        """Return the flow's truth, for the file of truth."""
        return FlowTruth(
            tier=tier,
            started_at=datetime.fromtimestamp(self.started_s, UTC),
            ended_at=datetime.fromtimestamp(self.last_s, UTC),
            proto=_PROTOCOL_NAMES.get(self.protocol, str(self.protocol)),
            src=str(ip_address(self.client)),
            sport=self.client_port,
            dst=str(ip_address(self.far)),
            dport=self.far_port,
            names=tuple(self.names),
            rule=self.rule_id,
            mechanism=self.mechanism,
            dropped=self.dropped,
            injected=self.injected,
            delayed=self.delayed,
            real_answer_passed=self.real_answer_passed,
        )

    def idle_limit_s(self) -> float:
        """Return how long the flow is kept after its last packet, in lab time."""
        if self.protocol == TCP:
            return 5.0 if self.closed else 300.0
        return 60.0 if self.protocol == UDP else 30.0
