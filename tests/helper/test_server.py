"""The helper answers as OONI's does, and stays up whoever asks."""

import asyncio
import contextlib
import json
import re
import socket
import zlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from banwatch.helper import Helper, create_helper
from banwatch.helper.server import _household
from banwatch.helper.settings import HelperSettings
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn
from banwatch.net.memory import MemoryNet, MemoryStream, Responder
from banwatch.net.real import RealNet
from tests.net import servers
from tests.net.servers import NOW, Page

T = TypeVar("T")
LOCAL = "127.0.0.1"
SITE = "93.184.216.34"
SECOND = "93.184.216.35"
RESOLVER = "9.9.9.9:53"


def run(work: Coroutine[object, object, T]) -> T:
    async def settle() -> T:
        try:
            return await asyncio.wait_for(work, 20)
        finally:
            await asyncio.sleep(0.01)  # lets sockets close

    return asyncio.run(settle())


def make(folder: Path, net: MemoryNet, **changes: Any) -> Helper:
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(servers.make_issuer(servers.AUTHORITY).pem)
    given: dict[str, Any] = {
        "resolvers": (RESOLVER,),
        "ca_file": ca_file,
        "now": lambda: NOW,
        "step_timeout_s": 0.3,
        "total_timeout_s": 2.0,
        "asn_of": lambda ip: Asn(15133 if ip == SITE else 0),
    }
    return create_helper(HelperSettings(**(given | changes)), net)


def make_net(zone: dict[str, list[str]] | None = None, **tcp: Any) -> MemoryNet:
    listening = {(SITE, 443): servers.https_site(Page(), servers.make_context("site.example"))}
    resolver: Responder = servers.dns_server(zone or {"site.example": [SITE]})
    return MemoryNet(tcp={**listening, **tcp.get("tcp", {})}, udp={("9.9.9.9", 53): resolver})


async def post(port: int, body: bytes, *, head: bytes = b"POST / HTTP/1.1") -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(LOCAL, port)
    try:
        length = str(len(body)).encode()
        writer.write(
            head + b"\r\nHost: h\r\nConnection: close\r\nContent-Length: " + length + b"\r\n\r\n" + body
        )
        answer = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    top, _, content = answer.partition(b"\r\n\r\n")
    return int(top.split(b" ")[1]), content


def ask(folder: Path, net: MemoryNet, request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    async def converse() -> dict[str, Any]:
        helper = make(folder, net, **changes)
        port = await helper.start(LOCAL, 0)
        try:
            status, content = await post(port, json.dumps(request).encode())
        finally:
            await helper.stop()
        assert status == 200
        answer: dict[str, Any] = json.loads(content)
        return answer

    return run(converse())


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
    ("host", "failure"), [("none.example", "dns_nxdomain_error"), ("empty.example", None)]
)
def test_a_name_that_leads_nowhere(tmp_path: Path, host: str, failure: str | None) -> None:
    net = make_net({"empty.example": []})
    answer = ask(tmp_path, net, {"http_request": f"https://{host}/", "tcp_connect": []})
    assert answer["dns"] == {"failure": failure, "addrs": []}
    assert answer["http_request"]["failure"] == (failure or "dns_no_answer")
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


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"GET / HTTP/1.1", b"", 400),
        (b"POST /other HTTP/1.1", b"{}", 400),
        (b"POST / HTTP/1.1", b"", 400),
        (b"POST / HTTP/1.1", b"not json", 400),
        (b"POST / HTTP/1.1", b'{"http_request": "ftp://x/"}', 400),
        (b"POST / HTTP/1.1", b'{"http_request": 5}', 400),
        (b"POST / HTTP/1.1", b'{"http_request": "http://\\ud800/"}', 400),
    ],
)
def test_bad_questions_are_refused(tmp_path: Path, head: bytes, body: bytes, status: int) -> None:
    async def converse() -> int:
        helper = make(tmp_path, make_net())
        port = await helper.start(LOCAL, 0)
        try:
            return (await post(port, body, head=head))[0]
        finally:
            await helper.stop()

    assert run(converse()) == status


def test_no_bytes_bring_it_down(tmp_path: Path) -> None:
    async def converse() -> int:
        helper = make(tmp_path, make_net())
        port = await helper.start(LOCAL, 0)
        try:
            for rubbish in (
                b"\x16\x03\x01\x02",
                b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 5000,
                b"\r\n\r\n",
                b"POST",
            ):
                reader, writer = await asyncio.open_connection(LOCAL, port)
                writer.write(rubbish)
                writer.write_eof()
                with contextlib.suppress(ConnectionError):
                    await reader.read()
                writer.close()
            return (await post(port, b'{"http_request": "https://site.example/"}'))[0]
        finally:
            await helper.stop()

    assert run(converse()) == 200


def test_a_thousand_clients_are_served_or_told_to_come_back(tmp_path: Path) -> None:
    most = now = 0

    async def count(stream: MemoryStream) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        try:
            await asyncio.sleep(0.005)
            await servers.http_site(Page())(stream)
        finally:
            now -= 1

    async def converse() -> list[int]:
        net = make_net({"site.example": [SITE]}, tcp={(SITE, 80): count})
        helper = make(
            tmp_path, net, max_in_flight=20, max_waiting=600, total_timeout_s=15.0, step_timeout_s=5.0
        )
        port = await helper.start(LOCAL, 0)
        body = b'{"http_request": "http://site.example/"}'
        try:
            answers = await asyncio.gather(*(post(port, body) for _ in range(1000)), return_exceptions=True)
            last = await post(port, body)
        finally:
            await helper.stop()
        return [one[0] for one in (*answers, last) if not isinstance(one, BaseException)]

    statuses = run(converse())
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 500
    assert statuses[-1] == 200
    assert most <= 40  # two connections for each of twenty questions: one to reach, one to fetch


def test_bytes_are_made_up_and_swallowed(tmp_path: Path) -> None:
    async def converse() -> list[tuple[int, int]]:
        helper = make(tmp_path, make_net())
        port = await helper.start(LOCAL, 0)
        asked = [
            (b"GET /bytes/100000 HTTP/1.1", b""),
            (b"POST /bytes HTTP/1.1", b"x" * 200_000),
            (b"GET /bytes/524288 HTTP/1.1", b""),
            (b"GET /bytes/524289 HTTP/1.1", b""),
            (b"GET /bytes/0 HTTP/1.1", b""),
            (b"GET /bytes/-1 HTTP/1.1", b""),
            (b"GET /bytes/1e3 HTTP/1.1", b""),
            (b"GET /bytes/ HTTP/1.1", b""),
        ]
        try:
            answers = [await post(port, body, head=head) for head, body in asked]
        finally:
            await helper.stop()
        return [(status, len(content)) for status, content in answers]

    assert run(converse()) == [(200, 100_000), (200, 0), (200, 524_288), *[(400, 0)] * 5]


def test_more_than_it_swallows_is_cut_off(tmp_path: Path) -> None:
    async def converse() -> int:
        helper = make(tmp_path, make_net())
        port = await helper.start(LOCAL, 0)
        try:
            for head, size in ((b"POST /bytes HTTP/1.1", 600_000), (b"POST / HTTP/1.1", 70_000)):
                with pytest.raises((OSError, IndexError)):
                    await post(port, b"x" * size, head=head)
            return (await post(port, b'{"http_request": "https://site.example/"}'))[0]
        finally:
            await helper.stop()

    assert run(converse()) == 200


def test_requests_that_arrive_slowly_share_what_memory_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banwatch.helper.server._ARRIVING_BYTES", 100_000)

    async def converse() -> tuple[int, int]:
        helper = make(tmp_path, make_net())
        port = await helper.start(LOCAL, 0)
        slow = [await asyncio.open_connection(LOCAL, port) for _ in range(4)]
        try:
            for _, writer in slow:
                writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n" + b"x" * 40_000)
                await writer.drain()
                await asyncio.sleep(0.05)
            cut = 0
            for reader, _ in slow:
                with contextlib.suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(0.1):
                        cut += await reader.read() == b""
            for _, writer in slow:
                writer.close()
            await asyncio.sleep(0.05)
            body = b'{"http_request": "https://site.example/"}'
            return cut, (await post(port, body))[0]
        finally:
            await helper.stop()

    cut, status = run(converse())
    assert 1 <= cut <= 2
    assert status == 200


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


@pytest.mark.parametrize(
    ("client", "household"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_whoever_has_a_network_is_one_client(client: str, household: str) -> None:
    assert _household(client) == household


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


def test_one_address_can_be_kept_from_asking_too_much(tmp_path: Path) -> None:
    async def converse() -> list[int]:
        helper = make(tmp_path, make_net(), per_client_per_minute=3)
        port = await helper.start(LOCAL, 0)
        try:
            return [(await post(port, b'{"http_request": "https://site.example/"}'))[0] for _ in range(5)]
        finally:
            await helper.stop()

    assert run(converse()) == [200, 200, 200, 429, 429]


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


def test_a_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    async def converse() -> None:
        first, second = make(tmp_path, make_net()), make(tmp_path, make_net())
        port = await first.start(LOCAL, 0)
        try:
            await second.start(LOCAL, port)
        finally:
            await first.stop()

    with pytest.raises(BanwatchError, match="cannot listen"):
        run(converse())


def test_who_asked_is_nowhere_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    ask(tmp_path, make_net(), {"http_request": "https://site.example/", "tcp_connect": []})
    assert not [
        r for r in caplog.records if "127.0.0.1" in r.getMessage() or "site.example" in r.getMessage()
    ]
