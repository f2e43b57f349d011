"""ICMP errors on ordinary sockets."""

import asyncio
import socket
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.net.failure import NetworkFailure
from banwatch.net.linux.icmp import is_forbidden, is_hop_limit, parse_extended_error_untrusted
from banwatch.net.real import RealNet
from banwatch.net.seam import IcmpError


def extended(origin: int, kind: int, code: int, address: bytes) -> bytes:
    return struct.pack("=IBBBBII", 113, origin, kind, code, 0, 0, 0) + address


IPV4 = struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton("198.51.100.7") + bytes(8)
IPV6 = (
    struct.pack("=HHI", socket.AF_INET6, 0, 0) + socket.inet_pton(socket.AF_INET6, "2001:db8::7") + bytes(4)
)


def test_who_complains_is_read() -> None:
    four = parse_extended_error_untrusted(extended(2, 11, 0, IPV4), 1.0)
    assert four == IcmpError(version=4, type=11, code=0, offender="198.51.100.7", at_s=1.0)
    assert is_hop_limit(four)
    assert not is_forbidden(four)
    six = parse_extended_error_untrusted(extended(3, 1, 1, IPV6), 1.0)
    assert six == IcmpError(version=6, type=1, code=1, offender="2001:db8::7", at_s=1.0)
    assert is_forbidden(six)
    assert not is_hop_limit(six)


def test_what_no_router_said_is_left_out() -> None:
    assert parse_extended_error_untrusted(extended(1, 0, 0, IPV4), 1.0) is None
    unnamed = parse_extended_error_untrusted(extended(2, 3, 13, bytes(16)), 1.0)
    assert unnamed is not None
    assert unnamed.offender is None
    assert is_forbidden(unnamed)


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_left_out(data: bytes) -> None:
    error = parse_extended_error_untrusted(data, 0.0)
    assert error is None or error.version in (4, 6)


@pytest.mark.parametrize(("ip", "version", "unreachable"), [("127.0.0.1", 4, (3, 3)), ("::1", 6, (1, 4))])
def test_a_closed_port_says_so(ip: str, version: int, unreachable: tuple[int, int]) -> None:
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    try:
        closed = socket.socket(family, socket.SOCK_DGRAM)
        closed.bind((ip, 0))
    except OSError as error:
        pytest.skip(f"no {ip} here: {error}")
    port = closed.getsockname()[1]
    closed.close()

    async def ask() -> None:
        datagrams = await RealNet().open_udp(ip, port)
        try:
            datagrams.send(b"x")
            with pytest.raises(NetworkFailure) as raised:
                await asyncio.wait_for(datagrams.receive(), 5)
            assert raised.value.failure == "connection_refused"
            [error] = raised.value.icmp_errors
            assert (error.version, error.offender, (error.type, error.code)) == (version, ip, unreachable)
            assert tuple(datagrams.icmp_errors()) == (error,)
        finally:
            datagrams.close()

    asyncio.run(ask())


def test_errors_that_a_send_took_notice_of_do_not_keep_the_loop_busy() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    async def ask() -> float:
        datagrams = await RealNet().open_udp("127.0.0.1", port)
        try:
            for _ in range(5):
                try:
                    datagrams.send(b"x")
                except NetworkFailure:
                    continue  # the send is told of the one before
            await asyncio.sleep(0.02)
            begun = time.thread_time()
            await asyncio.sleep(0.2)
            assert datagrams.icmp_errors()
            return time.thread_time() - begun
        finally:
            datagrams.close()

    assert asyncio.run(ask()) < 0.1
