"""The small nettests: what they write, and what the judge makes of it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.judge import judge_line
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.state import State
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from banwatch.net.real import RealNet
from banwatch.probe.nettests.choose import choose_nettests
from banwatch.probe.nettests.dnscheck import parse_resolver
from banwatch.probe.nettests.registry import count_measurements, load_nettests
from banwatch.probe.nettests.stunreachability import parse_binding_response_untrusted, render_binding_request
from banwatch.probe.session import Session
from tests.judge.judging import shipped_reference
from tests.net import servers
from tests.net.servers import ServerTls
from tests.probe.scenes import SECOND, SITE, settings

Found = tuple[dict[str, Any], State]


def run(net: MemoryNet, name: str, folder: Path, *inputs: str, **changes: Any) -> list[Found]:
    """Measure; each measurement, and what the judge says of it."""

    async def collect() -> list[bytes]:
        session = Session(net, settings(folder, **changes))
        return [line async for line in session.run_nettest(name, inputs)]

    lines = asyncio.run(asyncio.wait_for(collect(), 20))
    return [(json.loads(line), judge_line(line, shipped_reference()).verdict.state) for line in lines]


def test_every_nettest_is_known_by_name() -> None:
    assert choose_nettests(load_nettests()) == {n: [] for n in load_nettests() if n != "web_connectivity"}
    chosen = {"telegram": [], "dnscheck": [], "tor": ["a", "b"]}
    assert count_measurements(chosen) == 3 + len(load_nettests()["dnscheck"].inputs)


@pytest.mark.parametrize(
    "text",
    [
        "dnscheck=dot://dns.example",
        "dnscheck=https://192.0.2.1/dns-query",
        "stunreachability=stun://stun.example:3478",
        "echcheck=https://site.example/",
        "http_invalid_request_line=192.0.2.1:80",
        "http_header_field_manipulation=192.0.2.1:80",
        "tor=obfs4 192.0.2.1:443 0123 cert=a/b== iat-mode=0",
        "tor=192.0.2.1:9001",
    ],
)
def test_inputs_of_ones_own(text: str) -> None:
    name, _, given = text.partition("=")
    assert choose_nettests([text, text.replace("192.0.2.1", "192.0.2.2")])[name][0] == given


@pytest.mark.parametrize(
    "text",
    [
        "dnscheck=udp://dns.example",
        "stunreachability=https://stun.example",
        "echcheck=http://site.example/",
        "http_invalid_request_line=echo.example:80",
        "tor=meek 192.0.2.1:443",
        "tor=obfs4",
        "tor=",
        "telegram=149.154.175.50",
    ],
)
def test_inputs_that_are_none(text: str) -> None:
    with pytest.raises(BanwatchError, match="Cannot measure"):
        choose_nettests([text])


def resolver(context_name: str, zone: Mapping[str, Sequence[str]]) -> Handler:
    """A resolver that speaks DNS over TLS, or over HTTPS where the client wants that."""
    respond = servers.dns_server(zone)
    context = servers.make_context(context_name, alpn=("http/1.1", "dot"))

    async def serve(stream: MemoryStream) -> None:
        tls = ServerTls(stream, context)
        await tls.handshake()
        data = await tls.read(65536)
        if tls.tls.selected_alpn_protocol() == "dot":
            [(_, reply)] = respond(data[2:])
            message = len(reply).to_bytes(2, "big") + reply
            await tls.write(message[:5])
            await tls.write(message[5:])
            return
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /dns-query HTTP/1.1")
        [(_, reply)] = respond(body or await tls.read(65536))
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(reply)}\r\n\r\n".encode() + reply
        await tls.write(answer)

    return serve


ZONE = {"example.org": [SITE]}


@pytest.mark.parametrize(
    ("url", "port", "engine"),
    [("dot://dns.example", 853, "dot"), ("https://dns.example/dns-query", 443, "doh")],
)
def test_a_resolver_works_at_one_of_two_addresses(tmp_path: Path, url: str, port: int, engine: str) -> None:
    net = MemoryNet(
        names={"dns.example": ("8.8.4.4", "8.8.8.8", "192.168.1.1")},
        tcp={("8.8.4.4", port): resolver("dns.example", ZONE), ("8.8.8.8", port): "connection_reset"},
    )
    [(measurement, state)] = run(net, "dnscheck", tmp_path, url)
    keys = measurement["test_keys"]
    assert (measurement["input"], keys["domain"], keys["bootstrap_failure"]) == (url, "example.org", None)
    good, bad = keys["lookups"].values()
    assert (good["failure"], good["failed_operation"]) == (None, None)
    assert [one["engine"] for one in good["queries"]] == [engine, engine]
    assert good["queries"][0]["answers"][0]["ipv4"] == SITE
    assert good["tls_handshakes"][0]["server_name"] == "dns.example"
    assert {event["operation"] for event in good["network_events"]} >= {"connect", "read", "write"}
    assert (bad["failure"], bad["failed_operation"]) == ("connection_reset", "connect")
    assert all(ip != "192.168.1.1" for ip, _ in net.connected)
    assert state is State.OK


def test_a_resolver_that_is_blocked_or_forged(tmp_path: Path) -> None:
    reset = {("8.8.8.8", 853): servers.after_first_bytes(servers.reset)}
    [(measurement, state)] = run(MemoryNet(tcp=reset), "dnscheck", tmp_path, "dot://8.8.8.8")
    [lookup] = measurement["test_keys"]["lookups"].values()
    assert list(measurement["test_keys"]["lookups"]) == ["dot://8.8.8.8:853"]
    assert (lookup["failure"], lookup["failed_operation"]) == ("connection_reset", "tls_handshake")
    assert state is not State.OK
    forged = MemoryNet(tcp={("8.8.8.8", 443): resolver("else.example", ZONE)})
    [(measurement, _)] = run(forged, "dnscheck", tmp_path, "https://8.8.8.8/dns-query")
    [lookup] = measurement["test_keys"]["lookups"].values()
    assert lookup["failure"] == "ssl_invalid_hostname"
    [(measurement, state)] = run(MemoryNet(), "dnscheck", tmp_path, "dot://dns.example")
    assert measurement["test_keys"]["bootstrap_failure"] == "dns_nxdomain_error"
    assert measurement["test_keys"]["lookups"] == {}
    assert state is not State.OK


def test_addresses_of_resolvers_are_read() -> None:
    six = parse_resolver("dot://[2001:4860:4860::8888]:853")
    assert (six.host, six.at(six.host)) == ("2001:4860:4860::8888", "dot://[2001:4860:4860::8888]:853")
    assert parse_resolver("https://dns.google/dns-query").at("8.8.4.4") == "https://8.8.4.4/dns-query"
    assert parse_resolver("https://dns.google:8443/q").at("8.8.4.4") == "https://8.8.4.4:8443/q"
    for bad in ("udp://8.8.8.8", "dot://", "dns.google"):
        with pytest.raises(ValueError, match=r"neither dot|no host"):
            parse_resolver(bad)


def stun_server(kind: int, *, deaf_to: int = 0) -> Any:
    """A STUN server; tells the address that it sees, as all of them do."""
    heard: list[bytes] = []

    def respond(data: bytes) -> list[tuple[float, bytes]]:
        heard.append(data)
        if len(heard) <= deaf_to:
            return []
        mapped = b"\x00\x01\x00\x08\x00\x01\x30\x39\xc6\x33\x64\x07"
        reply = kind.to_bytes(2, "big") + len(mapped).to_bytes(2, "big") + data[4:20] + mapped
        return [(0.0, b"nonsense"), (0.0, reply)]

    return respond


STUN = "stun://stun.example:3478"


def test_a_stun_server_answers_the_second_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banwatch.probe.nettests.stunreachability._FIRST_WAIT_S", 0.02)
    net = MemoryNet(
        names={"stun.example": (SECOND, SITE)}, udp={(SITE, 3478): stun_server(0x0101, deaf_to=1)}
    )
    [(measurement, state)] = run(net, "stunreachability", tmp_path, STUN)
    keys = measurement["test_keys"]
    assert (keys["endpoint"], keys["failure"], state) == ("stun.example:3478", None, State.OK)
    assert [e["operation"] for e in keys["network_events"] if e["address"] == f"{SITE}:3478"] == [
        "connect",
        "write",
        "write",
        "read",
    ]
    assert "198.51.100.7" not in json.dumps(measurement)


def test_a_stun_server_that_does_not_answer(tmp_path: Path) -> None:
    names = {"stun.example": (SITE,)}
    [(measurement, state)] = run(MemoryNet(names=names), "stunreachability", tmp_path, STUN)
    assert measurement["test_keys"]["failure"] == "generic_timeout_error"
    assert state is not State.OK
    refusing = MemoryNet(names=names, udp={(SITE, 3478): stun_server(0x0111)})
    [(measurement, _)] = run(refusing, "stunreachability", tmp_path, STUN)
    assert measurement["test_keys"]["failure"] == "unknown_failure: stun: error response"
    [(measurement, _)] = run(MemoryNet(), "stunreachability", tmp_path, STUN)
    assert measurement["test_keys"]["failure"] == "dns_nxdomain_error"


@given(st.binary(max_size=60))
def test_no_stun_message_does_more_harm_than_a_wire_error(data: bytes) -> None:
    transaction = b"t" * 12
    with pytest.raises(WireError):
        parse_binding_response_untrusted(data, transaction)
    with pytest.raises(WireError):
        parse_binding_response_untrusted(render_binding_request(transaction), transaction)


def test_a_stun_server_on_this_machine(tmp_path: Path) -> None:
    respond = stun_server(0x0101)

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            for _, reply in respond(data):
                self.transport.sendto(reply, addr)

    async def measure() -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
        try:
            port = transport.get_extra_info("sockname")[1]
            session = Session(RealNet(), settings(tmp_path, measure_private=True))
            inputs = [f"stun://127.0.0.1:{port}"]
            [line] = [one async for one in session.run_nettest("stunreachability", inputs)]
            measurement: dict[str, Any] = json.loads(line)
            return measurement
        finally:
            transport.close()

    keys = asyncio.run(asyncio.wait_for(measure(), 10))["test_keys"]
    assert keys["failure"] is None
    assert [event["operation"] for event in keys["network_events"]] == ["connect", "write", "read"]


def ech_site(act: Handler | None, *names: str, site_names: Sequence[str] = ()) -> Handler:
    """A site inside TLS; `act` is what a ClientHello with ECH and one of these names meets."""
    site = servers.https_site(servers.Page(), servers.make_context(*site_names))

    async def serve(stream: MemoryStream) -> None:
        hello = await stream.read(65536)
        if act is not None and b"\xfe\x0d" in hello and any(name.encode() in hello for name in names):
            await act(stream)
            return
        stream.unread(hello)
        await site(stream)

    return serve


@pytest.mark.parametrize(
    ("act", "names", "failures", "state"),
    [
        (None, (), {None: None, "own": None, "other": None}, State.OK),
        (
            servers.reset,
            ("cloudflare",),
            {None: None, "own": "connection_reset", "other": "connection_reset"},
            State.LIKELY_BLOCKED,
        ),
        (
            servers.reset,
            ("cloudflare-ech.com",),
            {None: None, "own": "connection_reset", "other": None},
            State.LIKELY_BLOCKED,
        ),
    ],
    ids=["open", "any ECH", "ECH with that name"],
)
def test_ech(
    tmp_path: Path,
    act: Handler | None,
    names: Sequence[str],
    failures: Mapping[str | None, str | None],
    state: State,
) -> None:
    handler = ech_site(act, *names, site_names=("cloudflare-ech.com", "cloudflare.com"))
    net = MemoryNet(names={"cloudflare-ech.com": (SITE,)}, tcp={(SITE, 443): handler})
    [(measurement, judged)] = run(net, "echcheck", tmp_path)
    assert measurement["input"] == "https://cloudflare-ech.com/cdn-cgi/trace"
    shakes = measurement["test_keys"]["tls_handshakes"]
    outer = {None: None, "cloudflare-ech.com": "own", "cloudflare.com": "other"}
    assert {outer[one.get("outer_server_name")]: one["failure"] for one in shakes} == failures
    for one in shakes:
        assert one["server_name"] == "cloudflare-ech.com"
        assert one.get("echconfig") == ("GREASE" if "outer_server_name" in one else None)
        if one["failure"] is None:
            assert (one["negotiated_protocol"], one["tls_version"]) == ("h2", "TLSv1.3")
            assert one["cipher_suite"].startswith("TLS_")
            assert one["peer_certificates"]
    assert judged is state


def test_ech_in_whose_place_somebody_else_answers(tmp_path: Path) -> None:
    forged = servers.https_site(servers.Page(), servers.make_context("cloudflare-ech.com", issuer="Somebody"))
    net = MemoryNet(names={"cloudflare-ech.com": (SITE,)}, tcp={(SITE, 443): forged})
    [(measurement, _)] = run(net, "echcheck", tmp_path)
    failures = {one["failure"] for one in measurement["test_keys"]["tls_handshakes"]}
    assert failures == {"ssl_unknown_authority", "ssl_invalid_hostname"}
    nowhere = MemoryNet()
    [(measurement, _)] = run(nowhere, "echcheck", tmp_path)
    assert measurement["test_keys"]["failure"] == "dns_nxdomain_error"
    assert measurement["test_keys"]["tls_handshakes"] == []
