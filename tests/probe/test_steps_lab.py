"""The probe's steps with real packets: routers that answer, resolvers of every kind, pages over QUIC."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from banwatch.lab.clock import LabClock
from banwatch.lab.doctor import doctor
from banwatch.lab.lab import Lab
from banwatch.lab.regime_file import load_regime
from banwatch.lab.world import load_world
from banwatch.net.endpoint import Endpoint
from banwatch.net.real import RealNet
from banwatch.probe.record import IcmpErrorRecord
from banwatch.probe.steps.dns import UdpLookup
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.trace import Trace

_MISSING = [check for check in doctor() if check.needed and not check.ok]
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(_MISSING), reason=f"no lab here: {[(c.name, c.why) for c in _MISSING]}"),
    pytest.mark.xdist_group("lab"),
]

AT = datetime(2016, 4, 5, tzinfo=UTC)
NOBODY = 65534
ROUTERS = ("175.45.177.1", "219.158.101.1", "62.115.170.1")
REGIME = """
name: steps
title: Routers on the way
country: KP
about: Made for a test.
tiers:
  all:
    asn: 131279
    network_name: Star JV
    kind: fixed
    client_address: 175.45.176.10
    resolver: 175.45.176.15
    path: {hops: [175.45.177.1, 219.158.101.1, 62.115.170.1], censor_hop: 2}
rules:
  - {id: walled, match: {port: 81}, action: {icmp: {code: 13}}, mechanism: ip.unreachable}
"""


def _ask_routers() -> tuple[int, list[IcmpErrorRecord], list[str | None]]:
    """Connect and ask with a time to live that runs out on the way, as a user without any rights."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    net = RealNet()
    trace = Trace(clock=net.clock, zero_s=net.clock())
    site, resolver = Endpoint("104.16.124.96", 443), Endpoint("8.8.8.8", 53)

    async def ask() -> list[str | None]:
        failures: list[str | None] = []
        for hops in (1, 2, 3):
            stream, record = await tcp_connect(
                net, site, timeout_s=2, trace=trace.transaction(hops, "tcp"), ttl=hops
            )
            assert stream is None
            failures.append(record.status.failure if record.status else None)
            lookup = UdpLookup(
                resolver=resolver,
                hostname="example.org",
                query_type="A",
                trace=trace.transaction(hops, "udp"),
                message_id=7,
            )
            failures.append((await lookup.first(net, timeout_s=0.2, ttl=hops)).failure)
            lookup.close()
        return failures

    failures = asyncio.run(ask())
    return os.geteuid(), trace.icmp_errors, failures


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    path = tmp_path_factory.mktemp("lab") / "regime.yaml"
    path.write_text(REGIME, "utf-8")
    with Lab(load_regime(path), "all", load_world(), clock=LabClock(AT)) as running:
        yield running


def _knock() -> tuple[str | None, list[IcmpErrorRecord]]:
    """Connect to a port that an administrator forbids."""
    net = RealNet()
    trace = Trace(clock=net.clock, zero_s=net.clock())

    async def knock() -> str | None:
        _, record = await tcp_connect(net, Endpoint("104.16.124.96", 81), timeout_s=2, trace=trace)
        return record.status.failure if record.status else None

    return asyncio.run(knock()), trace.icmp_errors


def test_who_forbids_the_way_is_noted(lab: Lab) -> None:
    failure, errors = lab.call(_knock)
    assert failure == "host_unreachable"
    [error] = errors
    assert (error.offender, error.type, error.code) == ("219.158.101.0/24", 3, 13)


def test_routers_are_found_without_any_rights(lab: Lab) -> None:
    user, errors, failures = lab.call(_ask_routers)
    assert user == NOBODY
    assert failures == ["host_unreachable"] * 6
    for hops, router in enumerate(ROUTERS, start=1):
        prefix = router.rpartition(".")[0] + ".0/24"
        for kind in ("tcp", "udp"):
            found = [one for one in errors if one.transaction_id == hops and one.tags == [kind]]
            assert found
            assert {(one.offender, one.version, one.type, one.code) for one in found} == {(prefix, 4, 11, 0)}
