"""The probe's steps with real packets: routers that answer, resolvers of every kind, pages over QUIC."""

import asyncio
import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.world import load_world
from banwatch.model.ids import Asn, CountryCode
from banwatch.net.endpoint import Endpoint
from banwatch.net.real import RealNet
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts
from banwatch.probe.steps.dns import UdpLookup
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import IcmpErrorRecord
from tests.lab.labs import NEEDS_LAB_ALONE, regime_from

pytestmark = NEEDS_LAB_ALONE

AT = datetime(2016, 4, 5, tzinfo=UTC)
QUIC, PLAIN = "https://cloudflare-quic.com/", "https://www.yna.co.kr/"
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
def lab() -> Iterator[Lab]:
    with Lab(regime_from(REGIME), "all", load_world(), clock=LabClock(AT)) as running:
        yield running


def _measure(urls: list[str], ca_file: Path, helper_url: str) -> list[bytes]:
    chosen = Settings(
        probe_cc=CountryCode("KP"),
        probe_asn=Asn(131279),
        helper_url=helper_url,
        ca_file=ca_file,
        now=lambda: AT,
        timeouts=Timeouts(dns_s=2, dns_late_s=0.3, tcp_s=2, tls_s=2, http_s=3, control_s=10),
        rng=random.Random(1),
    )

    async def collect() -> list[bytes]:
        return [line async for line in Session(RealNet(), chosen).run(urls)]

    return asyncio.run(collect())


@pytest.fixture(scope="module")
def measured(lab: Lab) -> dict[str, dict[str, Any]]:
    world = load_world()
    lines = lab.call(_measure, [QUIC, PLAIN], world.ca_file, world.helper_url)
    return {one["input"]: one["test_keys"] for one in map(json.loads, lines)}


def test_every_kind_of_resolver_is_asked_for_both_families(measured: dict[str, dict[str, Any]]) -> None:
    queries = measured[PLAIN]["queries"]
    asked = {(one["engine"], one["resolver_address"], one["query_type"]) for one in queries}
    places = [
        ("udp", ""),
        ("udp", "8.8.8.8:53"),
        ("udp", "1.1.1.1:53"),
        ("tcp", "8.8.8.8:53"),
        ("dot", "8.8.8.8:853"),
        ("doh", "https://1.1.1.1/dns-query"),
    ]
    both = {(engine, place, kind) for engine, place in places for kind in ("A", "AAAA")}
    assert asked == both | {("getaddrinfo", "", "ANY")}
    for query in queries:
        if query["query_type"] != "AAAA":
            assert [one["ipv4"] for one in query["answers"] if "ipv4" in one], query
        if query["engine"] == "udp":
            assert query["ip_ttl"] is not None
    [record] = measured[PLAIN]["x_https_records"]
    assert (record["query_type"], record["resolver_address"]) == ("HTTPS", "8.8.8.8:53")
    assert measured[PLAIN]["x_dns_duplicate_responses"] == []


def test_the_page_comes_over_http3_too(measured: dict[str, dict[str, Any]]) -> None:
    keys = measured[QUIC]
    plain, over_quic = keys["requests"]
    assert (plain["alpn"], plain["network"], over_quic["alpn"], over_quic["network"]) == (
        "h2",
        "tcp",
        "h3",
        "udp",
    )
    assert over_quic["response"]["code"] == 200
    assert over_quic["response"]["body"] == plain["response"]["body"]
    assert over_quic["tags"] == ["depth=0", "follow_up=http3"]
    assert keys["x_http3"] == {
        "with_http3": True,
        "status_code_match": True,
        "body_length_match": True,
        "body_proportion": 1.0,
        "headers_match": True,
        "title_match": True,
    }
    [handshake] = keys["quic_handshakes"]
    assert handshake["transaction_id"] == over_quic["transaction_id"]
    events = [one for one in keys["network_events"] if one["proto"] == "udp"]
    assert {one["operation"] for one in events} >= {"read_from", "write_to", "quic_handshake_done"}
    assert all(one["t0"] <= one["t"] for one in events)
    assert measured[PLAIN]["x_http3"] is None


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
