"""Traits of real devices: spared names, packets without options, resets with payload, forged aliases."""

import dns.message
import dns.rdatatype
import pytest

from banwatch.lab.censor.action import Direction
from banwatch.lab.censor.packet import RST, tcp_packet
from banwatch.model.errors import BanwatchError
from tests.lab.censor_kit import (
    NOON,
    Talk,
    ask,
    censor_of,
    client_hello,
    dns_query,
    injected,
    outcome,
    regime_of,
)

SPARED = """
- {id: all-but, match: {tls: {sni: {except: [good.example, {}]}}}, action: reset, mechanism: tls.reset.sni}
"""


def sni_outcome(rules: str, name: str) -> str:
    return outcome(Talk(censor_of(rules)).open().out(client_hello(name)))


def test_every_name_except_these() -> None:
    rules = SPARED.replace(", {}", "")
    assert sni_outcome(rules, "www.good.example") == "pass"
    assert sni_outcome(rules, "bad.example") != "pass"


def test_a_list_except_some_of_it() -> None:
    rules = SPARED.replace("{except: [good.example, {}]}", "{suffix: [example], except: [good.example]}")
    assert sni_outcome(rules, "good.example") == "pass"
    assert sni_outcome(rules, "bad.example") != "pass"
    assert sni_outcome(rules, "bad.test") == "pass"


def test_names_of_questions_too() -> None:
    rule = "- {id: d, match: {dns: {names: {except: [kp]}}}, action: drop, mechanism: dns.timeout}\n"
    assert outcome(ask(censor_of(rule), dns_query("rodong.rep.kp"))) == "pass"
    assert outcome(ask(censor_of(rule), dns_query("www.example"))) == "drop"


HENAN = """
- id: henan
  match: {tcp_header_bytes: [20], tls: {sni: [bad.example]}}
  action: {reset: {to: client, payload: "01 02 03 04 05 06 07 08 09 0a"}}
  mechanism: tls.reset.sni
  placement: on-path
"""


def test_a_reset_carries_bytes() -> None:
    """As Henan's firewall does (Wu et al. 2025)."""
    actions = Talk(censor_of(HENAN)).open().out(client_hello("bad.example"))
    (reset,) = injected(actions, Direction.INBOUND)
    assert (bool(reset.flags & RST), reset.payload) == (True, bytes(range(1, 11)))


def test_a_packet_with_options_is_not_looked_at() -> None:
    censor = censor_of(HENAN)
    talk = Talk(censor).open()
    plain = talk.out(client_hello("bad.example"))
    assert injected(plain, Direction.INBOUND)
    other = Talk(censor, sport=7_001).open()
    hello = client_hello("bad.example")
    bare = tcp_packet(
        other._client, other._site, 7_001, 443, seq=other.seq, ack=other.ack, flags=0x18, payload=hello
    )
    with_options = _with_timestamps(bare)
    assert injected(censor.handle_packet(with_options, Direction.OUTBOUND, NOON), Direction.INBOUND) == []


def _with_timestamps(packet: bytes) -> bytes:
    """Put the option of timestamps, 12 bytes, into the TCP header of an IPv4 packet."""
    from banwatch.lab.censor.packet import checksum

    option = bytes.fromhex("0101080a0000000100000002")
    total = len(packet) + len(option)
    head = packet[:2] + total.to_bytes(2, "big") + packet[4:10] + b"\0\0" + packet[12:20]
    head = head[:10] + checksum(head).to_bytes(2, "big") + head[12:]
    tcp = bytearray(packet[20:40] + option + packet[40:])
    tcp[12] = 8 << 4
    tcp[16:18] = b"\0\0"
    pseudo = head[12:20] + bytes((0, 6)) + len(tcp).to_bytes(2, "big")
    tcp[16:18] = checksum(pseudo + bytes(tcp)).to_bytes(2, "big")
    return head + bytes(tcp)


def test_a_forged_alias() -> None:
    rule = (
        "- {id: alias, match: {dns: {names: [bad.example]}}, mechanism: dns.injection.other, "
        "action: {forge_dns: {cname: block.provider.example, a: [198.51.100.7]}}}\n"
    )
    (reply,) = injected(ask(censor_of(rule), dns_query("www.bad.example")), Direction.INBOUND)
    message = dns.message.from_wire(reply.payload)
    alias, address = message.answer
    assert (alias.rdtype, str(alias[0])) == (dns.rdatatype.CNAME, "block.provider.example.")
    assert (str(address.name), str(address[0])) == ("block.provider.example.", "198.51.100.7")


DIVERTED = "- {id: r, match: {%s}, action: {divert: {to: 104.154.89.105}}, mechanism: tls.mitm}\n"


@pytest.mark.parametrize(
    "match", ["tls: {sni: [a.b]}", "http: {host: [a.b]}", "bytes: {patterns: ['16 03']}", "unlike: [tls]"]
)
def test_a_diversion_in_the_middle_of_a_connection_is_refused(match: str) -> None:
    rule = (
        f"- {{id: r, match: {{{match}}}, action: {{divert: {{to: 104.154.89.105}}}}, mechanism: tls.mitm}}\n"
    )
    with pytest.raises(BanwatchError, match="divert"):
        regime_of(rule)


@pytest.mark.parametrize(
    "match",
    ["to: [142.250.74.78]", "dns: {names: [a.b]}", "quic: {sni: [a.b]}", "protocol: udp, unlike: [dns]"],
)
def test_a_diversion_from_the_first_packet_on_is_taken(match: str) -> None:
    rule = (
        f"- {{id: r, match: {{{match}}}, action: {{divert: {{to: 104.154.89.105}}}}, mechanism: tls.mitm}}\n"
    )
    assert regime_of(rule).rules
