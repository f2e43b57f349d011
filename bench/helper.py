"""Benchmark of the helper under attack: a thousand clients ask for endless bodies, all at the same time.

Everything is on loopback; the endless site runs in a process of its own, so that the memory printed is the
helper's and its clients' alone.

    python bench/helper.py [--clients 1000]
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import time
from collections import Counter
from multiprocessing.connection import Connection

from banwatch.helper import create_helper
from banwatch.helper.settings import HelperSettings

LOCAL = "127.0.0.1"
CHUNK = b"x" * 65536


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(CHUNK)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def serve_endless_bodies(ports: Connection) -> None:
    """Pour bytes at whoever asks, for ever."""

    async def serve() -> None:
        server = await asyncio.start_server(_pour, LOCAL, 0, backlog=1024)
        ports.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


async def ask(port: int, site: int) -> str:
    """Ask the helper once; what came of it."""
    body = json.dumps({"http_request": f"http://{LOCAL}:{site}/{os.urandom(4).hex()}"}).encode()
    try:
        reader, writer = await asyncio.open_connection(LOCAL, port)
        writer.write(
            b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        answer = await reader.read()
        writer.close()
    except OSError as error:
        return type(error).__name__
    return answer.split(b" ")[1].decode() if answer else "nothing"


async def attack(clients: int, site: int) -> dict[str, object]:
    """Ask from all clients at once, and once more when they are done."""
    settings = HelperSettings(allow_private=True, total_timeout_s=60.0, step_timeout_s=20.0)
    helper = create_helper(settings)
    port = await helper.start(LOCAL, 0)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    answers = Counter(await asyncio.gather(*(ask(port, site) for _ in range(clients))))
    seconds = time.perf_counter() - begun
    afterwards = await ask(port, site)
    await helper.stop()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "clients": clients,
        "answers": dict(answers),
        "seconds": round(seconds, 1),
        "rss_before_mb": round(before_mb),
        "rss_peak_mb": round(peak_mb),
        "bodies_allowed_mb": settings.max_in_flight * settings.body_limit_bytes // 1_000_000,
        "afterwards": afterwards,
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=1000)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    ours, theirs = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=serve_endless_bodies, args=(theirs,), daemon=True
    )
    process.start()
    try:
        print(json.dumps(asyncio.run(attack(options.clients, ours.recv()))))
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
