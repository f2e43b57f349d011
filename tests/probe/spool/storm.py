"""A spool under fire: killed at random moments while measuring and delivering, to a collector that fails.

    python -m tests.probe.spool.storm --count 10000

Prints, as JSON, how many measurements were put, accepted, accepted twice and lost, how often the probe was
killed, and whether any target's name was ever on the disk.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import signal
import tempfile
import threading
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from banwatch.net.http.target_url import parse_target_url
from banwatch.net.real import RealNet
from banwatch.net.tls.certificates import Roots
from banwatch.probe.spool.delivery import Collector, push
from banwatch.probe.spool.sealing import make_keys, unseal_untrusted
from banwatch.probe.spool.spool import Spool

SECRET = "forbidden-target.example"


class Receiver:
    """A collector on loopback that drops connections before, after and instead of an answer."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.bodies: dict[str, bytes] = {}
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._take, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.rng.random() < 0.1:
                return
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length"))
            body = await reader.readexactly(int(length.split(b":")[1]))
            name = head.split(b" ")[1].decode().rpartition("/")[2]
            is_repeated = name in self.bodies
            if self.rng.random() < 0.1:
                writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
                return
            if not is_repeated:
                self.bodies[name] = body
            if self.rng.random() < 0.1:
                return
            writer.write(
                b"HTTP/1.1 "
                + (b"409 Known" if is_repeated else b"201 Created")
                + b"\r\nContent-Length: 0\r\n\r\n"
            )
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def probe(folder: str, key: str, port: int, number: int, seed: int, delivered: Connection) -> None:
    """Put measurements and deliver them, until there are enough, or somebody kills us."""
    rng = random.Random(seed)
    spool = Spool(Path(folder), key)
    to = Collector(url=parse_target_url(f"http://127.0.0.1:{port}/"), roots=Roots(), timeout_s=5)

    def deliver() -> int:
        work = push(RealNet(), spool, to, now=lambda: datetime.now(UTC), rng=rng, attempts=3, pause_s=0.001)
        return asyncio.run(work).left

    while number > 0:
        for _ in range(min(number, 20)):
            line = json.dumps(
                {"input": f"https://{SECRET}/", "noise": rng.randbytes(rng.randrange(3000)).hex()}
            )
            delivered.send(spool.put(line.encode()))
            number -= 1
        deliver()
    while deliver():
        pass
    delivered.send("")


def storm(
    count: int, seed: int, folder: Path, life_s: float = 2.0, most_kills: int = 1_000_000
) -> dict[str, object]:
    """Run until every measurement is delivered, killing the probe after `life_s` on average."""
    private, public = make_keys()
    receiver = Receiver(seed)
    rng = random.Random(seed)
    context = multiprocessing.get_context("spawn")
    reported: set[str] = set()
    kills, finished, leaked = 0, False, False
    while not finished:
        ours, theirs = context.Pipe(duplex=False)
        left = count - len(reported)
        process = context.Process(
            target=probe,
            args=(str(folder), public.hex(), receiver.port, left, rng.randrange(1 << 30), theirs),
        )
        process.start()
        theirs.close()
        ours.poll(30)  # it has begun: from here on any moment will do
        until = time.monotonic() + (rng.expovariate(1 / life_s) if kills < most_kills else 600.0)
        with contextlib.suppress(EOFError, OSError):
            while time.monotonic() < until and not finished:
                if ours.poll(0.01):
                    name = ours.recv()
                    finished = not name
                    reported.update({name} - {""})
            if not finished and process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
            while ours.poll(0):
                name = ours.recv()
                reported.update({name} - {""})
                finished = finished or not name
        process.join()
        leaked = leaked or any(SECRET.encode() in p.read_bytes() for p in folder.iterdir() if p.is_file())
    receiver.stop()
    opened = [unseal_untrusted(body, private) for body in receiver.bodies.values()]
    return {
        "put": len(reported),
        "accepted": len(opened),
        "accepted_twice": len(opened) - len(set(opened)),
        "lost": len(reported - set(receiver.bodies)),
        "kills": kills,
        "left_on_disk": len(list(Spool(folder).waiting())),
        "plain_text_on_disk": leaked,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="banwatch-storm-") as folder:
        print(json.dumps(storm(options.count, options.seed, Path(folder))))


if __name__ == "__main__":
    main()
