"""A censor in memory: regimes from a few lines of YAML, and packets that read as a trace."""

import struct
import tempfile
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from banwatch.lab.censor.action import PASS, Action, Direction, Forward, Inject
from banwatch.lab.censor.censor import Censor
from banwatch.lab.censor.packet import ACK, PSH, SYN, Packet, read_packet_untrusted, tcp_packet, udp_packet
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.truth.flow_truth import FlowTruth

NOON = datetime(2016, 4, 4, 12, tzinfo=UTC).timestamp()
CLIENT, CLIENT6 = "175.45.177.10", "2407:4800:7::10"
SITE, SITE6 = "142.250.74.78", "2a00:1450:400f:80c::200e"

_HEAD = """
name: test
title: A test
country: ZZ
tiers:
  all:
    asn: 64500
    network_name: Test
    kind: fixed
    client_address: [175.45.177.10, "2407:4800:7::10"]
    resolver: 175.45.176.15
"""


def regime_of(rules: str, *, extra: str = "") -> Regime:
    """A regime with one tier and these rules (a YAML list)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.yaml"
        path.write_text(_HEAD + extra + "rules:\n" + rules, encoding="utf-8")
        return load_regime(path)


def censor_of(rules: str, *, extra: str = "", seed: int = 0) -> Censor:
    """A censor with these rules."""
    regime = regime_of(rules, extra=extra)
    return Censor(regime, regime.tiers["all"], seed=seed)


def client_hello(name: str, *, padding: int = 0, alpn: bytes = b"", ech: bool = False) -> bytes:
    """A TLS record with a ClientHello for a name; padding comes before the name, as in a browser's."""
    extensions = b""
    if padding:
        extensions += struct.pack("!HH", 21, padding) + bytes(padding)
    if ech:
        extensions += struct.pack("!HH", 0xFE0D, 4) + b"\0\0\0\0"
    if alpn:
        listed = bytes((len(alpn),)) + alpn
        extensions += struct.pack("!HHH", 16, len(listed) + 2, len(listed)) + listed
    host = name.encode()
    extensions += struct.pack("!HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    body = (
        b"\x03\x03"
        + bytes(32)
        + b"\0"
        + b"\0\2\x13\x01"
        + b"\1\0"
        + struct.pack("!H", len(extensions))
        + extensions
    )
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message


def dns_query(name: str, kind: int = 1, identity: int = 0x1234) -> bytes:
    """A DNS query."""
    labels = b"".join(bytes((len(part),)) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", identity, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def outcome(actions: tuple[Action, ...]) -> str:
    """What became of a packet, in a word or two: `pass`, `drop`, `pass+2`, `drop+1`."""
    passed = any(isinstance(action, Forward) for action in actions)
    injected = sum(isinstance(action, Inject) for action in actions)
    return ("pass" if passed else "drop") + (f"+{injected}" if injected else "")


def injected(actions: tuple[Action, ...], direction: Direction) -> list[Packet]:
    """The packets forged in a direction, read."""
    return [
        read_packet_untrusted(action.packet)
        for action in actions
        if isinstance(action, Inject) and action.direction is direction
    ]


def truths(censor: Censor) -> list[FlowTruth]:
    """Return every flow's truth, in the order in which they began."""
    return sorted(censor.end_all_flows(), key=lambda flow: (flow.started_at, flow.sport))


class Talk:
    """One TCP connection past a censor, from the SYN on."""

    def __init__(self, censor: Censor, *, site: str = SITE, port: int = 443, sport: int = 40_000) -> None:
        self.censor = censor
        client = CLIENT6 if ":" in site else CLIENT
        self._client, self._site = ip_address(client).packed, ip_address(site).packed
        self._port, self._sport = port, sport
        self.seq, self.ack = 1_000, 5_000
        """What the client, and the server, send next."""
        self.now_s = NOON

    def out(self, payload: bytes = b"", *, flags: int = ACK, at: int | None = None) -> tuple[Action, ...]:
        """A segment from the client; `at` sends it elsewhere in the stream, and does not advance it."""
        seq = self.seq if at is None else at
        if at is None:
            self.seq = (self.seq + len(payload) + (flags & SYN > 0) + (flags & 1)) % 2**32
        data = tcp_packet(
            self._client,
            self._site,
            self._sport,
            self._port,
            seq=seq,
            ack=self.ack if flags & ACK else 0,
            flags=flags | (PSH if payload else 0),
            payload=payload,
        )
        return self.censor.handle_packet(data, Direction.OUTBOUND, self.now_s)

    def back(self, payload: bytes = b"", *, flags: int = ACK) -> tuple[Action, ...]:
        """A segment from the server."""
        data = tcp_packet(
            self._site,
            self._client,
            self._port,
            self._sport,
            seq=self.ack,
            ack=self.seq,
            flags=flags,
            payload=payload,
        )
        self.ack = (self.ack + len(payload) + (flags & SYN > 0) + (flags & 1)) % 2**32
        return self.censor.handle_packet(data, Direction.INBOUND, self.now_s)

    def open(self) -> "Talk":
        """Shake hands; every packet of it must pass."""
        assert self.out(flags=SYN) is PASS
        assert self.back(flags=SYN | ACK) is PASS
        assert self.out() is PASS
        return self


def ask(
    censor: Censor,
    query: bytes,
    *,
    resolver: str = "8.8.8.8",
    sport: int = 50_000,
    now_s: float = NOON,
    direction: Direction = Direction.OUTBOUND,
) -> tuple[Action, ...]:
    """Send a DNS query over UDP, from the client or (`INBOUND`) to it."""
    ends = [ip_address(CLIENT).packed, ip_address(resolver).packed]
    source, destination = ends if direction is Direction.OUTBOUND else ends[::-1]
    return censor.handle_packet(udp_packet(source, destination, sport, 53, query), direction, now_s)


def answer(
    censor: Censor, reply: bytes, *, resolver: str = "8.8.8.8", sport: int = 50_000
) -> tuple[Action, ...]:
    """Send a resolver's reply over UDP."""
    data = udp_packet(ip_address(resolver).packed, ip_address(CLIENT).packed, 53, sport, reply)
    return censor.handle_packet(data, Direction.INBOUND, NOON)
