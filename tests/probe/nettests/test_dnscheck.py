"""The `dnscheck` nettest."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from banwatch.model.state import State
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from banwatch.probe.nettests.dnscheck import parse_resolver
from tests.net import servers
from tests.net.servers import ServerTls
from tests.probe.nettests.running import run
from tests.probe.scenes import SITE


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
