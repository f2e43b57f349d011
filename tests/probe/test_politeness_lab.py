"""Never two at once to one address or one registrable domain: as the lab's own book of flows tells it."""

import asyncio
import json
import random
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.world import load_world
from banwatch.lab.world.world import World
from banwatch.net.http.target_url import registrable_domain
from banwatch.net.real import RealNet
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts
from tests.lab.labs import NEEDS_LAB_ALONE, regime_from

pytestmark = NEEDS_LAB_ALONE

AT = datetime(2016, 4, 5, tzinfo=UTC)
ADDRESSES = ("151.101.128.10", "151.101.128.11", "151.101.128.12")
SITES = [f"site-{number}.{domain}" for domain in ("one.net", "two.net", "three.net") for number in range(3)]
_GOODBYE_S = 0.15
"""So long after the last word of a connection its closing packets may still be under way."""
REGIME = """
name: polite
title: One of the sites is cut
country: KP
about: Made for a test.
tiers:
  all:
    asn: 131279
    network_name: Star JV
    kind: fixed
    client_address: 175.45.176.10
    resolver: 175.45.176.15
    path: {delay_ms: 10}
rules:
  - {id: cut, match: {tls: {sni: [site-1.one.net, site-2.two.net]}}, action: reset, mechanism: tls.reset.sni}
"""


def _write_world(path: Path) -> None:
    sites = [
        {"hostname": name, "addresses": [ADDRESSES[number % len(ADDRESSES)]], "page": "slow"}
        for number, name in enumerate(SITES)
    ]
    world = {
        "name": "polite",
        "countries": {"KP": ["175.45.176.0/22"]},
        "helper": {"hostname": "helper.banwatch-lab.net", "address": "185.199.108.153"},
        "resolvers": [
            {"hostname": "ns1.star.net.kp", "addresses": ["175.45.176.15"], "isp": True, "dot": False},
            {"hostname": "dns.google", "addresses": ["8.8.8.8"]},
        ],
        "inputs": [],
        "sites": [*sites, {"hostname": "example.org", "addresses": ["23.220.75.232"]}],
    }
    path.write_text(yaml.safe_dump(world), "utf-8")


def _measure(world: World) -> list[bytes]:
    chosen = Settings(
        helper_url=world.helper_url,
        ca_file=world.ca_file,
        now=lambda: AT,
        timeouts=Timeouts(dns_s=1, dns_late_s=0.2, tcp_s=1, tls_s=1, http_s=4, control_s=10),
        rng=random.Random(1),
        parallelism=len(SITES),
        thorough=True,
        http3="never",
    )

    async def collect() -> list[bytes]:
        urls = [f"https://{name}/" for name in SITES]
        return [line async for line in Session(RealNet(), chosen).run(urls)]

    return asyncio.run(collect())


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("polite")
    _write_world(folder / "world.yaml")
    world, truth = load_world(folder / "world.yaml"), folder / "truth.jsonl"
    with Lab(regime_from(REGIME), "all", world, clock=LabClock(AT), truth_path=truth) as lab:
        lines = lab.call(_measure, world)
    assert len(lines) == len(SITES)
    assert not {json.loads(line)["test_keys"]["control_failure"] for line in lines} - {None}
    return [json.loads(line) for line in truth.read_text("utf-8").splitlines()]


def _spans(flows: list[dict[str, Any]], key: str) -> dict[str, list[tuple[float, float]]]:
    """When connections to the sites began and ended, by address or by registrable domain."""
    spans = defaultdict(list)
    for flow in flows:
        if flow["dst"] not in ADDRESSES or flow["proto"] not in (6, "tcp"):
            continue
        name = next((name for kind, name in flow["names"] if kind == "sni"), "")
        which = flow["dst"] if key == "address" else registrable_domain(name) if name else ""
        if which and which != "example.org":
            begun, ended = (
                datetime.fromisoformat(flow[one]).timestamp() for one in ("started_at", "ended_at")
            )
            spans[which].append((begun, ended))
    return spans


@pytest.mark.parametrize("key", ["address", "domain"])
def test_connections_follow_one_another(flows: list[dict[str, Any]], key: str) -> None:
    spans = _spans(flows, key)
    assert len(spans) == 3
    assert all(len(some) >= 2 for some in spans.values())
    for which, some in spans.items():
        last_end = 0.0
        for begun, ended in sorted(some):
            assert begun > last_end - _GOODBYE_S, which
            last_end = max(last_end, ended)


def test_but_different_ones_run_side_by_side(flows: list[dict[str, Any]]) -> None:
    spans = [span for some in _spans(flows, "address").values() for span in some]
    assert any(one[0] < other[0] < one[1] - 0.2 for one in spans for other in spans)
