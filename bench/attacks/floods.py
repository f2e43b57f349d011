"""Floods over real sockets: the share of honest submissions that a collector takes while it is attacked.

`banwatch serve --collector` listens on this machine; attackers and honest clients have addresses of their
own in 127.0.0.0/8. Every flood is bounded in connections and time.
"""

import http.client
import json
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.collector.serving import serving
from tests.pipeline.measurement_lines import line

_HONEST = 30
_PER_MINUTE = 60
_HONEST_TIMEOUT_S = 15.0
_FLOOD_S = 40.0
"""Longest time of a flood; it ends as soon as the honest clients are done."""


@dataclass(frozen=True, slots=True)
class Flood:
    """Kind of a flood, and the number of addresses that it comes from."""

    name: str
    addresses: int
    run: Callable[[int, str, threading.Event], None]


def _connect(port: int, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0))


def idle(port: int, source: str, over: threading.Event) -> None:
    """Hold connections that say nothing."""
    held = []
    while not over.wait(0.01) and len(held) < 1_000:
        with suppress(OSError):
            held.append(_connect(port, source))
    over.wait(_FLOOD_S)
    for one in held:
        one.close()


def drip(port: int, source: str, over: threading.Event) -> None:
    """Hold bodies that come byte by byte."""
    held = []
    for _ in range(80):
        with suppress(OSError):
            one = _connect(port, source)
            one.sendall(b"POST /measurement HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000000\r\n\r\n")
            held.append(one)
    while not over.wait(0.5):
        for one in held:
            with suppress(OSError):
                one.sendall(b" ")
    for one in held:
        one.close()


def submissions(port: int, source: str, over: threading.Event) -> None:
    """Send measurements as quickly as they are answered, each another one."""
    number = hash(source) % 1_000_000
    while not over.is_set():
        number += 1
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, 5, source_address=(source, 0))
            connection.request("POST", "/measurement", line(number))
            connection.getresponse().read()
            connection.close()


def proofs(port: int, source: str, over: threading.Event) -> None:
    """Send proofs of credentials that cannot hold, each of which has to be checked."""
    with suppress(OSError, http.client.HTTPException, ValueError):
        connection = http.client.HTTPConnection("127.0.0.1", port, 5, source_address=(source, 0))
        connection.request("GET", "/api/v1/manifest")
        version = json.loads(connection.getresponse().read())["meta"]["version"]
        body = {
            "content": line(1).decode(),
            "nym": "A" * 43 + "=",
            "zkp_request": "A" * 6_932,
            "manifest_version": version,
        }
        while not over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, 5, source_address=(source, 0))
            connection.request("POST", "/api/v1/submit_measurement", json.dumps(body).encode())
            connection.getresponse().read()
            connection.close()


FLOODS = (
    Flood("none", 0, idle),
    Flood("idle_connections", 1, idle),
    Flood("idle_connections", 16, idle),
    Flood("dripping_bodies", 8, drip),
    Flood("submissions", 1, submissions),
    Flood("submissions", 16, submissions),
    Flood("proofs", 4, proofs),
)


def rows() -> Iterator[dict[str, object]]:
    """Run each flood against a collector of its own, while honest clients submit once each."""
    for number, flood in enumerate(FLOODS):
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(Path(folder) / "s.duckdb", "--per-minute", _PER_MINUTE) as served,
        ):
            over = threading.Event()
            threads = [
                threading.Thread(
                    target=flood.run, args=(served.port, f"127.66.{number}.{n + 1}", over), daemon=True
                )
                for n in range(flood.addresses)
            ]
            for thread in threads:
                thread.start()
            time.sleep(1 if threads else 0)
            taken, slowest_s = _honest(served.port)
            over.set()
            for thread in threads:
                thread.join(10)
        yield {
            "flood": flood.name,
            "addresses": flood.addresses,
            "honest_share": taken / _HONEST,
            "slowest_honest_s": round(slowest_s, 2),
        }


def _honest(port: int) -> tuple[int, float]:
    """Submit once from each of the honest addresses; return how many were taken, and the longest wait."""
    taken, slowest_s = 0, 0.0
    for number in range(_HONEST):
        began = time.monotonic()
        with suppress(OSError, http.client.HTTPException):
            source = (f"127.99.0.{number + 1}", 0)
            connection = http.client.HTTPConnection(
                "127.0.0.1", port, _HONEST_TIMEOUT_S, source_address=source
            )
            connection.request("POST", "/measurement", line(5_000_000 + number))
            taken += connection.getresponse().status == 200
            connection.close()
        slowest_s = max(slowest_s, time.monotonic() - began)
    return taken, slowest_s
