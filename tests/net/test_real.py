"""The real net, on loopback."""

import asyncio
import socket
from collections.abc import Coroutine
from typing import TypeVar

import pytest

from banwatch.net.failure import NetworkFailure, classify_os_error
from banwatch.net.real import RealNet

T = TypeVar("T")
LOCAL = "127.0.0.1"


def run(work: Coroutine[object, object, T]) -> T:
    async def settle() -> T:
        try:
            return await asyncio.wait_for(work, 10)
        finally:
            await asyncio.sleep(0.01)  # lets the server's end close its sockets

    return asyncio.run(settle())


def test_bytes_go_there_and_back_and_the_kernel_tells_of_it() -> None:
    async def converse() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.read(100))
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(echo, LOCAL, 0)
        async with server:
            stream = await RealNet().open_tcp(LOCAL, server.sockets[0].getsockname()[1])
            await stream.write(b"hello")
            assert await stream.read(100) == b"hello"
            info = stream.tcp_info()
            assert info.bytes_received in {5, 6}  # the kernel counts the end of the stream for one
            assert info.bytes_acked == 5
            assert info.rtt_ms is not None
            assert 0 < info.rtt_ms < 1000
            assert await stream.read(100) == b""
            stream.close()
            stream.close()

    run(converse())


def test_a_refused_connection_is_a_network_failure() -> None:
    with socket.socket() as taken:
        taken.bind((LOCAL, 0))  # bound but not listening: nobody else can take the port meanwhile
        with pytest.raises(NetworkFailure) as raised:
            run(RealNet().open_tcp(LOCAL, taken.getsockname()[1]))
    assert raised.value.failure == "connection_refused"


def test_a_reset_is_told_from_an_end() -> None:
    async def converse() -> str:
        async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            writer.transport.abort()

        async with await asyncio.start_server(cut, LOCAL, 0) as server:
            stream = await RealNet().open_tcp(LOCAL, server.sockets[0].getsockname()[1])
            await stream.write(b"hello")
            try:
                await stream.read(100)
            except NetworkFailure as error:
                return error.failure
            finally:
                stream.close()
        return "nothing"

    assert run(converse()) == "connection_reset"


def test_datagrams_come_with_their_time_to_live() -> None:
    async def converse() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((LOCAL, 0))
            server.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 37)
            net = RealNet()
            datagrams = await net.open_udp(LOCAL, server.getsockname()[1])
            before = net.clock()
            datagrams.send(b"question")
            data, sender = server.recvfrom(100)
            assert data == b"question"
            server.sendto(b"answer", sender)
            answer = await datagrams.receive()
            assert (answer.data, answer.ip_ttl) == (b"answer", 37)
            assert before <= answer.at_s <= net.clock()
            datagrams.close()
            datagrams.close()

    run(converse())


def test_a_closed_udp_port_is_a_network_failure() -> None:
    async def converse() -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind((LOCAL, 0))
            port = taken.getsockname()[1]
        datagrams = await RealNet().open_udp(LOCAL, port)
        try:
            datagrams.send(b"question")
            await datagrams.receive()
        except NetworkFailure as error:
            return error.failure
        finally:
            datagrams.close()
        return "nothing"

    assert run(converse()) == "connection_refused"


def test_own_addresses_are_known_but_loopback_is_no_news() -> None:
    async def converse() -> tuple[str, ...]:
        net = RealNet()
        (await net.open_udp(LOCAL, 9)).close()
        return net.own_addresses

    assert run(converse()) == ()


def test_the_systems_resolver_is_asked_in_a_thread() -> None:
    assert LOCAL in run(RealNet().resolve("localhost"))
    with pytest.raises(NetworkFailure) as raised:
        run(RealNet().resolve("x" * 70 + ".invalid"))
    assert raised.value.failure.startswith("dns_")


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (OSError(110, "x"), "timed_out"),
        (OSError(113, "x"), "host_unreachable"),
        (OSError(101, "x"), "network_unreachable"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "dns_nxdomain_error"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "dns_temporary_failure"),
        (OSError(12, "203.0.113.9 has no memory"), "unknown_failure: enomem"),
    ],
)
def test_errors_have_the_fields_names_and_no_addresses(error: OSError, failure: str) -> None:
    assert classify_os_error(error) == failure
