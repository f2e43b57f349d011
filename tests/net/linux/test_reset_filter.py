"""Connections that outlive resets, on loopback."""

import asyncio
import socket
import struct
import sys

import pytest

from banwatch.net.failure import NetworkFailure
from banwatch.net.real import RealNet

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="socket filters are Linux's")

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER on, no seconds: closing sends a reset."""


async def _meet_reset(*, deaf: bool, family: socket.AddressFamily) -> tuple[str, int | None]:
    address = "127.0.0.1" if family is socket.AF_INET else "::1"
    with socket.create_server((address, 0), family=family) as server:
        stream = await RealNet().open_tcp(address, server.getsockname()[1])
        assert stream.ignored_packets() is None
        if deaf:
            assert stream.ignore_resets()
        connection, _ = server.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        connection.close()
        try:
            async with asyncio.timeout(0.2):
                await stream.read(1)
            outcome = "end"
        except NetworkFailure as error:
            outcome = error.failure
        except TimeoutError:
            outcome = "still open"
        ignored = stream.ignored_packets()
        stream.close()
        return outcome, ignored


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_deaf_connection_stays_open_and_counts(family: socket.AddressFamily) -> None:
    if family is socket.AF_INET6 and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    assert asyncio.run(_meet_reset(deaf=True, family=family)) == ("still open", 1)
    assert asyncio.run(_meet_reset(deaf=False, family=family)) == ("connection_reset", None)
