"""The process between, with links in memory: no namespace needed."""

import json
import socket
import time
from ipaddress import ip_address
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.utils import rdpcap

from banwatch.lab.censor.censor import Censor
from banwatch.lab.censor.packet import ACK, SYN, tcp_packet
from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.traffic.links import MemoryLink
from banwatch.lab.machine.traffic.middlebox import Middlebox
from banwatch.lab.machine.traffic.path_model import PathModel
from banwatch.lab.machine.traffic.pcap import PcapWriter
from banwatch.lab.truth.truth_file import TruthWriter
from tests.lab.censor_kit import CLIENT, SITE, client_hello, regime_of

RESET = """
- id: sni
  match: {tls: {sni: [blocked.example]}}
  action: reset
  mechanism: tls.reset.sni
- id: shaped
  match: {port: 8080}
  action: {throttle: {kbit_s: 80, shaping: true}}
  mechanism: http.throttle.host
"""
HOPS = "    path: {hops: [203.0.112.1, 203.0.112.2], censor_hop: 2}\n"
SLOW = "    path: {delay_ms: 20}\n"


class Bench:
    """A middlebox between two links in memory."""

    def __init__(self, folder: Path, path: str = "") -> None:
        regime = regime_of(RESET, extra=path)
        tier = regime.tiers["all"]
        self.client, self.world = MemoryLink(), MemoryLink()
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.theirs = theirs
        self.truth, self.pcap = folder / "truth.jsonl", folder / "packets.pcapng"
        self.middlebox = Middlebox(
            self.client,
            self.world,
            Censor(regime, tier),
            PathModel(tier.path, 0),
            LabClock(),
            theirs,
            TruthWriter(self.truth),
            PcapWriter(self.pcap),
        )

    def send(self, payload: bytes = b"", *, port: int = 443, ttl: int = 64, flags: int = ACK) -> None:
        """Send a segment from the client."""
        ends = ip_address(CLIENT).packed, ip_address(SITE).packed
        data = tcp_packet(
            *ends, 1_234, port, seq=9 if flags == SYN else 10, ack=5, flags=flags, payload=payload, ttl=ttl
        )
        self.client.arriving.append(data)
        self.middlebox.pump()

    def finish(self) -> list[dict[str, object]]:
        """Tell it to stop; returns the truth."""
        self.ours.send(b"stop")
        assert not self.middlebox._obey()
        assert json.loads(self.ours.recv(100)) == {"stopped": True}
        self.ours.close()
        self.theirs.close()
        return [json.loads(line) for line in self.truth.read_text().splitlines()]


def test_packets_pass_and_forged_ones_go_both_ways(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.send(flags=SYN)
    assert len(bench.world.sent) == 1
    bench.send(client_hello("blocked.example"))
    assert [IP(data)[TCP].flags.R for data in bench.world.sent] == [False, True]
    assert [IP(data).dst for data in bench.client.sent] == [CLIENT]
    (line,) = bench.finish()
    assert (line["rule"], line["dropped"], line["injected"]) == ("sni", 1, 2)
    # What the client sent twice over (as it came, and the SYN as it left), and what was forged.
    assert len(rdpcap(str(bench.pcap))) == 5


def test_routers_are_between(tmp_path: Path) -> None:
    bench = Bench(tmp_path, HOPS)
    bench.send(flags=SYN, ttl=1)
    bench.send(flags=SYN, ttl=2)
    bench.send(flags=SYN, ttl=3)
    bench.middlebox.pump()
    assert [IP(data).src for data in bench.client.sent] == ["203.0.112.1", "203.0.112.2"]
    assert all(IP(data)[ICMP].type == 11 for data in bench.client.sent)
    assert [IP(data).ttl for data in bench.world.sent] == [1]
    bench.finish()


@pytest.mark.parametrize(("path", "port"), [(SLOW, 443), ("", 8080)])
def test_what_is_delayed_comes_later(tmp_path: Path, path: str, port: int) -> None:
    bench = Bench(tmp_path, path)
    begun = time.monotonic()
    bench.send(b"x" * 160, port=port)
    assert bench.world.sent == []
    while not bench.world.sent and time.monotonic() - begun < 5:
        bench.middlebox.pump()
    assert time.monotonic() - begun >= 0.02
    (line,) = bench.finish()
    assert line["delayed"] == (0 if path else 1)
