"""What attacks cost: single hostile requests, forging and erasing incidents, and floods.

Run: `python bench/adversary.py [--json] [--part requests|costs|floods] [--attack NAME]`. *costs*: what N
submissions from M places over D days reach. *floods*: the share of honest submissions that a collector takes
meanwhile. *requests*: memory and time of each, and who else is served. A server is warmed by ordinary
submissions. Memory is the growth of its highest resident size, with that of processes that it starts, from
before a request until what it sent is in the store, or refused. Meanwhile another client submits four times a
second: a submission is `served` if it is answered with 200 within two seconds.
"""

import argparse
import contextlib
import gzip
import http.client
import io
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.attacks import costs, floods

HEAD = '"test_name":"web_connectivity","measurement_start_time":"2026-01-01 00:00:00","probe_cc":"KP"'
_TIMEOUT_S = 120
_SETTLE_S = 400
_QUICK_S = 2.0
_MIB = 1 << 20


@dataclass(frozen=True)
class Request:
    """Request of an attacker."""

    path: str
    body: bytes
    encoding: str = ""


def _text(text: str) -> bytes:
    return f'{{{HEAD},"test_keys":{{"requests":[{{"response":{{"body":"{text}"}}}}]}}}}'.encode()


def _values(value: str, size_bytes: int) -> bytes:
    many = ",".join([value] * (size_bytes // (len(value) + 1)))
    return f'{{{HEAD},"test_keys":{{"tcp_connect":[{many}]}}}}'.encode()


def _line(number: int) -> bytes:
    at = f"2026-01-01 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
    keys = {"number": number, "requests": [{"response": {"body": f"<title>{number}</title>" * 50}}]}
    found = {
        "test_name": "web_connectivity",
        "measurement_start_time": at,
        "probe_cc": "KP",
        "test_keys": keys,
    }
    return json.dumps(found).encode()


def _many(number: int, line: Callable[[int], bytes]) -> Request:
    return Request(FILE, gzip.compress(b"\n".join(map(line, range(number))), 1))


def _short(number: int) -> bytes:
    at = f"2026-01-{number // 86_400 + 1:02} {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
    return f'{{"test_name":"dnscheck","measurement_start_time":"{at}","test_keys":{{}}}}'.encode()


def _wide(number: int) -> bytes:
    return _values('{"ip":"1.2.3.4"}', 17 * 60_000)[:-2] + b'],"number":%d}}' % number


def _zip_of_many() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{number}.jsonl", b"")
    return packed.getvalue()


def _wide_window() -> bytes:
    settings = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    noise = random.Random(1).randbytes(1 << 20)
    return zstandard.ZstdCompressor(compression_params=settings).compress(noise * 150)


SINGLE, FILE = "/measurement", "/api/v1/bundles"
ATTACKS: dict[str, Callable[[], Request]] = {
    "ordinary": lambda: Request(SINGLE, _line(70_000)),
    "text_of_30_mb": lambda: Request(SINGLE, gzip.compress(_text("x" * 30_000_000), 1), "gzip"),
    "longest_text": lambda: Request(SINGLE, _text("x" * (6 * _MIB - 200))),
    "longest_wide_text": lambda: Request(SINGLE, _text("\U0001f4a3" + "x" * (6 * _MIB - 200))),
    "longest_page": lambda: Request(SINGLE, _text("<p>word " * (_MIB * 3 // 4 - 100))),
    "escapes": lambda: Request(SINGLE, _text("\\u0031" * (6 * _MIB // 6 - 100))),
    "quotes": lambda: Request(SINGLE, _values("1", 700_000)[:-3] + b'"' + b'\\"' * 2_500_000),
    "empty_objects": lambda: Request(SINGLE, gzip.compress(_values("{}", 30_000_000), 1), "gzip"),
    "most_values": lambda: Request(SINGLE, _values("{}", 149_000 * 3)),
    "most_connections": lambda: Request(SINGLE, _values('{"ip":"1.2.3.4"}', 140_000 * 17)),
    "deep_nesting": lambda: Request(SINGLE, b'{"content":' + b"[" * 1_000_000),
    "text_in_a_file": lambda: Request(FILE, gzip.compress(_text("x" * 30_000_000), 1)),
    "folded_file": lambda: Request(
        FILE, b"[\n" + _text("x" * 8_000_000) + b"," + _text("y" * 8_000_000) + b"]"
    ),
    "copies": lambda: Request(FILE, gzip.compress((_line(1) + b"\n") * 100_000, 1)),
    "many_lines": lambda: _many(8_000, _line),
    "many_short_lines": lambda: _many(20_000, _short),
    "many_wide_lines": lambda: _many(24, _wide),
    "members": lambda: Request(FILE, _zip_of_many()),
    "wide_window": lambda: Request(FILE, _wide_window()),
}


def _peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


@dataclass
class Server:
    """Collector under attack."""

    port: int
    pid: int
    store: Path
    workers_peak_bytes: int = 0

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Send a request, and return status and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def waiting_bytes(self) -> int:
        """Return the bytes that are not in the store yet."""
        return int(json.loads(self.ask("GET", "/api/v1/collector")[1])["waiting_bytes"])

    def settle(self) -> None:
        """Wait until all that was taken is in the store."""
        until = time.monotonic() + _SETTLE_S
        quiet = 0
        while quiet < 3 and time.monotonic() < until:
            time.sleep(0.4)
            self.see_workers()
            quiet = 0 if self.waiting_bytes() else quiet + 1
        if quiet < 3:
            raise RuntimeError(f"not brought in after {_SETTLE_S} s")

    def peak_bytes(self) -> int:
        """Return the highest resident size since it was last forgotten, with that of its worker processes."""
        return _peak_bytes(self.pid) + self.workers_peak_bytes

    def forget_peak(self) -> None:
        """Begin to measure anew."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        self.workers_peak_bytes = 0

    def see_workers(self) -> None:
        """Note what the worker processes of this moment took."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}").parent.glob("*/children")
        found = 0
        for text in children:
            with contextlib.suppress(OSError, StopIteration):
                found += sum(_peak_bytes(int(pid)) for pid in text.read_text().split())
        self.workers_peak_bytes = max(self.workers_peak_bytes, found)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Run a collector that has ordinary measurements."""
    program = [str(Path(sys.executable).with_name("banwatch")), "serve", "--collector", "--per-minute", "0"]
    program += ["--proxy", "127.0.0.1", "--store", str(folder / "s.duckdb")]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([*program], stdout=log, stderr=log)
    try:
        until = time.monotonic() + _TIMEOUT_S
        while not (found := re.search(rb"http://127\.0\.0\.1:(\d+)", (folder / "log").read_bytes())):
            if running.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text())
            time.sleep(0.1)
        server = Server(int(found[1]), running.pid, folder / "s.duckdb")
        time.sleep(1)
        for number in range(90_000, 90_200):
            server.ask("POST", SINGLE, _line(number), **{"X-Forwarded-For": f"192.0.2.{number % 250}"})
        server.ask("POST", FILE, b"\n".join(map(_line, range(80_000, 80_500))))
        server.settle()
        for path in ("/", "/api/v2/verdicts", "/api/v2/incidents"):
            server.ask("GET", path)
        yield server
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@dataclass
class Honest:
    """Client that goes on submitting."""

    server: Server
    times_s: list[float] = field(default_factory=list)
    failed: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self, first: int) -> None:
        """Submit until it is told to end."""
        number = first
        while not self.ended.wait(0.25):
            number += 1
            began = time.monotonic()
            try:
                sender = {"X-Forwarded-For": f"203.0.113.{number % 250}"}
                status, _ = self.server.ask("POST", SINGLE, _line(number), **sender)
            except OSError:
                status = 0
            self.times_s.append(time.monotonic() - began)
            self.failed += status != 200 or self.times_s[-1] > _QUICK_S


def measure(server: Server, name: str, number: int) -> dict[str, object]:
    """Carry out one attack."""
    request = ATTACKS[name]()
    server.settle()
    server.forget_peak()
    before, began = server.peak_bytes(), time.monotonic()
    honest = Honest(server)
    thread = threading.Thread(target=honest.run, args=(200_000 + 1_000 * number,))
    thread.start()
    headers = {"X-Forwarded-For": "198.51.100.7", "Content-Type": "application/json"}
    if request.encoding:
        headers["Content-Encoding"] = request.encoding
    status, body = server.ask("POST", request.path, request.body, **headers)
    answered_s = time.monotonic() - began
    honest.ended.set()
    thread.join()
    server.settle()
    return {
        "attack": name,
        "sent_bytes": len(request.body),
        "status": status,
        "said": body[:60].decode("utf-8", "replace"),
        "grown_mib": round((server.peak_bytes() - before) / _MIB, 1),
        "answered_s": round(answered_s, 2),
        "done_s": round(time.monotonic() - began, 1),
        "others": len(honest.times_s),
        "others_not_served": honest.failed,
        "others_slowest_s": round(max(honest.times_s, default=0.0), 2),
    }


def main() -> None:
    """Run every part, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--attack", action="append", choices=sorted(ATTACKS), help="only this; may be repeated"
    )
    parser.add_argument("--part", choices=["requests", "costs", "floods"], help="this part alone")
    options = parser.parse_args()
    for part, rows in (("costs", costs.rows), ("floods", floods.rows)):
        if options.part == part or not (options.part or options.attack):
            for row in rows():
                text = ", ".join(f"{key} {value}" for key, value in row.items())
                print(json.dumps(row) if options.json else text, flush=True)
    if options.part in (None, "requests"):
        _measure_requests(options.attack or list(ATTACKS), as_json=options.json)


def _measure_requests(names: list[str], *, as_json: bool) -> None:
    """Run single requests against one server."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        for number, name in enumerate(names):
            row = measure(server, name, number)
            wanted = (
                "{attack}: {grown_mib} MiB, {answered_s} s, {status} {said}; others: {others}, not served "
            )
            wanted += "{others_not_served}, slowest {others_slowest_s} s; done in {done_s} s"
            print(json.dumps(row) if as_json else wanted.format(**row), flush=True)


if __name__ == "__main__":
    main()
