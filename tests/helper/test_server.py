"""The helper's server: limits, bad questions, transfers, and who asked."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from banwatch.helper.server import _household
from banwatch.model.errors import BanwatchError
from banwatch.net.memory import MemoryStream
from tests.helper.asking import LOCAL, SITE, ask, make, make_net, post, run
from tests.net import servers
from tests.net.servers import Page


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


def test_one_address_can_be_kept_from_asking_too_much(tmp_path: Path) -> None:
    async def converse() -> list[int]:
        helper = make(tmp_path, make_net(), per_client_per_minute=3)
        port = await helper.start(LOCAL, 0)
        try:
            return [(await post(port, b'{"http_request": "https://site.example/"}'))[0] for _ in range(5)]
        finally:
            await helper.stop()

    assert run(converse()) == [200, 200, 200, 429, 429]


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
