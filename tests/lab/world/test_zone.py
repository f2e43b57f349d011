"""What names resolve to: for everybody the same, unless a site says otherwise."""

from datetime import UTC, datetime
from ipaddress import ip_address

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.lab.world.file import load_world, parse_world
from banwatch.lab.world.zone import ROTATION_S, Zone, fit_datagram
from tests.lab.world.test_file import WORLD_TEXT

CLIENT, RESOLVER = ip_address("175.45.177.10"), ip_address("8.8.8.8")


@pytest.fixture(scope="module")
def zone() -> Zone:
    return Zone(load_world())


def _ask(zone: Zone, name: str, kind: str = "A", at_s: float = 0.0) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    wire = zone.answer_untrusted(query.to_wire(), CLIENT, RESOLVER, at_s)
    assert wire is not None
    answer = dns.message.from_wire(wire)
    assert answer.id == query.id
    assert query.is_response(answer)
    return answer


def _addresses(answer: dns.message.Message) -> list[str]:
    return [record.to_text() for rrset in answer.answer for record in rrset]


def test_a_name_and_its_alias(zone: Zone):
    assert _addresses(_ask(zone, "www.youtube.com")) == ["142.250.74.78"]
    assert _addresses(_ask(zone, "youtube.com")) == ["142.250.74.78"]
    assert _addresses(_ask(zone, "WWW.YouTube.COM")) == ["142.250.74.78"]


def test_the_second_asker_gets_the_same_with_an_id_of_its_own(zone: Zone):
    assert _addresses(_ask(zone, "www.facebook.com")) == _addresses(_ask(zone, "www.facebook.com"))


def test_no_address_of_that_kind_is_no_error(zone: Zone):
    answer = _ask(zone, "www.youtube.com", "AAAA")
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.answer == []
    assert answer.authority
    assert _addresses(_ask(zone, "www.google.com", "AAAA")) == ["2a00:1450:400f:80d::2004"]


@pytest.mark.parametrize("kind", ["A", "AAAA", "HTTPS", "TXT"])
def test_no_such_name(zone: Zone, kind: str):
    assert _ask(zone, "no-such-name.example", kind).rcode() == dns.rcode.NXDOMAIN


def test_a_parent_of_names_exists(zone: Zone):
    assert _ask(zone, "badssl.com").rcode() == dns.rcode.NOERROR


def test_rotation_moves_with_time_and_repeats(zone: Zone):
    seen = [tuple(_addresses(_ask(zone, "www.cnn.com", at_s=ROTATION_S * i))) for i in range(40)]
    assert {len(some) for some in seen} == {2}
    assert len(set(seen)) > 2
    again = [tuple(_addresses(_ask(zone, "www.cnn.com", at_s=ROTATION_S * i + 1.0))) for i in range(40)]
    assert again == seen


def test_https_records_are_for_sites_with_http3():
    zone = Zone(parse_world(WORLD_TEXT + '    alpn: [h3, h2, "http/1.1"]\n'))
    answer = _ask(zone, "www.example.com", "HTTPS")
    assert _addresses(answer) == ['1 . alpn="h3,h2"']


def test_geo_answers_by_the_client_s_country():
    text = WORLD_TEXT + "    geo: {KP: [175.45.176.80]}\ncountries: {KP: [175.45.176.0/22]}\n"
    zone = Zone(parse_world(text))
    assert _addresses(_ask(zone, "www.example.com")) == ["175.45.176.80"]
    query = dns.message.make_query("www.example.com", "A").to_wire()
    abroad = zone.answer_untrusted(query, ip_address("8.8.4.4"), RESOLVER, 0.0)
    assert abroad is not None
    assert _addresses(dns.message.from_wire(abroad)) == ["23.220.75.232"]


def test_a_long_answer_is_cut_for_a_small_datagram():
    addresses = ", ".join(f"23.192.0.{i}" for i in range(60))
    zone = Zone(parse_world(WORLD_TEXT.replace("23.220.75.232", addresses)))
    query = dns.message.make_query("www.example.com", "A").to_wire()
    answer = zone.answer_untrusted(query, CLIENT, RESOLVER, 0.0)
    assert answer is not None
    short = dns.message.from_wire(fit_datagram(query, answer))
    assert short.flags & dns.flags.TC
    assert short.answer == []
    roomy = dns.message.make_query("www.example.com", "A", use_edns=0, payload=1232).to_wire()
    answer = zone.answer_untrusted(roomy, CLIENT, RESOLVER, 0.0)
    assert answer is not None
    assert len(_addresses(dns.message.from_wire(fit_datagram(roomy, answer)))) == 60


@given(st.binary(max_size=100))
def test_garbage_is_answered_with_silence_or_dns(data: bytes):
    answer = Zone(parse_world(WORLD_TEXT)).answer_untrusted(data, CLIENT, RESOLVER, 0.0)
    assert answer is None or dns.message.from_wire(answer).id == int.from_bytes(data[:2], "big")


@given(st.binary(max_size=40), st.integers(0, 40))
def test_a_damaged_query_is_answered_with_silence_or_dns(noise: bytes, at: int):
    query = bytearray(dns.message.make_query("www.example.com", "A").to_wire())
    query[at : at + len(noise)] = noise
    answer = Zone(parse_world(WORLD_TEXT)).answer_untrusted(bytes(query), CLIENT, RESOLVER, 0.0)
    assert answer is None or dns.message.from_wire(answer).id == int.from_bytes(query[:2], "big")


def test_a_site_moves():
    text = WORLD_TEXT + '    moves: [{at: "2016-04-02T00:00Z", addresses: [23.220.75.240, "2600:1406::1"]}]\n'
    zone = Zone(parse_world(text))
    moved_s = datetime(2016, 4, 2, tzinfo=UTC).timestamp()
    assert _addresses(_ask(zone, "www.example.com", at_s=moved_s - 1)) == ["23.220.75.232"]
    assert _addresses(_ask(zone, "www.example.com", at_s=moved_s)) == ["23.220.75.240"]
    assert _addresses(_ask(zone, "www.example.com", "AAAA", at_s=moved_s)) == ["2600:1406::1"]
    assert _addresses(_ask(zone, "www.example.com", at_s=moved_s - 1)) == ["23.220.75.232"]
