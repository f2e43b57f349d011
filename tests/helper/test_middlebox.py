"""Echoes for the two middlebox nettests: bytes come back as they are, heads with case and order kept."""

import asyncio
import json

import pytest

from banwatch.helper.middlebox import MAX_ECHO_BYTES, MAX_HEAD_BYTES, MiddleboxHelper, describe_head


async def talk(kind: str, sent: bytes) -> bytes:
    helper = MiddleboxHelper()
    start = helper.start_echo if kind == "echo" else helper.start_headers
    port = await start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        await writer.drain()
        if kind == "echo" and len(sent) <= MAX_ECHO_BYTES:
            return await reader.readexactly(len(sent))
        return await reader.read(1 << 20)
    finally:
        writer.close()
        await helper.stop()


@pytest.mark.parametrize("sent", [b"XXX / HTTP/1.1\r\n\r\n", bytes(range(256)), b"a" * 9000])
def test_bytes_come_back_as_they_are(sent: bytes) -> None:
    assert asyncio.run(asyncio.wait_for(talk("echo", sent), 10)) == sent


def test_a_head_comes_back_with_case_and_order() -> None:
    sent = b"gEt / HTTP/1.1\r\nhOsT: abc.com\r\nAccept: a\r\naCCEPT:  b \r\n\r\n"
    head, _, body = asyncio.run(asyncio.wait_for(talk("headers", sent), 10)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(body) == {
        "headers_dict": {"hOsT": ["abc.com"], "Accept": ["a"], "aCCEPT": ["b"]},
        "request_headers": [["hOsT", "abc.com"], ["Accept", "a"], ["aCCEPT", "b"]],
        "request_line": "gEt / HTTP/1.1",
    }


def test_a_head_without_an_end_is_refused() -> None:
    sent = b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MAX_HEAD_BYTES // 6 + 1)
    assert asyncio.run(asyncio.wait_for(talk("headers", sent), 10)).startswith(b"HTTP/1.1 400 ")


def test_an_echo_is_bounded() -> None:
    async def flood() -> int:
        helper = MiddleboxHelper()
        port = await helper.start_echo("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        got = 0
        try:
            for _ in range(2 * MAX_ECHO_BYTES // 1024):
                writer.write(b"x" * 1024)
                await asyncio.sleep(0)
            while data := await reader.read(1 << 16):
                got += len(data)
        except ConnectionError:
            pass
        finally:
            writer.close()
            await helper.stop()
        return got

    assert asyncio.run(asyncio.wait_for(flood(), 10)) <= MAX_ECHO_BYTES


def test_one_address_has_a_few_connections() -> None:
    async def crowd() -> int:
        helper = MiddleboxHelper()
        port = await helper.start_echo("127.0.0.1", 0)
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        served = 0
        for reader, writer in pairs:
            try:
                writer.write(b"x")
                await writer.drain()
                served += await reader.read(1) == b"x"
            except ConnectionError:
                pass
        for _, writer in pairs:
            writer.close()
        await helper.stop()
        return served

    assert asyncio.run(asyncio.wait_for(crowd(), 10)) == 16


@pytest.mark.parametrize("head", [b"", b"\xff\xfe", b"GET / HTTP/1.1\r\n: x", b"a\r\nb"])
def test_any_head_can_be_described(head: bytes) -> None:
    assert set(describe_head(head)) == {"headers_dict", "request_headers", "request_line"}
