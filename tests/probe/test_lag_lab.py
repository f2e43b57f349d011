"""On a slow network: a retest takes a doubt away, and hops are found where a censor remembers."""

import asyncio
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.world import load_world
from banwatch.lab.world.world import World
from banwatch.net.real import RealNet
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts
from tests.lab.labs import NEEDS_LAB_ALONE, regime_from
from tests.probe.follow_ups.test_follow_ups_lab import judged, only, weighed

pytestmark = NEEDS_LAB_ALONE

AT = datetime(2016, 4, 5, tzinfo=UTC)
HERE = Path(__file__).parent
SHORT = Timeouts(dns_s=1.5, dns_late_s=0.2, tcp_s=0.7, tls_s=0.32, http_s=2, control_s=10)
"""A handshake takes one round trip of 0.3 s and the server's own time: it may or may not do."""
REGIME = """
name: slow
title: A long way, and a censor who remembers
country: KP
about: Made for a test.
tiers:
  all:
    asn: 131279
    network_name: Star JV
    kind: mobile
    client_address: 175.45.176.10
    resolver: 175.45.176.15
    path:
      hops: [175.45.176.1, 175.45.177.1, 203.119.0.1, 203.119.0.2, 203.119.0.3]
      censor_hop: 2
      delay_ms: %s
rules:
  - {id: by-name, match: {tls: {sni: [by-name.net]}}, action: drop, mechanism: tls.timeout.sni}
  - id: remembered
    match: {tls: {sni: [remembered.net]}}
    action: reset
    mechanism: tls.reset.sni
    residual: {key: 3-tuple, seconds: 0.6, action: drop, mechanism: tcp.timeout}
"""


def _measure(world: World, urls: list[str], timeouts: Timeouts, rest_s: float) -> list[bytes]:
    chosen = Settings(
        helper_url=world.helper_url,
        ca_file=world.ca_file,
        now=lambda: AT,
        timeouts=timeouts,
        rng=random.Random(1),
        resolvers=("8.8.8.8:53",),
        tcp_resolvers=(),
        dot_resolvers=(),
        doh_resolvers=(),
        annotations={"lab": "slow"},
        thorough=rest_s > 0,
        rest_s=rest_s,
    )

    async def collect() -> list[bytes]:
        return [line async for line in Session(RealNet(), chosen).run(urls)]

    return asyncio.run(collect())


def _in_lab(delay_ms: int, names: list[str], timeouts: Timeouts, rest_s: float) -> dict[str, Any]:
    world = load_world(HERE / "follow_ups/follow_ups_world.yaml")
    with Lab(regime_from(REGIME % delay_ms), "all", world, clock=LabClock(AT)) as lab:
        lines = lab.call(_measure, world, [f"https://www.{name}.net/" for name in names], timeouts, rest_s)
    found = [json.loads(line) for line in lines]
    return {one["input"].removeprefix("https://www.").removesuffix(".net/"): one for one in found}


def test_a_retest_settles_whose_a_time_out_was() -> None:
    measured = _in_lab(145, ["by-name", "innocent"], SHORT, 0.0)
    blocked, innocent = measured["by-name"], measured["innocent"]
    assert weighed(blocked).slow_probe
    before = judged(only(blocked, ("retry", "other_name")))
    after = judged(only(blocked, ("retry", "other_name", "retest")))
    assert not before.state.accuses  # a slow machine's time-outs accuse nobody
    assert after.mechanisms[0].startswith("tls.timeout")
    assert after.state.accuses
    for follow_ups in (("retry", "other_name"), ("retry", "other_name", "retest")):
        assert not judged(only(innocent, follow_ups)).state.accuses


def test_hops_are_found_although_the_censor_remembers() -> None:
    patient = Timeouts(dns_s=1, dns_late_s=0.2, tcp_s=0.5, tls_s=0.5, http_s=2, control_s=10)
    measured = _in_lab(10, ["remembered"], patient, 0.8)
    evidence = weighed(measured["remembered"])
    assert (evidence.cut_hops, evidence.server_hops) == (3, 6)
    verdict = judged(measured["remembered"])
    assert (verdict.state.value, verdict.mechanisms) == ("blocked", ("tls.reset.sni",))
