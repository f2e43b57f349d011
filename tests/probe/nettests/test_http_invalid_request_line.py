"""The `http_invalid_request_line` nettest."""

import random
from pathlib import Path

import pytest

from banwatch.model.state import State
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from banwatch.probe.nettests.http_invalid_request_line import is_tampered, make_request_lines
from tests.net import servers
from tests.probe.nettests.running import run

HELPER = ("37.218.241.93", 80)


async def echo(stream: MemoryStream) -> None:
    while data := await stream.read(100):
        await stream.write(data)


async def squid(stream: MemoryStream) -> None:
    await stream.read(65536)
    await stream.write(b"HTTP/1.0 400 Bad Request\r\nX-Squid-Error: ERR_INVALID_REQ 0\r\n\r\n" + b" " * 2000)


async def chatty_echo(stream: MemoryStream) -> None:
    await stream.write(await stream.read(65536))
    await stream.write(b"and more")
    await stream.read(1)


async def short_echo(stream: MemoryStream) -> None:
    await stream.write((await stream.read(65536))[:7])


@pytest.mark.parametrize(
    ("handler", "works"),
    [(echo, True), (squid, False), (chatty_echo, False)],
    ids=["echo", "squid", "more"],
)
def test_request_lines(tmp_path: Path, handler: Handler, works: bool) -> None:
    [(measurement, state)] = run(MemoryNet(tcp={HELPER: handler}), "http_invalid_request_line", tmp_path)
    keys = measurement["test_keys"]
    assert (len(keys["sent"]), len(keys["received"]), len(keys["tcp_connect"])) == (5, 5, 5)
    assert (keys["sent"] == keys["received"]) is works
    assert keys["tampering"] is not works
    assert (state is State.OK) is works
    assert measurement["input"] is None


def test_request_lines_that_are_cut_are_not_changed(tmp_path: Path) -> None:
    for handler, failure in ((short_echo, "eof_error"), (servers.reset, "connection_reset")):
        [(measurement, state)] = run(MemoryNet(tcp={HELPER: handler}), "http_invalid_request_line", tmp_path)
        keys = measurement["test_keys"]
        assert (keys["tampering"], keys["failure_list"]) == (False, [failure] * 5)
        assert state is not State.OK
    assert not is_tampered(b"abc", b"")
    assert is_tampered(b"abc", b"abd")
    assert is_tampered(b"abc", b"abcd")


async def binary_echo(stream: MemoryStream) -> None:
    await stream.read(65536)
    await stream.write(b"\x01\x05\x39\x6f\x0c\xf8")


def test_request_lines_answered_in_bytes_that_are_no_text(tmp_path: Path) -> None:
    net = MemoryNet(tcp={HELPER: binary_echo})
    [(measurement, state)] = run(net, "http_invalid_request_line", tmp_path)
    keys = measurement["test_keys"]
    assert keys["received"][0] == {"data": "AQU5bwz4", "format": "base64"}
    assert (keys["tampering"], state) == (True, State.TAMPERED)


def test_request_lines_are_those_of_the_specification() -> None:
    method, fields, big, version, squid_line = make_request_lines(random.Random(1))
    assert method.endswith(b" / HTTP/1.1\n\r")
    assert len(method.split()[0]) == 4
    assert [len(word) for word in fields.split()] == [5, 5, 5, 5]
    assert len(big.split()[0]) == 1024
    assert len(version.split()[-1]) == len("HTTP/xyz")
    assert squid_line == b"GET cache_object://localhost/ HTTP/1.0\n\r"
