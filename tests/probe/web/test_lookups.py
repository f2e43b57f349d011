"""All ways of asking for names: what each writes down, and what it does where somebody stands in between."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import pytest

from banwatch.net.dns.resolv_conf import parse_resolv_conf
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from tests.net import servers
from tests.net.servers import ServerTls, dns_server
from tests.probe.scenes import FORGED, RESOLVER, SITE, Scene, measure, settings, site

OWN = "192.168.7.1"
ZONE = {"site.example": [SITE], "other.example": [SITE]}
ALL = {
    "tcp_resolvers": ("8.8.8.8:53",),
    "dot_resolvers": ("8.8.8.8:853",),
}


def tcp_resolver(zone: dict[str, list[str]], *, backwards: bool = False) -> Handler:
    """DNS over TCP; asked for two types at once it may answer the second first."""
    respond = dns_server(zone)

    async def serve(stream: MemoryStream) -> None:
        await serve_lengths(stream, respond, backwards)

    return serve


async def serve_lengths(stream: Any, respond: Any, backwards: bool) -> None:
    received = b""
    while data := await stream.read(65536):
        received += data
        replies = []
        while len(received) >= 2 and len(received) >= 2 + int.from_bytes(received[:2], "big"):
            end = 2 + int.from_bytes(received[:2], "big")
            [(_, reply)] = respond(received[2:end])
            replies.append(len(reply).to_bytes(2, "big") + reply)
            received = received[end:]
        await stream.write(b"".join(reversed(replies) if backwards else replies))


class DotResolver:
    """DNS over TLS; hangs up after so many questions."""

    def __init__(self, questions: int = 1000, name: str = "8.8.8.8") -> None:
        self.connections = 0
        self._questions = questions
        self._context = servers.make_context(name, alpn=("dot",))

    async def __call__(self, stream: MemoryStream) -> None:
        self.connections += 1
        tls = ServerTls(stream, self._context)
        await tls.handshake()
        respond = dns_server(ZONE)
        for _ in range(self._questions // 2):
            received = await tls.read(65536)
            if not received:
                return
            replies = b""
            while received:
                end = 2 + int.from_bytes(received[:2], "big")
                [(_, reply)] = respond(received[2:end])
                replies += len(reply).to_bytes(2, "big") + reply
                received = received[end:]
            await tls.write(replies)


def world(**changes: Any) -> MemoryNet:
    net = Scene(names={"site.example": (SITE,), "other.example": (SITE,)}).net()
    net.tcp = {**net.tcp, (SITE, 443): site("site.example", "other.example"), **changes.pop("tcp", {})}
    net.udp = {RESOLVER: dns_server(ZONE), **changes.pop("udp", {})}
    for name, value in changes.items():
        setattr(net, name, value)
    return net


def queries_of(measurement: dict[str, Any], engine: str) -> dict[str, dict[str, Any]]:
    queries = measurement["test_keys"]["queries"]
    return {one["query_type"]: one for one in queries if one["engine"] == engine}


@pytest.mark.parametrize("backwards", [False, True])
def test_tcp_and_tls_tell_the_same(tmp_path: Path, backwards: bool) -> None:
    net = world(
        tcp={
            ("8.8.8.8", 53): tcp_resolver(ZONE, backwards=backwards),
            ("8.8.8.8", 853): DotResolver(),
        }
    )
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path, **ALL))
    for engine, place in (("tcp", "8.8.8.8:53"), ("dot", "8.8.8.8:853")):
        found = queries_of(measurement, engine)
        assert set(found) == {"A", "AAAA"}
        assert found["A"]["answers"] == [{"answer_type": "A", "ipv4": SITE, "ttl": 300}]
        assert (found["A"]["failure"], found["A"]["rcode"]) == (None, 0)
        assert found["AAAA"]["failure"] == "dns_no_answer"
        assert {one["resolver_address"] for one in found.values()} == {place}
        assert all(0 <= one["t0"] <= one["t"] for one in found.values())


def test_a_connection_inside_tls_is_used_again_and_may_have_ended(tmp_path: Path) -> None:
    for questions, most in ((1000, 1), (2, 2)):
        dot = DotResolver(questions)
        net = world(tcp={("8.8.8.8", 853): dot})
        chosen = settings(tmp_path, dot_resolvers=("8.8.8.8:853",), parallelism=1)
        measurements = measure(net, ["https://site.example/", "https://other.example/"], chosen)
        assert dot.connections == most
        for measurement in measurements:
            assert queries_of(measurement, "dot")["A"]["failure"] is None


def test_resolvers_that_are_dropped_hold_nothing_up(tmp_path: Path) -> None:
    net = world()  # nothing listens at 53 and 853: silence
    begun = time.monotonic()
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path, **ALL))
    assert time.monotonic() - begun < 1.5
    for engine in ("tcp", "dot"):
        assert {one["failure"] for one in queries_of(measurement, engine).values()} == {
            "generic_timeout_error"
        }
    request = measurement["test_keys"]["requests"][0]
    dot = queries_of(measurement, "dot")["A"]
    assert request["t"] < dot["t"], "the page did not wait"
    assert request["failure"] is None


def test_connections_are_waited_for_where_nothing_else_answers(tmp_path: Path) -> None:
    net = world(
        names={"site.example": "dns_nxdomain_error"},
        tcp={("8.8.8.8", 853): DotResolver()},
        udp={RESOLVER: lambda data: []},
    )
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path, **ALL))
    assert measurement["test_keys"]["requests"][0]["failure"] is None


def test_a_resolver_with_a_certificate_that_is_no_good_is_not_believed(tmp_path: Path) -> None:
    net = world(tcp={("8.8.8.8", 853): DotResolver(name="1.1.1.1")})
    chosen = settings(tmp_path, dot_resolvers=("8.8.8.8:853",))
    [measurement] = measure(net, ["https://site.example/"], chosen)
    assert {q["failure"] for q in queries_of(measurement, "dot").values()} == {"ssl_invalid_hostname"}
    assert {q["answers"] for q in queries_of(measurement, "dot").values()} == {None}


@pytest.mark.parametrize(
    ("act", "failure"),
    [(servers.reset, "connection_reset"), (servers.hang_up, "eof_error")],
)
def test_questions_over_tcp_that_are_cut(tmp_path: Path, act: Handler, failure: str) -> None:
    net = world(tcp={("8.8.8.8", 53): servers.after_first_bytes(act)})
    chosen = settings(tmp_path, tcp_resolvers=("8.8.8.8:53",))
    [measurement] = measure(net, ["https://site.example/"], chosen)
    assert {q["failure"] for q in queries_of(measurement, "tcp").values()} == {failure}


def test_the_systems_own_resolver_is_asked_raw_and_not_named(tmp_path: Path) -> None:
    forged = dns_server(ZONE, forged={"site.example": FORGED})
    net = world(udp={(OWN, 53): forged}, system_resolvers=(OWN, "192.168.7.2"))
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path, follow_ups=False))
    keys = measurement["test_keys"]
    raw = [one for one in keys["queries"] if one["engine"] == "udp" and not one["resolver_address"]]
    assert {one["query_type"] for one in raw} == {"A", "AAAA"}
    [first] = [one["answers"][0]["ipv4"] for one in raw if one["query_type"] == "A"]
    [late] = keys["x_dns_duplicate_responses"]
    assert (first, late["answers"][0]["ipv4"], late["resolver_address"]) == (FORGED, SITE, "")
    assert "192.168.7" not in str(measurement)


def test_a_system_that_asks_a_public_resolver_is_asked_once(tmp_path: Path) -> None:
    net = world(system_resolvers=("8.8.8.8",))
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path))
    asked = [(q["query_type"], q["resolver_address"]) for q in measurement["test_keys"]["queries"]]
    assert sorted(asked) == [("A", "8.8.8.8:53"), ("AAAA", "8.8.8.8:53"), ("ANY", "")]


def test_an_https_record_brings_http3_to_a_site_that_is_cut(tmp_path: Path) -> None:
    def respond(data: bytes) -> Sequence[tuple[float, bytes]]:
        query = dns.message.from_wire(data)
        question = query.question[0]
        if question.rdtype != dns.rdatatype.HTTPS:
            return dns_server(ZONE)(data)
        response = dns.message.make_response(query)
        response.answer.append(
            dns.rrset.from_text(question.name, 300, "IN", "HTTPS", '1 . alpn="h3,h2" ipv4hint=192.0.2.1')
        )
        return [(0.0, response.to_wire())]

    net = world(udp={RESOLVER: respond}, tcp={(SITE, 443): servers.after_first_bytes(servers.reset)})
    chosen = settings(tmp_path, http3="offered")
    [measurement] = measure(net, ["https://site.example/"], chosen)
    keys = measurement["test_keys"]
    [record] = keys["x_https_records"]
    assert record["answers"] == [{"answer_type": "HTTPS", "ttl": 300}]
    [plain] = [one for one in keys["quic_handshakes"] if one["tags"] == ["depth=0"]]
    assert plain["failure"] == "generic_timeout_error"


def test_who_is_asked_for_names() -> None:
    text = (
        "# made by somebody\nnameserver 192.168.7.1\nnameserver fe80::1%eth0\nnameserver nonsense\n"
        "search lan\nnameserver  2001:db8::53 # two\nnameserver 192.168.7.1\nnameserver 9.9.9.9\n"
        "nameserver 8.8.8.8\noptions edns0\n"
    )
    assert parse_resolv_conf(text) == ("192.168.7.1", "2001:db8::53", "9.9.9.9")
    assert parse_resolv_conf("") == ()
