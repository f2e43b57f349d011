"""The way between client and world: TTLs, router addresses, delay, order, loss and rate."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6TimeExceeded, IPv6
from scapy.packet import Raw

from banwatch.lab.censor.action import Direction
from banwatch.lab.machine.traffic.path_model import DelayLine, PathModel
from banwatch.lab.regime.tier import NetworkPath
from tests.lab.censor_kit import CLIENT, CLIENT6, SITE, SITE6

HOPS = tuple(IPv4Address(f"203.0.112.{n}") for n in (1, 2, 3, 4))
HOPS6 = tuple(IPv6Address(f"2400:1::{n}") for n in (1, 2, 3, 4))
FOUR = NetworkPath(hops=HOPS, hops6=HOPS6, censor_hop=3)


def packet(ttl: int, *, v6: bool = False, inbound: bool = False) -> bytes:
    ends = (CLIENT6, SITE6) if v6 else (CLIENT, SITE)
    source, destination = ends[::-1] if inbound else ends
    head = IPv6(src=source, dst=destination, hlim=ttl) if v6 else IP(src=source, dst=destination, ttl=ttl)
    return bytes(head / UDP(sport=1, dport=33_434) / Raw(b"probe" * 12))


@pytest.mark.parametrize("v6", [False, True])
@pytest.mark.parametrize("ttl", range(1, 7))
def test_routers_answer_for_packets_that_die_at_them(v6: bool, ttl: int) -> None:
    path = PathModel(FOUR, seed=0)
    leg = path.reach_censor(packet(ttl, v6=v6), Direction.OUTBOUND)
    if ttl > 2:  # two routers lie before the censor's
        assert leg.packet is not None
        assert leg.packet == packet(ttl - 2, v6=v6)  # the checksum as scapy would have made it
        leg = path.leave_censor(leg.packet, Direction.OUTBOUND)
    if ttl > 4:
        assert leg.packet == packet(ttl - 4, v6=v6)
        assert leg.reply is None
        return
    assert leg.packet is None
    assert leg.reply is not None
    read = (IPv6 if v6 else IP)(leg.reply)
    error = read[ICMPv6TimeExceeded] if v6 else read[ICMP]
    assert (error.type, error.code) == ((3, 0) if v6 else (11, 0))
    assert ip_address(read.src) == (HOPS6 if v6 else HOPS)[ttl - 1]
    assert read.dst == (CLIENT6 if v6 else CLIENT)
    assert len(bytes(error.payload)) >= 28


def test_what_the_world_sends_is_counted_down_as_well() -> None:
    path = PathModel(FOUR, seed=0)
    leg = path.reach_censor(packet(64, inbound=True), Direction.INBOUND)
    assert leg.packet == packet(62, inbound=True)
    assert leg.packet is not None
    assert path.leave_censor(leg.packet, Direction.INBOUND).packet == packet(60, inbound=True)


def test_a_forged_answer_is_as_far_away_as_the_censor() -> None:
    # Mirrored: what the censor sees has crossed two routers, and what it sends crosses them again.
    seen = PathModel(FOUR, seed=0).reach_censor(packet(64), Direction.OUTBOUND).packet
    assert seen is not None
    forged = packet(seen[8], inbound=True)
    assert PathModel(FOUR, seed=0).leave_censor(forged, Direction.INBOUND).packet == packet(60, inbound=True)


def test_an_error_about_an_error_is_never_sent() -> None:
    error = bytes(IP(src=CLIENT, dst=SITE, ttl=1) / ICMP(type=3, code=1) / Raw(bytes(40)))
    ping = bytes(IP(src=CLIENT, dst=SITE, ttl=1) / ICMP(type=8) / Raw(bytes(40)))
    path = PathModel(FOUR, seed=0)
    assert path.reach_censor(error, Direction.OUTBOUND).reply is None
    assert path.reach_censor(ping, Direction.OUTBOUND).reply is not None


def test_a_plain_path_adds_nothing() -> None:
    path = PathModel(NetworkPath(), seed=0)
    assert path.is_plain
    assert path.reach_censor(packet(1), Direction.OUTBOUND).packet == packet(1)
    assert not PathModel(NetworkPath(delay_ms=1), seed=0).is_plain


def test_jitter_keeps_the_order_and_reordering_does_not() -> None:
    jittered = PathModel(NetworkPath(jitter_ms=5), seed=1)
    times = [jittered.arrival_s(Direction.OUTBOUND, 100, n / 1e4) for n in range(200)]
    arrivals = [t for t in times if t is not None]
    assert arrivals == sorted(arrivals)
    assert 0.0 < max(t - n / 1e4 for n, t in enumerate(arrivals)) <= 0.005
    mixed = PathModel(NetworkPath(reorder=0.2), seed=1)
    times = [mixed.arrival_s(Direction.OUTBOUND, 100, n / 1e4) for n in range(200)]
    overtaken = sum(t is not None and t - n / 1e4 > 1e-3 for n, t in enumerate(times))
    assert 20 <= overtaken <= 60


def test_loss_is_drawn_from_the_seed() -> None:
    def lost(seed: int) -> list[bool]:
        path = PathModel(NetworkPath(loss=0.05), seed=seed)
        return [path.is_lost() for _ in range(2_000)]

    assert lost(1) == lost(1) != lost(2)
    assert 60 <= sum(lost(1)) <= 140


@pytest.mark.parametrize(("shaping", "dropped"), [(True, False), (False, True)])
def test_a_rate_queues_or_drops(shaping: bool, dropped: bool) -> None:
    path = PathModel(NetworkPath(rate_kbit_s=800, shaping=shaping), seed=0)  # 100 kB/s
    times = [path.arrival_s(Direction.INBOUND, 1_000, 0.0) for _ in range(200)]
    passed = [t for t in times if t is not None]
    assert 60 <= len(passed) <= 70  # what a queue, or a burst, of 64 kB holds
    assert (max(passed) > 0.5) is not dropped


def test_packets_that_arrive_together_keep_their_order() -> None:
    line = DelayLine()
    assert line.next_s is None
    for n, due_s in enumerate((2.0, 1.0, 1.0, 3.0)):
        line.put(due_s, Direction.OUTBOUND, False, bytes((n,)))
    assert line.next_s == 1.0
    assert [data for _, _, data in line.take_due(2.0)] == [b"\1", b"\2", b"\0"]
    assert line.next_s == 3.0
