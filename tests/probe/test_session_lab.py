"""Follow-ups against a real censor, with real packets: what they add to a verdict, and innocent twins."""

import asyncio
import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from banwatch.judge import judge_line
from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.world import load_world
from banwatch.lab.world.world import World
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.net.real import RealNet
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts
from banwatch.reference import load
from tests.lab.labs import NEEDS_LAB_ALONE, regime_from

pytestmark = NEEDS_LAB_ALONE

AT = datetime(2016, 4, 5, tzinfo=UTC)
REGIME = """
name: follow-ups
title: One rule for each follow-up
country: KP
about: Made for a test.
tiers:
  all:
    asn: 131279
    network_name: Star JV
    kind: fixed
    client_address: 175.45.176.10
    resolver: 175.45.176.15
rules:
  - {id: name, match: {tls: {sni: [nytimes.com]}}, action: reset, mechanism: tls.reset.sni}
  - {id: silence, match: {tls: {sni: [bbc.com]}}, action: drop, mechanism: tls.timeout.sni}
  - {id: host, match: {http: {host: [voanews.com]}}, action: reset, mechanism: http.reset.host}
  - id: quic
    match: {port: 443, quic: {sni: [http3.behaviour-lab.net]}}
    action: drop
    mechanism: quic.timeout
  - id: forge
    placement: on-path
    match: {dns: {names: [youtube.com], types: [A, AAAA]}}
    action: {forge_dns: {a: [31.13.94.0/24]}}
    mechanism: dns.injection.other
"""
URLS = {
    "name": "https://www.nytimes.com/",
    "silence": "https://www.bbc.com/",
    "host": "http://www.voanews.com/",
    "forge": "https://www.youtube.com/",
    "quic": "https://http3.behaviour-lab.net/",
    "quic-twin": "https://cloudflare-quic.com/",
    "twin": "https://www.yna.co.kr/",
    "down": "https://www.geocities.com/",
}


def _measure(world: World) -> list[bytes]:
    chosen = Settings(
        probe_cc=CountryCode("KP"),
        probe_asn=Asn(131279),
        helper_url=world.helper_url,
        ca_file=world.ca_file,
        now=lambda: AT,
        timeouts=Timeouts(dns_s=1, dns_late_s=0.3, tcp_s=1, tls_s=1, http_s=2, control_s=10),
        annotations={"lab": "follow-ups"},
        rng=random.Random(1),
        thorough=True,
    )

    async def collect() -> list[bytes]:
        return [line async for line in Session(RealNet(), chosen).run(list(URLS.values()))]

    return asyncio.run(collect())


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, Any]]:
    world = load_world()
    with Lab(regime_from(REGIME), "all", world, clock=LabClock(AT)) as lab:
        lines = lab.call(_measure, world)
    by_url = {json.loads(line)["input"]: json.loads(line) for line in lines}
    return {name: by_url[url] for name, url in URLS.items()}


def _judged(measurement: dict[str, Any]) -> Verdict:
    return judge_line(json.dumps(measurement).encode(), load()).verdict


def _without_follow_ups(measurement: dict[str, Any]) -> dict[str, Any]:
    keys = dict(measurement["test_keys"])
    for name in ("queries", "tcp_connect", "tls_handshakes", "requests", "network_events"):
        keys[name] = [r for r in keys[name] if not any(t.startswith("follow_up=") for t in r["tags"])]
    return {**measurement, "test_keys": keys}


def _followed_up(measurement: dict[str, Any], kind: str, name: str) -> list[dict[str, Any]]:
    return [r for r in measurement["test_keys"][kind] if f"follow_up={name}" in r["tags"]]


@pytest.mark.parametrize(
    ("name", "without", "with_"),
    [
        ("name", "tls.reset", "tls.reset.sni"),
        ("silence", "tls.timeout", "tls.timeout.sni"),
    ],
)
def test_follow_ups_make_the_mechanism_more_specific(
    measured: dict[str, dict[str, Any]], name: str, without: str, with_: str
) -> None:
    less = _judged(_without_follow_ups(measured[name]))
    more = _judged(measured[name])
    assert more.mechanisms == (with_,)
    assert more.state.accuses
    assert all(with_.startswith(m) and m != with_ for m in less.mechanisms), less.mechanisms
    assert any(m.startswith(without) for m in less.mechanisms) or not less.mechanisms


def test_a_host_that_is_cut_in_the_clear_is_told_from_a_server_that_hangs_up(
    measured: dict[str, dict[str, Any]],
) -> None:
    [other] = _followed_up(measured["host"], "requests", "other_host")
    assert (other["failure"], other["request"]["headers"]["Host"]) == (None, "example.org")
    assert _judged(measured["host"]).mechanisms == ("http.reset.host",)


def test_a_forger_answers_where_no_resolver_is(measured: dict[str, dict[str, Any]]) -> None:
    [query] = _followed_up(measured["forge"], "queries", "no_resolver")
    assert query["answers"][0]["ipv4"].startswith("31.13.94.")
    [sibling] = _followed_up(measured["forge"], "queries", "sibling")
    assert sibling["answers"][0]["ipv4"].startswith("31.13.94.")
    [encrypted] = _followed_up(measured["forge"], "queries", "doh")
    assert encrypted["answers"]
    assert not encrypted["answers"][0]["ipv4"].startswith("31.13.94.")
    assert measured["forge"]["test_keys"]["x_dns_duplicate_responses"]
    assert _judged(measured["forge"]).mechanisms == ("dns.injection.other",)


def test_the_name_alone_is_enough_anywhere(measured: dict[str, dict[str, Any]]) -> None:
    [innocent] = _followed_up(measured["name"], "tls_handshakes", "innocent_elsewhere")
    [name] = _followed_up(measured["name"], "tls_handshakes", "name_elsewhere")
    assert (innocent["failure"], name["failure"]) == (None, "connection_reset")
    [no_sni] = _followed_up(measured["name"], "tls_handshakes", "no_sni")
    assert no_sni["failure"] is None


def test_quic_is_tried_where_the_site_offers_it(measured: dict[str, dict[str, Any]]) -> None:
    keys = measured["quic-twin"]["test_keys"]
    [handshake] = keys["quic_handshakes"]
    assert (handshake["failure"], handshake["negotiated_protocol"], handshake["network"]) == (
        None,
        "h3",
        "udp",
    )
    assert handshake["peer_certificates"]
    assert keys["control"]["http3_request"]["status_code"] == 200
    cut = measured["quic"]["test_keys"]
    failures = {one["tags"][-1]: one["failure"] for one in cut["quic_handshakes"]}
    silence = "generic_timeout_error"
    assert failures == {"depth=0": silence, "follow_up=other_name": None, "follow_up=retry": silence}
    assert cut["control"]["http3_request"]["failure"] is None
    assert cut["requests"][0]["failure"] is None
    assert measured["twin"]["test_keys"]["quic_handshakes"] == []


def test_a_reset_comes_with_what_the_kernel_knows(measured: dict[str, dict[str, Any]]) -> None:
    keys = measured["name"]["test_keys"]
    plain = next(one for one in keys["x_tcp_info"] if not any(t.startswith("follow_up") for t in one["tags"]))
    assert plain["rtt_ms"] > 0
    assert plain["bytes_acked"] is not None


@pytest.mark.parametrize(("name", "state"), [("twin", State.OK), ("down", State.DOWN)])
def test_innocent_twins_stay_innocent(measured: dict[str, dict[str, Any]], name: str, state: State) -> None:
    assert _judged(measured[name]).state is state
    keys = measured[name]["test_keys"]
    assert keys["x_dns_duplicate_responses"] == []
    if name == "twin":
        assert _without_follow_ups(measured[name]) == measured[name]
