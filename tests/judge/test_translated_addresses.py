"""DNS64 and NAT64: addresses are unwrapped before anything is said of them."""

import ipaddress

import msgspec
import pytest

from banwatch.formats.ooni import decode_untrusted, encode
from banwatch.formats.ooni import wire as w
from banwatch.judge.weighing.facts.addresses import Addresses
from banwatch.model.state import State
from tests.judge.judging import judge_line, shipped_reference, weigh_line
from tests.judge.scenario import FORGED, GENUINE, Helper, Lookup, Scenario

WELL_KNOWN = "64:ff9b::"
LOCAL = "64:ff9b:1::"
OWN = "2a02:fe0:c300:64::"
"""A prefix of a network's own, which shows in its answers only."""


def wrapped(prefix: str, *ips: str) -> tuple[str, ...]:
    base = int(ipaddress.IPv6Address(prefix))
    return tuple(str(ipaddress.IPv6Address(base | int(ipaddress.IPv4Address(ip)))) for ip in ips)


@pytest.mark.parametrize(
    ("ip", "inner"),
    [
        # RFC 6052 section 2.4, with the prefix that RFC 8215 sets aside where that length fits in it
        ("64:ff9b::192.0.2.33", "192.0.2.33"),
        ("64:ff9b:1:c000:2:2100::", "192.0.2.33"),
        ("64:ff9b:1:3c0:0:221::", "192.0.2.33"),
        ("64:ff9b:1:344:c0:2:2100::", "192.0.2.33"),
        ("64:ff9b:1:344::192.0.2.33", "192.0.2.33"),
        ("::ffff:192.0.2.33", "192.0.2.33"),
        ("2001:db8::c000:221", "2001:db8::c000:221"),
        ("192.0.2.33", "192.0.2.33"),
    ],
)
def test_an_address_is_taken_out_of_its_wrapping(ip: str, inner: str) -> None:
    assert Addresses(shipped_reference()).unwrap(ip) == inner


def test_a_wrapped_bogon_is_a_bogon_and_a_wrapped_public_address_is_none() -> None:
    addresses = Addresses(shipped_reference())
    for prefix in (WELL_KNOWN, LOCAL, "::ffff:0:0"):
        assert addresses.is_bogon(wrapped(prefix, "10.10.34.34")[0])
        assert not addresses.is_bogon(wrapped(prefix, "151.101.1.164")[0])
    assert addresses.is_bogon("2002:a0a:2222::1")
    assert not addresses.is_bogon("2002:9765:1a4::1")


def on_v6_only(prefix: str, **changes: object) -> Scenario:
    """The same site on a network where every answer is wrapped."""
    return Scenario(system=Lookup(wrapped(prefix, *GENUINE)), plain=None).but(**changes)


@pytest.mark.parametrize("prefix", [WELL_KNOWN, LOCAL, OWN])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_genuine_answer_stays_genuine(prefix: str, scheme: str) -> None:
    evidence = weigh_line(on_v6_only(prefix, scheme=scheme).to_line())
    assert (evidence.dns_bogons, evidence.dns_unvouched) == ((), ())
    assert judge_line(on_v6_only(prefix, scheme=scheme).to_line()).state is State.OK


@pytest.mark.parametrize("prefix", [WELL_KNOWN, LOCAL, OWN])
def test_a_genuine_answer_is_vouched_for_where_nothing_connects(prefix: str) -> None:
    """The translator is broken: IPv6 works nowhere else, so nobody is accused."""
    line = on_v6_only(
        prefix, encrypted=None, tcp=dict.fromkeys(wrapped(prefix, *GENUINE), "network_unreachable")
    )
    assert not judge_line(line.to_line()).state.accuses


@pytest.mark.parametrize("prefix", [WELL_KNOWN, LOCAL])
def test_a_wrapped_private_answer_is_a_bogon(prefix: str) -> None:
    verdict = judge_line(on_v6_only(prefix, system=Lookup(wrapped(prefix, "10.10.34.34"))).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("dns.injection.bogon",))


def test_a_wrapped_private_answer_is_found_in_a_prefix_of_the_networks_own() -> None:
    """The prefix shows by another answer, that of the name which exists for this (RFC 7050)."""
    wire = decode_untrusted(on_v6_only(OWN, system=Lookup(wrapped(OWN, "10.10.34.34"))).to_line())
    keys = wire.test_keys
    assert keys is not None
    assert keys.queries is not None
    answers = [w.DnsAnswer(answer_type="AAAA", ipv6=ip) for ip in wrapped(OWN, "192.0.0.170", "192.0.0.171")]
    shown = msgspec.structs.replace(keys.queries[0], hostname="ipv4only.arpa", answers=answers)
    keys = msgspec.structs.replace(keys, queries=[*keys.queries, shown])
    verdict = judge_line(encode(msgspec.structs.replace(wire, test_keys=keys)))
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("dns.injection.bogon",))


@pytest.mark.parametrize("prefix", [WELL_KNOWN, LOCAL])
def test_a_forged_answer_is_found_inside_its_wrapping(prefix: str) -> None:
    false = wrapped(prefix, FORGED)[0]
    helper = Helper(wrong=(FORGED,), addresses=(*GENUINE,))
    scenario = on_v6_only(prefix, system=Lookup((false,)), tls={false: "ssl_invalid_hostname"}, helper=helper)
    verdict = judge_line(scenario.to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.injection.other",))


@pytest.mark.parametrize("prefix", [WELL_KNOWN, LOCAL, OWN])
def test_a_cut_at_a_translated_address_is_held_against_the_network(prefix: str) -> None:
    """The control's handshake was at the address inside: the same server."""
    scenario = on_v6_only(prefix, tls={"*": "connection_reset"}, helper=Helper())
    verdict = judge_line(scenario.to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("tls.reset",))
