"""Controls: what the helper says of a target, and what it refuses to connect to."""

import asyncio
import json
import re
import socket
import zlib
from pathlib import Path

import pytest

from banwatch.helper import create_helper
from banwatch.helper.settings import HelperSettings
from banwatch.net.memory import MemoryNet, MemoryStream
from banwatch.net.real import RealNet
from tests.helper.asking import LOCAL, SECOND, SITE, ask, make, make_net, post, run
from tests.net import servers
from tests.net.servers import Page


def test_a_control_has_every_key_that_ooni_gives(tmp_path: Path) -> None:
    probes = "93.184.216.99"
    request = {
        "http_request": "https://site.example/",
        "http_request_headers": {"User-Agent": ["Mozilla/5.0"], "Cookie": ["no=1"]},
        "tcp_connect": [f"{SITE}:443", f"{probes}:443", "10.0.0.1:443", "nonsense"],
        "x_quic_enabled": False,
    }
    net = make_net(tcp={(probes, 443): "connection_refused"})
    answer = ask(tmp_path, net, request)
    assert answer["dns"] == {"failure": None, "addrs": [SITE]}
    assert answer["tcp_connect"] == {
        f"{SITE}:443": {"status": True, "failure": None},
        f"{probes}:443": {"status": False, "failure": "connection_refused"},
    }
    assert answer["tls_handshake"] == {
        f"{SITE}:443": {"server_name": "site.example", "status": True, "failure": None}
    }
    assert answer["http_request"]["status_code"] == 200
    assert answer["http_request"]["title"] == "A page"
    assert answer["http_request"]["body_length"] == 39
    assert answer["ip_info"] == {
        SITE: {"asn": 15133, "flags": 11},
        probes: {"asn": 0, "flags": 1},
        "10.0.0.1": {"asn": 0, "flags": 5},
    }
    assert (answer["quic_handshake"], answer["http3_request"]) == ({}, None)
    assert ("10.0.0.1", 443) not in net.connected


@pytest.mark.parametrize(
    ("host", "failure", "of_the_page"),
    [("none.example", "dns_name_error", "dns_nxdomain_error"), ("empty.example", None, "dns_no_answer")],
)
def test_a_name_that_leads_nowhere(tmp_path: Path, host: str, failure: str | None, of_the_page: str) -> None:
    """OONI's helpers have a word of their own for a name that does not exist; its probes know no other."""
    net = make_net({"empty.example": []})
    answer = ask(tmp_path, net, {"http_request": f"https://{host}/", "tcp_connect": []})
    assert answer["dns"] == {"failure": failure, "addrs": []}
    assert answer["http_request"]["failure"] == of_the_page
    assert answer["http_request"]["status_code"] == -1


def test_a_refused_certificate_and_a_dead_address(tmp_path: Path) -> None:
    dead = "93.184.216.50"
    expired = servers.https_site(Page(), servers.make_context("old.example", days=-10))
    net = make_net({"old.example": [SITE, dead]}, tcp={(SITE, 443): expired})
    answer = ask(tmp_path, net, {"http_request": "https://old.example/", "tcp_connect": []})
    assert answer["tls_handshake"][f"{SITE}:443"]["failure"] == "ssl_invalid_certificate"
    assert answer["tcp_connect"][f"{dead}:443"]["failure"] == "generic_timeout_error"
    assert answer["http_request"]["failure"] in {"ssl_invalid_certificate", "generic_timeout_error"}


SECRET = "http://intra.example/"


@pytest.mark.parametrize(
    ("url", "zone"),
    [
        ("http://127.0.0.1/", {}),
        ("http://2130706433/", {"2130706433": ["127.0.0.1"]}),
        ("http://0x7f.1/", {"0x7f.1": ["127.0.0.1"]}),
        ("http://[::ffff:127.0.0.1]/", {}),
        ("http://intra.example/", {"intra.example": ["10.0.0.5", "169.254.169.254"]}),
        ("http://redirecting.example/", {"redirecting.example": [SITE], "intra.example": ["10.0.0.5"]}),
    ],
)
def test_it_cannot_be_made_to_look_inside(tmp_path: Path, url: str, zone: dict[str, list[str]]) -> None:
    async def must_not_be_reached(stream: MemoryStream) -> None:
        await servers.http_site(Page(body=b"secret"))(stream)

    redirect = servers.http_site(Page(status=302, headers=(("Location", SECRET),)))
    private = {
        (ip, port): must_not_be_reached
        for ip in ("127.0.0.1", "10.0.0.5", "169.254.169.254")
        for port in (80, 443)
    }
    net = make_net(zone, tcp={**private, (SITE, 80): redirect})
    answer = ask(tmp_path, net, {"http_request": url, "tcp_connect": ["10.0.0.5:80", "127.0.0.1:80"]})
    assert answer["http_request"]["status_code"] == -1
    assert {ip for ip, _ in net.connected} <= {SITE}


def test_a_name_that_changes_its_mind_is_dialled_where_it_was_checked(tmp_path: Path) -> None:
    turn = iter(range(1000))

    def rebinding(data: bytes) -> list[tuple[float, bytes]]:
        zone = {"site.example": [SITE]} if next(turn) < 2 else {"site.example": ["127.0.0.1"]}
        return list(servers.dns_server(zone)(data))

    net = MemoryNet(tcp={(SITE, 443): "connection_refused"}, udp={("9.9.9.9", 53): rebinding})
    ask(tmp_path, net, {"http_request": "https://site.example/", "tcp_connect": []})
    assert {ip for ip, _ in net.connected} <= {SITE}


def test_an_endless_body_is_cut(tmp_path: Path) -> None:
    sent = 0

    async def endless(stream: MemoryStream) -> None:
        nonlocal sent
        await stream.read(65536)
        await stream.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent < 50_000_000:
            await stream.write(b"x" * 65536)
            sent += 65536

    net = make_net({"big.example": [SITE]}, tcp={(SITE, 80): endless})
    answer = ask(
        tmp_path, net, {"http_request": "http://big.example/", "tcp_connect": []}, body_limit_bytes=100_000
    )
    assert answer["http_request"]["body_length"] == 100_000


def test_a_slow_site_costs_its_time_out_and_no_more(tmp_path: Path) -> None:
    net = make_net({"slow.example": [SITE]}, tcp={(SITE, 80): servers.stall})
    answer = ask(tmp_path, net, {"http_request": "http://slow.example/", "tcp_connect": []})
    assert answer["http_request"]["failure"] == "generic_timeout_error"


def test_a_flood_of_headers_is_not_passed_on(tmp_path: Path) -> None:
    async def flood(stream: MemoryStream) -> None:
        await stream.read(65536)
        lines = b"".join(b"X-%d: %s\r\n" % (n, b"y" * 100) for n in range(1000))
        await stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + lines + b"\r\nok")

    async def endless(stream: MemoryStream) -> None:
        await stream.read(65536)
        await stream.write(b"HTTP/1.1 200 OK\r\n")
        for n in range(100_000):
            await stream.write(b"X-%d: y\r\n" % n)

    net = make_net(
        {"flood.example": [SITE], "endless.example": [SECOND]},
        tcp={(SITE, 80): flood, (SECOND, 80): endless},
    )
    answer = ask(tmp_path, net, {"http_request": "http://flood.example/", "tcp_connect": []})
    assert answer["http_request"]["status_code"] == 200
    assert len(json.dumps(answer)) < 40_000
    answer = ask(tmp_path, net, {"http_request": "http://endless.example/", "tcp_connect": []})
    assert answer["http_request"]["failure"]


def test_a_bomb_stays_packed(tmp_path: Path) -> None:
    packed = zlib.compress(bytes(50_000_000))

    async def bomb(stream: MemoryStream) -> None:
        asked = await stream.read(65536)
        assert b"ncoding" not in asked
        await stream.write(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(packed)
        )
        await stream.write(packed)

    net = make_net({"bomb.example": [SITE]}, tcp={(SITE, 80): bomb})
    answer = ask(tmp_path, net, {"http_request": "http://bomb.example/", "tcp_connect": []})
    assert answer["http_request"]["body_length"] == len(packed)


def test_its_own_address_is_known_before_anything_was_asked(tmp_path: Path) -> None:
    async def converse() -> tuple[str, ...]:
        net = RealNet()
        helper = create_helper(HelperSettings(), net)
        await helper.start(LOCAL, 0)
        await helper.stop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.connect(("8.8.8.8", 53))
            except OSError:
                pytest.skip("no route to anywhere from here")
            assert sock.getsockname()[0] in net.own_addresses
        return net.own_addresses

    assert run(converse())


def test_what_was_just_seen_is_told_again(tmp_path: Path) -> None:
    async def converse(cache_s: float) -> int:
        net = make_net()
        helper = make(tmp_path, net, cache_s=cache_s)
        port = await helper.start(LOCAL, 0)
        body = b'{"http_request": "https://site.example/"}'
        try:
            first = await asyncio.gather(*(post(port, body) for _ in range(5)))
            took = re.compile(rb'"x_body_s":[0-9.e-]+')
            assert len({took.sub(b"", content) for _, content in first}) == 1
        finally:
            await helper.stop()
        return len(net.connected)

    assert run(converse(0)) == 10
    assert run(converse(60)) == 2
