"""A request makes few connections, to the ports of its site, and never into a cloud's own services."""

from pathlib import Path

import pytest

from banwatch.formats.ooni import wire
from banwatch.helper.budget import OutboundBudget
from banwatch.helper.guard import Guard
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.memory import MemoryNet
from banwatch.net.seam import Stream
from tests.helper.asking import SITE, make, make_net, run

GUARD = Guard(lambda: (), False)


def test_ports_are_those_of_the_url() -> None:
    found = {port: GUARD.allows(Endpoint(SITE, port), 8443) for port in (80, 443, 8443, 8080, 6379, 22)}
    assert found == {80: True, 443: True, 8443: True, 8080: False, 6379: False, 22: False}
    assert not GUARD.allows(Endpoint(SITE, 25), 25)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.42.42",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "161.26.0.10",
        "166.9.1.1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::ffff:168.63.129.16",
        "64:ff9b::a83f:8110",
        "2002:a83f:8110::1",
        "2a00:1098:2c:1::a9fe:a9fe",  # NAT64 by prefixes of networks of their own
        "2a00:1098:a9fe:a9fe::",
        "2a00:1098:2ca9:fea9:fe::",
        "2a00:1098:2c01:a9fe:a9:fe00::",
        "2a00:1098:2c01:3a9:fe:a9fe::",
        "2a00:1098:2c01:333:a9:fea9:fe00:0",
        "2a00:1098:2c:1::6464:64c8",
        "64:ff9b::a9fe:a9fe",
        "2001:470:1:2:0:5efe:a9fe:a9fe",
    ],
)
def test_services_of_clouds_are_refused(address: str) -> None:
    assert GUARD.is_bogon(address)
    assert not GUARD.allows(Endpoint(address, 80), 80)


def test_neighbours_of_those_services_are_measured() -> None:
    assert GUARD.allows(Endpoint("2606:2800:220:1::a9fe:a9ff", 443), 443)
    assert all(GUARD.allows(Endpoint(ip, 443), 443) for ip in ("168.63.129.17", "161.27.0.1", "166.12.0.1"))


def test_counts_by_request_target_and_client() -> None:
    now = 0.0
    budget = OutboundBudget(lambda: now, per_request=2, per_target=4, per_client=5)
    budget.begin("a")
    budget.take("192.0.2.1")
    budget.take("192.0.2.1")
    with pytest.raises(NetworkFailure):
        budget.take("192.0.2.2")
    budget.begin("a")
    budget.take("192.0.2.1")
    budget.take("192.0.2.1")
    budget.begin("b")
    with pytest.raises(NetworkFailure):
        budget.take("192.0.2.1")  # whoever asks
    budget.begin("a")
    budget.take("192.0.2.9")
    with pytest.raises(NetworkFailure):
        budget.take("192.0.2.10")  # five in this minute
    now = 61.0
    budget.begin("a")
    budget.take("192.0.2.1")


def test_a_network_of_ipv6_is_one_target_and_an_embedded_address_is_itself() -> None:
    budget = OutboundBudget(lambda: 0.0, per_request=1_000, per_target=3, per_client=0)
    budget.begin("a")
    for host in range(3):
        budget.take(f"2606:2800:220:1::{host:x}")
    with pytest.raises(NetworkFailure):
        budget.take("2606:2800:220:1:ffff::1")
    budget.take("2606:2800:220:2::1")
    for same in ("93.184.216.34", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"):
        budget.take(same)
    with pytest.raises(NetworkFailure):
        budget.take("93.184.216.34")


def test_a_full_table_renews_no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banwatch.helper.budget._MAX_COUNTED", 5)
    budget = OutboundBudget(lambda: 0.0, per_request=1_000, per_target=2, per_client=0)
    budget.begin("a")
    budget.take("93.184.216.34")
    budget.take("93.184.216.34")
    for host in range(3):
        budget.take(f"198.41.0.{host}")
    with pytest.raises(NetworkFailure):
        budget.take("198.41.0.9")
    with pytest.raises(NetworkFailure):
        budget.take("93.184.216.34")
    budget.take("198.41.0.1")


def test_a_small_request_does_not_fan_out(tmp_path: Path) -> None:
    connected: list[str] = []

    class Counting(MemoryNet):
        async def open_tcp(self, ip: str, port: int, *, ttl: int | None = None) -> Stream:
            connected.append(ip)
            return await super().open_tcp(ip, port, ttl=ttl)

    plain = make_net()
    net = Counting(tcp=plain.tcp, udp=plain.udp)
    helper = make(tmp_path, net, max_endpoints=64, connections_per_request=6)
    url = parse_target_url("https://site.example/")
    endpoints = [Endpoint(f"93.184.216.{n}", 443) for n in range(40, 90)]
    answer = run(helper._measurer.measure(url, endpoints, ()))
    assert isinstance(answer, wire.ControlResponse)
    assert len(connected) <= 6
