"""What the censor does about a server name: reset, drop, alert, and what it needs to see for that."""

from ipaddress import ip_address
from itertools import pairwise

import pytest

from banwatch.lab.censor.action import PASS, Direction
from banwatch.lab.censor.packet import ACK, FIN, RST, SYN, tcp_packet
from tests.lab.censor_kit import (
    CLIENT,
    NOON,
    SITE,
    SITE6,
    Talk,
    censor_of,
    client_hello,
    injected,
    outcome,
    truths,
)

RESET = """
- id: sni-reset
  match: {tls: {sni: [blocked.example]}}
  action: reset
  mechanism: tls.reset.sni
"""
DROP = RESET.replace("action: reset", "action: drop").replace("tls.reset.sni", "tls.timeout.sni")


@pytest.mark.parametrize("site", [SITE, SITE6])
def test_a_blocked_name_is_reset_on_both_sides_and_its_twin_is_not(site: str) -> None:
    censor = censor_of(RESET)
    blocked = Talk(censor, site=site, sport=1).open()
    twin = Talk(censor, site=site, sport=2).open()
    hello = client_hello("www.blocked.example")
    assert twin.out(client_hello("www.innocent.example")) is PASS
    actions = blocked.out(hello)
    assert outcome(actions) == "drop+2"
    assert twin.back(b"server hello") is PASS
    (to_client,) = injected(actions, Direction.INBOUND)
    (to_server,) = injected(actions, Direction.OUTBOUND)
    assert to_client.flags == RST | ACK
    assert to_client.seq == blocked.ack  # what the client expects: else it would only be challenged
    assert to_client.ack == blocked.seq
    assert to_client.ttl == 64  # mirrored from the client's packet
    assert to_server.flags == RST | ACK
    assert to_server.seq == blocked.seq - len(hello)  # the hello itself was never delivered
    assert outcome(blocked.back(b"too late")) == "drop"
    first, second = truths(censor)
    assert (first.rule, first.mechanism, first.names) == (
        "sni-reset",
        "tls.reset.sni",
        (("sni", "www.blocked.example"),),
    )
    assert (first.dropped, first.injected, first.real_answer_passed) == (2, 2, False)
    assert (second.rule, second.names) == (None, (("sni", "www.innocent.example"),))
    assert (second.dropped, second.injected, second.real_answer_passed) == (0, 0, True)


def test_a_retransmitted_hello_is_reset_again() -> None:
    talk = Talk(censor_of(RESET)).open()
    hello = client_hello("blocked.example")
    start = talk.seq
    assert outcome(talk.out(hello)) == "drop+2"
    assert outcome(talk.out(hello, at=start)) == "drop+2"
    assert outcome(talk.out()) == "drop"  # a bare ACK is not answered


def test_dropping_swallows_both_directions_from_the_hello_on() -> None:
    censor = censor_of(DROP)
    talk = Talk(censor).open()
    start = talk.seq
    hello = client_hello("blocked.example")
    assert [outcome(talk.out(hello)), outcome(talk.out(hello, at=start)), outcome(talk.back(b"x"))] == [
        "drop"
    ] * 3
    assert truths(censor)[0].dropped == 3


def test_some_packets_may_pass_before_dropping_begins() -> None:
    talk = Talk(censor_of(DROP.replace("action: drop", "action: {drop: {after_packets: 3}}"))).open()
    assert outcome(talk.out(client_hello("blocked.example"))) == "pass"
    assert [outcome(talk.back(b"x" * 100)) for _ in range(4)] == ["pass", "pass", "drop", "drop"]


def test_on_path_only_adds() -> None:
    censor = censor_of(RESET + "  placement: on-path\n")
    talk = Talk(censor).open()
    actions = talk.out(client_hello("blocked.example"))
    assert outcome(actions) == "pass+2"
    (to_server,) = injected(actions, Direction.OUTBOUND)
    assert to_server.seq == talk.seq  # the hello is there already
    assert talk.back(b"the real answer") is PASS
    assert truths(censor)[0].real_answer_passed


def test_resets_have_the_shape_that_the_rule_says() -> None:
    shape = "{reset: {to: client, ack: false, offsets: [0, 1460, 4380], ttl: 97}}"
    talk = Talk(censor_of(RESET.replace("action: reset", f"action: {shape}"))).open()
    made = injected(talk.out(client_hello("blocked.example")), Direction.INBOUND)
    assert [packet.seq - talk.ack for packet in made] == [0, 1460, 4380]
    assert {(packet.flags, packet.ttl) for packet in made} == {(RST, 97)}


HELLO = client_hello("www.blocked.example", padding=1_700)


@pytest.mark.parametrize("cut", [1, 5, 6, 100, 1_460, len(HELLO) - 1])
def test_a_split_hello_is_put_together(cut: int) -> None:
    talk = Talk(censor_of(RESET)).open()
    assert outcome(talk.out(HELLO[:cut])) == "pass"
    assert outcome(talk.out(HELLO[cut:])) == "drop+2"


def test_reordered_and_repeated_segments_are_put_together() -> None:
    talk = Talk(censor_of(RESET)).open()
    start = talk.seq
    assert outcome(talk.out(HELLO[1_000:], at=start + 1_000)) == "pass"
    assert outcome(talk.out(HELLO[1_000:], at=start + 1_000)) == "pass"
    assert outcome(talk.out(HELLO[:600], at=start)) == "pass"
    assert outcome(talk.out(HELLO[500:1_000], at=start + 500)) == "drop+2"


def test_sequence_numbers_may_wrap() -> None:
    talk = Talk(censor_of(RESET))
    talk.seq = 2**32 - 300
    talk.open()
    assert outcome(talk.out(HELLO[:1_000])) == "pass"
    assert outcome(talk.out(HELLO[1_000:])) == "drop+2"


@pytest.mark.parametrize(
    ("able", "hits"),
    [("none", [True, False, False]), ("2", [True, True, False]), ("full", [True, True, True])],
)
def test_a_censor_sees_only_as_many_segments_as_it_can_put_together(able: str, hits: list[bool]) -> None:
    found = []
    for cuts in ((), (1_000,), (600, 1_200)):
        talk = Talk(censor_of(RESET + f"  reassembly: {able}\n")).open()
        edges = (0, *cuts, len(HELLO))
        results = [outcome(talk.out(HELLO[a:b])) for a, b in pairwise(edges)]
        found.append(results[-1] == "drop+2")
    assert found == hits


def test_records_may_split_the_hello_too() -> None:
    inner = HELLO[5:]
    records = b"".join(b"\x16\x03\x01" + len(p).to_bytes(2, "big") + p for p in (inner[:40], inner[40:]))
    talk = Talk(censor_of(RESET)).open()
    assert outcome(talk.out(records)) == "drop+2"


@pytest.mark.parametrize(("extra", "expected"), [("", "pass"), ("parsing: {checksums: false}\n", "drop+2")])
def test_a_segment_with_a_wrong_checksum_is_nobodys(extra: str, expected: str) -> None:
    censor = censor_of(RESET, extra=extra)
    hello = client_hello("blocked.example")
    source, destination = ip_address(CLIENT).packed, ip_address(SITE).packed
    data = bytearray(tcp_packet(source, destination, 1, 443, seq=1, ack=1, flags=ACK, payload=hello))
    data[36] ^= 0xFF
    assert outcome(censor.handle_packet(bytes(data), Direction.OUTBOUND, NOON)) == expected


def test_ech_and_alpn_are_conditions_too() -> None:
    rule = RESET.replace("{sni: [blocked.example]}", "{sni: [cover.example], ech: true}")
    assert outcome(Talk(censor_of(rule)).open().out(client_hello("cover.example"))) == "pass"
    assert outcome(Talk(censor_of(rule)).open().out(client_hello("cover.example", ech=True))) == "drop+2"
    rule = RESET.replace("{sni: [blocked.example]}", "{alpn: [h2]}")
    assert outcome(Talk(censor_of(rule)).open().out(client_hello("a.example", alpn=b"http/1.1"))) == "pass"
    assert outcome(Talk(censor_of(rule)).open().out(client_hello("a.example", alpn=b"h2"))) == "drop+2"


def test_an_alert_ends_the_handshake() -> None:
    talk = Talk(censor_of(RESET.replace("action: reset", "action: {tls_alert: {description: 112}}"))).open()
    actions = talk.out(client_hello("blocked.example"))
    (alert,) = injected(actions, Direction.INBOUND)
    assert (alert.payload, alert.flags & FIN) == (b"\x15\x03\x03\x00\x02\x02\x70", FIN)
    assert (alert.seq, alert.ack) == (talk.ack, talk.seq)
    (reset,) = injected(actions, Direction.OUTBOUND)
    assert reset.flags & RST
    (end,) = injected(talk.out(flags=FIN | ACK), Direction.INBOUND)
    assert end.flags == RST  # so that the client does not wait for the acknowledgement of its FIN


def test_a_new_connection_on_the_same_ports_is_another_flow() -> None:
    censor = censor_of(RESET)
    talk = Talk(censor).open()
    talk.out(client_hello("blocked.example"))
    talk.seq = 900_000
    assert talk.out(flags=SYN) is PASS
    assert talk.back(flags=SYN | ACK) is PASS
    assert talk.out(client_hello("innocent.example")) is PASS
    assert [line.rule for line in truths(censor)] == ["sni-reset", None]
