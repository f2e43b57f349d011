"""Where, when and how often a rule holds; pages, residuals, rates, diversions."""

from datetime import UTC, datetime, timedelta

import pytest

from banwatch.lab.censor.action import PASS, Direction, Forward
from banwatch.lab.censor.packet import ACK, FIN, RST, SYN, read_packet_untrusted, udp_packet
from banwatch.lab.regime.regime_file import load_regime
from tests.lab.censor_kit import (
    NOON,
    SITE,
    Talk,
    ask,
    censor_of,
    client_hello,
    dns_query,
    injected,
    outcome,
    truths,
)

BLACKHOLE = """
- id: blackhole
  match: {to: [142.250.0.0/16, "2a00:1450::/32"]}
  action: drop
  mechanism: tcp.timeout
"""
PAGE = """
- id: page
  match: {http: {host: [blocked.example]}}
  action: {http_page: {status: 302, headers: {Location: "http://warning.example/"}, body: no}}
  mechanism: http.redirect
"""
REQUEST = b"GET / HTTP/1.1\r\nHost: www.blocked.example\r\n\r\n"


def test_an_address_is_swallowed_from_the_first_packet_on_and_its_neighbour_is_not() -> None:
    censor = censor_of(BLACKHOLE)
    blocked, twin = Talk(censor, sport=1), Talk(censor, site="151.101.1.164", sport=2)
    assert outcome(blocked.out(flags=SYN)) == "drop"
    assert outcome(twin.out(flags=SYN)) == "pass"
    assert outcome(blocked.out(flags=SYN, at=1_000)) == "drop"
    assert outcome(ask(censor, dns_query("x.example"), resolver=SITE)) == "drop"
    assert [(t.proto, t.rule, t.dropped, t.names) for t in truths(censor)] == [
        ("tcp", "blackhole", 2, ()),
        ("tcp", None, 0, ()),
        ("udp", "blackhole", 1, (("qname", "x.example"),)),
    ]


def test_a_port_and_protocol_narrow_it() -> None:
    rule = BLACKHOLE.replace("match: {", "match: {protocol: udp, port: 443, ")
    censor = censor_of(rule)
    assert Talk(censor).open()
    data = udp_packet(b"\xaf\x2d\xb1\x0a", bytes((142, 250, 74, 78)), 5_000, 443, b"\xc0quic?")
    assert outcome(censor.handle_packet(data, Direction.OUTBOUND, NOON)) == "drop"


def test_refusing_a_syn_looks_like_a_closed_port() -> None:
    talk = Talk(censor_of(BLACKHOLE.replace("action: drop", "action: reset")))
    actions = talk.out(flags=SYN)
    assert outcome(actions) == "drop+1"  # the server never hears of it
    (reset,) = injected(actions, Direction.INBOUND)
    assert (reset.flags, reset.seq, reset.ack) == (RST | ACK, 0, 1_001)


@pytest.mark.parametrize("site", [SITE, "2a00:1450:400f:80c::200e"])
def test_unreachable_quotes_the_packet(site: str) -> None:
    talk = Talk(censor_of(BLACKHOLE.replace("action: drop", "action: {icmp: {code: 13}}")), site=site)
    (error,) = injected(talk.out(flags=SYN), Direction.INBOUND)
    kind, code = error.data[error.network_end : error.network_end + 2]
    assert (kind, code) == ((3, 13) if error.version == 4 else (1, 1))
    quoted = error.data[error.network_end + 8 :]
    assert len(quoted) >= 28
    assert quoted[: 20 if error.version == 4 else 40][-4:] == talk._site[-4:]


def test_an_intranet_reaches_only_itself() -> None:
    rule = BLACKHOLE.replace("match: {to: [142.250.0.0/16", "match: {outside: [175.45.176.0/22")
    censor = censor_of(rule)
    assert outcome(Talk(censor, sport=1).out(flags=SYN)) == "drop"
    assert outcome(Talk(censor, site="175.45.176.80", sport=2).out(flags=SYN)) == "pass"


def test_rules_follow_the_clock() -> None:
    rule = (
        BLACKHOLE + '  schedule: {begins: "2016-04-01T12:00Z", ends: "2016-04-02T00:00Z", hours: [18-20]}\n'
    )
    censor = censor_of(rule)
    at = datetime(2016, 3, 31, 19, 30, tzinfo=UTC)
    seen = []
    for step in range(8):
        moment = at + timedelta(hours=6 * step)
        for minutes, sport in ((0, 100), (40, 200)):
            talk = Talk(censor, sport=sport + step)
            talk.now_s = (moment + timedelta(minutes=minutes)).timestamp()
            seen.append((moment.day, moment.hour, minutes, outcome(talk.out(flags=SYN))))
    assert [entry[:3] for entry in seen if entry[3] == "drop"] == [(1, 19, 0)]


def test_a_flow_that_exists_meets_new_rules() -> None:
    censor = censor_of(BLACKHOLE + '  schedule: {begins: "2016-04-04T12:01Z"}\n')
    talk = Talk(censor).open()
    assert talk.out(client_hello("a.example")) is PASS
    assert talk.back(b"x") is PASS
    assert talk.out() is PASS
    talk.now_s += 61
    assert outcome(talk.out(b"more")) == "drop"


def test_chance_is_drawn_by_seed_and_can_be_one_draw_an_hour() -> None:
    rule = BLACKHOLE + "  probability: 0.5\n  per: hour\n"

    def play(seed: int) -> list[str]:
        censor = censor_of(rule, seed=seed)
        seen: list[str] = []
        for hour in range(24):
            outcomes = set()
            for flow in range(3):
                talk = Talk(censor, sport=100 * hour + flow + 1)
                talk.now_s = NOON + 3_600 * hour
                outcomes.add(outcome(talk.out(flags=SYN)))
            assert len(outcomes) == 1
            seen += outcomes
        return seen

    assert play(1) == play(1) != play(2)
    assert 4 <= play(1).count("drop") <= 20


def test_chance_by_flow_does_not_depend_on_ports() -> None:
    rule = BLACKHOLE + "  probability: 0.4\n"

    def play(first_port: int) -> list[str]:
        censor = censor_of(rule)
        return [outcome(Talk(censor, sport=first_port + n).out(flags=SYN)) for n in range(200)]

    assert play(1_000) == play(9_000)
    assert 50 <= play(1_000).count("drop") <= 110


def test_a_page_is_answered_in_the_sites_name() -> None:
    censor = censor_of(PAGE)
    talk, twin = Talk(censor, port=80, sport=1).open(), Talk(censor, port=80, sport=2).open()
    assert twin.out(REQUEST.replace(b"blocked", b"innocent")) is PASS
    actions = talk.out(REQUEST)
    (page,) = injected(actions, Direction.INBOUND)
    assert page.payload.startswith(b"HTTP/1.1 302 Found\r\nLocation: http://warning.example/\r\n")
    assert page.payload.endswith(b"\r\n\r\nno")
    assert page.flags & FIN
    assert outcome(talk.back(b"real")) == "drop"
    assert twin.back(b"real") is PASS
    assert [t.mechanism for t in truths(censor)] == ["http.redirect", None]


def test_a_long_page_is_cut_into_segments() -> None:
    talk = Talk(censor_of(PAGE.replace("body: no", f"body: {'x' * 5_000}")), port=80).open()
    made = injected(talk.out(REQUEST), Direction.INBOUND)
    assert max(len(packet.data) for packet in made) <= 1_500
    assert [packet.seq for packet in made] == [
        talk.ack + sum(len(p.payload) for p in made[:n]) for n in range(len(made))
    ]
    assert [bool(packet.flags & FIN) for packet in made] == [False] * (len(made) - 1) + [True]


def test_the_second_request_of_a_connection_is_read_too() -> None:
    talk = Talk(censor_of(PAGE), port=80).open()
    first = b"POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nGET "
    assert talk.out(first) is PASS
    assert talk.back(b"answer") is PASS
    assert outcome(talk.out(REQUEST)) == "drop+2"


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ("{path: [/secret]}", b"GET /a/secret HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("{keyword: [falun]}", b"GET /?q=falun HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("{host: {substring: [vpn]}}", b"GET / HTTP/1.1\r\nHost: myvpn.example:80\r\n\r\n"),
        ("{host: {wildcard: ['*.blocked.*']}}", b"GET / HTTP/1.1\r\nhost:www.blocked.org\r\n\r\n"),
        ("{host: {exact: [a.example]}}", b"GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n"),
    ],
)
def test_what_else_of_a_request_can_be_looked_for(match: str, hit: bytes) -> None:
    rule = PAGE.replace("{host: [blocked.example]}", match)
    assert outcome(Talk(censor_of(rule), port=80).open().out(hit)) == "drop+2"
    miss = b"GET /plain HTTP/1.1\r\nHost: www.innocent.example\r\n\r\n"
    assert Talk(censor_of(rule), port=80).open().out(miss) is PASS


RESIDUAL = """
- id: residual
  match: {tls: {sni: [blocked.example]}}
  action: reset
  mechanism: tls.reset.sni
  residual: {key: KEY, seconds: 90, action: drop}
"""


@pytest.mark.parametrize(
    ("key", "same", "other_port", "other_site"),
    [
        ("4-tuple", "pass", "pass", "pass"),
        ("3-tuple", "drop", "pass", "pass"),
        ("2-tuple", "drop", "drop", "pass"),
    ],
)
def test_residual_blocking_hits_the_innocent_for_a_while(
    key: str, same: str, other_port: str, other_site: str
) -> None:
    censor = censor_of(RESIDUAL.replace("KEY", key))
    assert outcome(Talk(censor, sport=1).open().out(client_hello("blocked.example"))) == "drop+2"

    def try_at(seconds: float, **where: object) -> str:
        talk = Talk(censor, **{"sport": 100 + int(seconds), **where})  # type: ignore[arg-type]  # its fields
        talk.now_s = NOON + seconds
        return outcome(talk.out(flags=SYN))

    assert try_at(50) == same
    assert try_at(51, port=8443) == other_port
    assert try_at(52, site="142.250.74.79") == other_site
    assert try_at(91) == "pass"


def test_an_on_path_residual_ends_connections_once_they_are_there() -> None:
    censor = censor_of(
        RESIDUAL.replace("KEY", "3-tuple").replace(
            "drop}", "reset, mechanism: tcp.reset}\n  placement: on-path"
        )
    )
    assert outcome(Talk(censor, sport=1).open().out(client_hello("blocked.example"))) == "pass+2"
    later = Talk(censor, sport=2)
    assert outcome(later.out(flags=SYN)) == "pass"  # a censor beside the path cannot withhold it
    assert outcome(later.back(flags=SYN | ACK)) == "pass"
    actions = later.out()
    assert outcome(actions) == "pass+2"
    (reset,) = injected(actions, Direction.INBOUND)
    assert (reset.seq, reset.flags) == (later.ack, RST | ACK)
    assert [t.mechanism for t in truths(censor)] == ["tls.reset.sni", "tcp.reset"]


def test_residual_blocking_can_begin_anew_with_every_attempt() -> None:
    for refresh, expected in (("true", "drop"), ("false", "pass")):
        censor = censor_of(
            RESIDUAL.replace("KEY", "3-tuple").replace("seconds: 90", f"seconds: 90, refresh: {refresh}")
        )
        Talk(censor, sport=1).open().out(client_hello("blocked.example"))
        for seconds, sport in ((60, 2), (120, 3)):
            talk = Talk(censor, sport=sport)
            talk.now_s = NOON + seconds
            last = outcome(talk.out(flags=SYN))
        assert last == expected


def test_policing_drops_what_exceeds_the_rate() -> None:
    rule = RESIDUAL.split("  residual")[0].replace(
        "action: reset", "action: {throttle: {kbit_s: 80, burst_bytes: 3000}}"
    )
    censor = censor_of(rule)
    talk = Talk(censor).open()
    assert outcome(talk.out(client_hello("blocked.example"))) == "pass"
    passed = 0
    for _ in range(200):  # 2 s at ten times the rate
        talk.now_s += 0.01
        passed += outcome(talk.back(b"x" * 960)) == "pass"
    assert 18_000 < passed * 1_000 < 26_000  # 10 kB/s for 2 s, and the burst
    assert truths(censor)[0].dropped == 200 - passed


def test_shaping_delays_what_exceeds_the_rate() -> None:
    rule = RESIDUAL.split("  residual")[0].replace(
        "action: reset", "action: {throttle: {kbit_s: 80, shaping: true}}"
    )
    talk = Talk(censor_of(rule)).open()
    talk.out(client_hello("blocked.example"))
    delays = []
    for _ in range(5):
        (action,) = talk.back(b"x" * 960)
        assert isinstance(action, Forward)
        delays.append(round(action.delay_s, 2))
    assert delays == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_freezing_lets_so_much_through() -> None:
    rule = RESIDUAL.split("  residual")[0].replace("action: reset", "action: {freeze: {after_bytes: 3000}}")
    talk = Talk(censor_of(rule)).open()
    talk.out(client_hello("blocked.example"))
    assert [outcome(talk.back(b"x" * 1_000)) for _ in range(5)] == ["pass"] * 3 + ["drop"] * 2
    assert outcome(talk.out()) == "drop"


def test_a_diverted_flow_comes_back_in_the_name_that_was_asked() -> None:
    censor = censor_of(
        """
- id: hijack
  match: {to: [8.8.8.8], protocol: [udp], port: 53}
  action: {divert: {to: 175.45.176.15}}
  mechanism: dns.injection.other
"""
    )
    (forward,) = ask(censor, dns_query("a.example"), sport=77)
    assert isinstance(forward, Forward)
    sent = read_packet_untrusted(forward.packet)
    assert sent.destination == bytes((175, 45, 176, 15))
    reply = udp_packet(sent.destination, sent.source, 53, 77, b"lie")
    (back,) = censor.handle_packet(reply, Direction.INBOUND, NOON)
    assert isinstance(back, Forward)
    received = read_packet_untrusted(back.packet)
    assert (received.source, received.source_port, received.payload) == (bytes((8, 8, 8, 8)), 53, b"lie")
    (line,) = truths(censor)
    assert (line.dst, line.rule) == ("8.8.8.8", "hijack")


ALLOW = """
- id: allow-list
  match: {protocol: tcp, port: [53, 80, 443], unlike: [dns, http, tls]}
  action: drop
  mechanism: tcp.timeout
"""


def test_a_protocol_allow_list_drops_what_it_does_not_know() -> None:
    censor = censor_of(ALLOW)
    assert outcome(Talk(censor, sport=1).open().out(b"SSH-2.0-OpenSSH\r\n")) == "drop"
    assert Talk(censor, sport=2).open().out(client_hello("a.example")) is PASS
    assert Talk(censor, sport=3).open().out(REQUEST) is PASS
    query = dns_query("a.example")
    assert Talk(censor, sport=4).open().out(len(query).to_bytes(2, "big") + query) is PASS
    assert Talk(censor, sport=5, port=22).open().out(b"SSH-2.0-OpenSSH\r\n") is PASS


def test_bytes_and_entropy_are_looked_for_in_the_first_packets() -> None:
    rule = ALLOW.replace("unlike: [dns, http, tls]", "bytes: {patterns: ['13 42 69'], first_packets: 2}")
    talk = Talk(censor_of(rule)).open()
    assert talk.out(b"first") is PASS
    assert outcome(talk.out(b"..\x13\x42\x69..")) == "drop"
    rule = ALLOW.replace("unlike: [dns, http, tls]", "bytes: {min_entropy: 7.5}")
    assert outcome(Talk(censor_of(rule), sport=1).open().out(bytes(range(256)) * 3)) == "drop"
    assert Talk(censor_of(rule), sport=2).open().out(b"SSH-2.0-OpenSSH\r\n") is PASS


def test_the_shutdown_of_a_regime_that_ships_lasts_a_day() -> None:
    regime = load_regime("dprk-2016")
    from banwatch.lab.censor.censor import Censor

    censor = Censor(regime, regime.tiers["visitor"])
    seen = []
    for hour in range(-2, 27):
        talk = Talk(censor, site="208.80.154.224", sport=1_000 + hour)
        talk.now_s = datetime(2016, 4, 8, tzinfo=UTC).timestamp() + 3_600 * hour
        seen.append(outcome(talk.out(flags=SYN)))
    assert seen == ["pass"] * 2 + ["drop"] * 24 + ["pass"] * 3
    assert {line.mechanism for line in truths(censor)} == {None, "network.shutdown"}


@pytest.mark.parametrize("placement", ["on-path", "in-path"])
def test_a_connection_may_be_let_stand_and_then_be_reset(placement: str) -> None:
    rule = BLACKHOLE.replace("action: drop", "action: {reset: {to: client, after_handshake: true}}")
    censor = censor_of(rule + f"  placement: {placement}\n")
    talk = Talk(censor)
    assert talk.out(flags=SYN) is PASS
    assert talk.back(flags=SYN | ACK) is PASS
    (reset,) = injected(talk.out(), Direction.INBOUND)
    assert reset.flags & RST
    twin = Talk(censor, site="151.101.1.164", sport=40_001).open()
    assert twin.out(b"hello") is PASS
