"""Pages that somebody holds back, with real packets: by policing, by shaping, and by the site itself."""

import asyncio
import dataclasses
import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.world import load_world
from banwatch.lab.world.world import Page, Site, World
from banwatch.model.ids import Asn, CountryCode
from banwatch.net.real import RealNet
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts
from tests.lab.labs import NEEDS_LAB_ALONE, regime_from

pytestmark = NEEDS_LAB_ALONE

AT = datetime(2016, 4, 5, tzinfo=UTC)
REGIME = """
name: throttling
title: Held back in two ways
country: KP
about: Made for a test.
tiers:
  all:
    asn: 131279
    network_name: Star JV
    kind: fixed
    client_address: 175.45.176.10
    resolver: 175.45.176.15
    path: {delay_ms: 15}
rules:
  - {id: police, match: {tls: {sni: [policed-lab.net]}}, action: {throttle: {kbit_s: 300}},
     mechanism: tls.throttle.sni}
  - {id: shape, match: {tls: {sni: [shaped-lab.net]}}, action: {throttle: {kbit_s: 300, shaping: true}},
     mechanism: tls.throttle.sni}
"""
SITES = {
    "policed-lab.net": Page.HUGE,
    "shaped-lab.net": Page.HUGE,
    "drips-lab.net": Page.SLOW,
    "quick-lab.net": Page.HUGE,
}


def make_world() -> World:
    world = load_world()
    sites = tuple(
        Site(
            hostname=name,
            addresses=(ip_address(f"151.101.65.{100 + at}"),),
            page=page,
            title=name,
            owner="Fastly",
        )
        for at, (name, page) in enumerate(SITES.items())
    )
    return dataclasses.replace(world, sites=world.sites + sites)


def _measure(ca_file: Path, helper_url: str) -> list[bytes]:
    chosen = Settings(
        probe_cc=CountryCode("KP"),
        probe_asn=Asn(131279),
        helper_url=helper_url,
        ca_file=ca_file,
        now=lambda: AT,
        timeouts=Timeouts(dns_s=2, dns_late_s=0.3, tcp_s=3, tls_s=3, http_s=2.5, control_s=10),
        rng=random.Random(1),
        thorough=True,
    )

    async def collect() -> list[bytes]:
        return [line async for line in Session(RealNet(), chosen).run([f"https://{name}/" for name in SITES])]

    return asyncio.run(collect())


@pytest.fixture(scope="module")
def throttling() -> Mapping[str, Any]:
    world = make_world()
    with Lab(regime_from(REGIME), "all", world, clock=LabClock(AT)) as lab:
        lines = lab.call(_measure, world.ca_file, world.helper_url)
    measured = [json.loads(line) for line in lines]
    return {one["input"][8:-1]: one["test_keys"]["x_throttling"] for one in measured}


@pytest.mark.parametrize(("name", "kind"), [("policed-lab.net", "policing"), ("shaped-lab.net", "shaping")])
def test_policing_is_told_from_shaping(throttling: Mapping[str, Any], name: str, kind: str) -> None:
    found = throttling[name]
    assert found["twin"] == "helper"
    assert found["kind"] == {"download": kind, "upload": kind}
    assert found["slowdown"]["download"] > 3
    assert found["slowdown"]["upload"] > 2
    assert found["control_goodput_bps"] > 1_000_000
    assert {(one["role"], one["direction"]) for one in found["transfers"]} == {
        (role, direction) for role in ("target", "twin") for direction in ("download", "upload")
    }
    for one in found["transfers"]:
        assert one["samples"] == sorted(one["samples"])


def test_a_site_that_drips_is_not_held_back(throttling: Mapping[str, Any]) -> None:
    found = throttling["drips-lab.net"]
    assert found is None or set(found["kind"].values()) <= {None}


def test_a_quick_page_is_not_looked_at(throttling: Mapping[str, Any]) -> None:
    assert throttling["quick-lab.net"] is None
