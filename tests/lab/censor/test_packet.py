"""Our headers against scapy's, an independent codec; fragments; and mutated packets, which never harm."""

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, fragment6
from scapy.packet import Raw

from banwatch.lab.censor.action import PASS, Direction, Forward
from banwatch.lab.censor.packet import (
    ACK,
    PSH,
    icmp_error,
    read_packet_untrusted,
    readdressed,
    tcp_packet,
    transport_checksum_holds,
    udp_packet,
)
from banwatch.model.errors import WireError
from tests.lab.censor_kit import (
    CLIENT,
    CLIENT6,
    NOON,
    SITE,
    SITE6,
    censor_of,
    client_hello,
    dns_query,
    outcome,
)

RULES = """
- id: dns
  placement: on-path
  match: {dns: {names: [blocked.example]}}
  action: {forge_dns: {a: [31.13.94.0/24]}}
  mechanism: dns.injection.other
- id: tls
  match: {tls: {sni: [blocked.example]}}
  action: reset
  mechanism: tls.reset.sni
- id: page
  match: {http: {host: [blocked.example]}}
  action: {http_page: {body: no}}
  mechanism: http.blockpage
- id: quic
  match: {quic: {versions: [1]}}
  action: drop
  mechanism: quic.timeout
- id: policed
  match: {port: 8443}
  action: {throttle: {kbit_s: 130}}
  mechanism: tls.throttle.sni
- id: unreachable
  match: {to: [198.51.44.0/24]}
  action: {icmp: {code: 1}}
  mechanism: ip.unreachable
"""
PAIRS = [(CLIENT, SITE), (CLIENT6, SITE6)]


def _ip(source: str, destination: str, **fields: object) -> object:
    return (IPv6 if ":" in source else IP)(src=source, dst=destination, **fields)


@pytest.mark.parametrize(("source", "destination"), PAIRS)
@pytest.mark.parametrize("payload", [b"", b"x", b"four", b"\xff" * 1_400])
def test_forged_packets_are_what_scapy_would_have_built(
    source: str, destination: str, payload: bytes
) -> None:
    a, b = ip_address(source).packed, ip_address(destination).packed
    limit = {"hlim": 33} if ":" in source else {"ttl": 33, "flags": "DF", "id": 0}
    expected = _ip(source, destination, **limit) / TCP(
        sport=1, dport=2, seq=2**32 - 1, ack=7, flags="PA", window=65_535
    )
    built = tcp_packet(a, b, 1, 2, seq=-1, ack=7, flags=PSH | ACK, payload=payload, ttl=33)
    assert built == bytes(expected / Raw(payload))
    expected = _ip(source, destination, **limit) / UDP(sport=53, dport=2) / Raw(payload)
    assert udp_packet(a, b, 53, 2, payload, ttl=33) == bytes(expected)


@pytest.mark.parametrize(("source", "destination"), PAIRS)
def test_icmp_errors_are_understood_by_scapy(source: str, destination: str) -> None:
    original = bytes(_ip(source, destination) / TCP(sport=5, dport=443) / Raw(b"x" * 100))
    packet = read_packet_untrusted(original)
    error = icmp_error(packet.destination, packet, 3 if packet.version == 4 else 1, 1)
    read = (IP if packet.version == 4 else IPv6)(error)
    if packet.version == 4:
        layer, stated = read[ICMP], read[ICMP].chksum
        del layer.chksum
        assert IP(bytes(read))[ICMP].chksum == stated
    else:
        layer, stated = read[ICMPv6DestUnreach], read[ICMPv6DestUnreach].cksum
        del layer.cksum
        assert IPv6(bytes(read))[ICMPv6DestUnreach].cksum == stated
    assert (layer.type, layer.code) == ((3, 1) if packet.version == 4 else (1, 1))
    quoted = bytes(layer.payload)
    assert len(quoted) >= packet.network_end + 8  # enough to tell whose packet it was
    assert original.startswith(quoted)


@pytest.mark.parametrize(("source", "destination"), PAIRS)
def test_reading_agrees_with_scapy(source: str, destination: str) -> None:
    ip = _ip(source, destination)
    if ":" in source:
        ip /= IPv6ExtHdrDestOpt(options=[])
    options = [("MSS", 1_460), ("Timestamp", (1, 2))]
    data = bytes(ip / TCP(sport=5, dport=443, seq=9, ack=8, flags="S", options=options) / Raw(b"hi"))
    packet = read_packet_untrusted(data + b"padding")
    assert (packet.source_port, packet.destination_port, packet.seq, packet.ack) == (5, 443, 9, 8)
    assert (packet.flags, packet.payload) == (2, b"hi")
    assert transport_checksum_holds(packet)
    assert not transport_checksum_holds(read_packet_untrusted(data[:-1] + b"?"))


@pytest.mark.parametrize(("source", "destination"), PAIRS)
@pytest.mark.parametrize("layer", [TCP(sport=5, dport=443), UDP(sport=5, dport=443)])
def test_a_readdressed_packet_has_right_checksums(source: str, destination: str, layer: TCP | UDP) -> None:
    other = "2a04:4e42::164" if ":" in source else "151.101.1.164"
    packet = read_packet_untrusted(bytes(_ip(source, destination) / layer / Raw(b"odd")))
    moved = readdressed(packet, destination=ip_address(other).packed, destination_port=8_443)
    expected = _ip(source, other) / layer / Raw(b"odd")
    expected.dport = 8_443
    assert moved == bytes(expected)


@pytest.mark.parametrize(("source", "destination"), PAIRS)
def test_a_fragmented_question_is_put_together_and_passes_as_it_came(source: str, destination: str) -> None:
    def pieces_of(name: str) -> list[bytes]:
        query = UDP(sport=5, dport=53) / Raw(dns_query(name) + bytes(300))
        if ":" in source:
            whole = IPv6(src=source, dst=destination) / IPv6ExtHdrFragment(id=7) / query
            return [bytes(piece) for piece in fragment6(whole, 200)]
        return [bytes(piece) for piece in fragment(IP(src=source, dst=destination, id=7) / query, 104)]

    blocked, twin = pieces_of("www.blocked.example"), pieces_of("www.innocent.example")
    assert len(blocked) > 2
    for order in (blocked, blocked[::-1]):
        censor = censor_of(RULES)
        results = [censor.handle_packet(piece, Direction.OUTBOUND, NOON) for piece in order]
        assert [outcome(r) for r in results] == ["drop"] * (len(order) - 1) + ["pass+1"]
        assert [a.packet for a in results[-1] if isinstance(a, Forward)] == blocked
    censor = censor_of(RULES)
    passed = [a for piece in twin for a in censor.handle_packet(piece, Direction.OUTBOUND, NOON)]
    assert [a.packet for a in passed if isinstance(a, Forward)] == twin
    blind = censor_of(RULES, extra="parsing: {fragments: false}\n")
    assert all(blind.handle_packet(piece, Direction.OUTBOUND, NOON) is PASS for piece in blocked[1:])


SEEDS = [
    bytes(_ip(source, destination) / layer)
    for source, destination in PAIRS
    for layer in (
        UDP(sport=5, dport=53) / Raw(dns_query("www.blocked.example")),
        TCP(sport=5, dport=443, seq=1, ack=1, flags="PA") / Raw(client_hello("www.blocked.example")),
        TCP(sport=5, dport=80, seq=1, ack=1, flags="PA")
        / Raw(b"GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n"),
        TCP(sport=5, dport=8443, seq=1, ack=1, flags="PA", options=[("MSS", 1_460)]) / Raw(b"x" * 50),
        UDP(sport=5, dport=443) / Raw(b"\xc3\0\0\0\1\x08" + b"i" * 8 + b"\0\0\x41\0" + bytes(256)),
        TCP(sport=5, dport=443, flags="S", seq=0),
    )
]
SEEDS += [bytes(piece) for piece in fragment(IP(src=CLIENT, dst=SITE, id=3) / UDP() / Raw(bytes(90)), 40)]
_mutation = st.tuples(
    st.sampled_from(["flip", "cut", "insert"]), st.floats(0, 1), st.binary(min_size=1, max_size=4)
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SEEDS), st.lists(_mutation, max_size=4), st.booleans(), st.floats(-10, 400)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_mutated_packets_are_forwarded_or_dropped_and_nothing_else(
    steps: list[tuple[bytes, list[tuple[str, float, bytes]], bool, float]],
) -> None:
    censor = censor_of(RULES)
    for seed, mutations, inbound, later_s in steps:
        data = bytearray(seed)
        for kind, place, value in mutations:
            at = int(place * len(data))
            if kind == "flip":
                data[at : at + len(value)] = value
            elif kind == "cut":
                del data[at:]
            else:
                data[at:at] = value
        packet, direction = bytes(data), Direction(int(inbound))
        actions = censor.handle_packet(packet, direction, NOON + later_s)
        forwarded = [action for action in actions if isinstance(action, Forward)]
        assert all(
            not action.packet or action.packet in SEEDS or action.packet == packet for action in forwarded
        ) or (
            len(forwarded) > 1  # the fragments of a datagram, as they came
        )
        for action in actions:
            if not isinstance(action, Forward):
                read_packet_untrusted(action.packet)  # whatever is forged is a packet
    censor.end_idle_flows(NOON)
    censor.end_all_flows()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        packet = read_packet_untrusted(data)
    except WireError:
        return
    assert packet.network_end <= packet.payload_start <= packet.end + 60
    assert packet.end <= len(data)
