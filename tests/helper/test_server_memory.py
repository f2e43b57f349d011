"""A helper in a process of its own, under clients that want its memory."""

import asyncio
import contextlib
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CLIENTS = 1000
CAP_KB = 256 * 1024
"""What the process may ever hold; without clients it holds about 100 MiB, most of it libraries."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells how much a process held"
)


@pytest.fixture(scope="module")
def helper() -> Iterator[tuple[int, int]]:
    """Process id and port."""
    command = [sys.executable, "-m", "banwatch.cli.main", "helper", "--port", "0", "--per-minute", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = re.search(r":(\d+)/", process.stderr.readline())
            assert found
            yield process.pid, int(found[1])
        finally:
            process.terminate()
            process.wait(10)


def most_held_kb(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


LENGTH = b"Content-Length: 60000\r\n\r\n"
SWALLOWED = b"POST /bytes HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n"
ATTACKS = {
    "bodies that never end": b"POST / HTTP/1.1\r\nHost: h\r\n" + LENGTH + b"x" * 59_000,
    "bodies to be swallowed": SWALLOWED + b"x" * 250_000,
    "heads that never end": b"POST / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(1500)),
    "many requests at once": b"GET /bytes/500000 HTTP/1.1\r\nHost: h\r\n\r\n" * 2000,
    "bytes that nobody reads": b"GET /bytes/524288 HTTP/1.1\r\nHost: h\r\n\r\n",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
def test_a_thousand_clients_do_not_get_its_memory(helper: tuple[int, int], attack: bytes) -> None:
    pid, port = helper
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2 * CLIENTS:
        pytest.skip("too few open files are allowed here for so many clients")

    async def hold() -> bytes:
        writers: list[asyncio.StreamWriter] = []

        async def one() -> None:
            with contextlib.suppress(OSError, TimeoutError):
                _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
                writers.append(writer)
                async with asyncio.timeout(1.0):
                    writer.write(attack)
                    await writer.drain()

        await asyncio.gather(*(one() for _ in range(CLIENTS)))
        assert len(writers) > CLIENTS * 0.9
        await asyncio.sleep(0.3)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.2)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        try:
            return await asyncio.wait_for(reader.readline(), 10)
        finally:
            writer.close()

    assert asyncio.run(hold()).startswith(b"HTTP/1.1 400")
    assert most_held_kb(pid) < CAP_KB
