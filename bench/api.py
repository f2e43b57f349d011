"""Benchmark of a collector's API: submissions at a rate, a kill -9 in the middle, reading meanwhile.

`banwatch serve --collector` runs as a process of its own. Submissions of OONI's protocol come from this one
at a fixed rate, over open connections; half way through the server is killed with SIGKILL and started
again on the same port. A submission that got no answer is sent again, as probes do. In the end the store is
opened: every submission that was acknowledged has to be there (`lost`), and none twice (`doubled`). All the
while another connection reads; seconds in which the server was down do not count.

    python bench/api.py [--json] [--seconds 10] [--rate 500] [--store FILE]

A store that is given is written to. `submissions_per_s` is what was acknowledged while the server was up;
`visible_s` the time from the answer to one more submission, once the others are in, until a list has it;
`rows` are the verdicts in the store at the end, and `cpu_ms` what the server took for a submission, all told.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from banwatch.store import Store, queries

LOCAL = "127.0.0.1"
CONNECTIONS = 32
STARTING_S = 180.0
TAKEN_IN_S = 600.0
DAY = "since=2026-11-01&until=2026-11-30"
QUESTIONS = (
    f"/api/v1/measurements?probe_cc=KP&{DAY}&limit=50",
    f"/api/v1/aggregation?probe_cc=KP&{DAY}&axis_x=measurement_start_day",
    f"/api/v1/aggregation?{DAY}&axis_x=domain&probe_cc=KP",
    "/api/_/countries",
    "/api/v2/countries",
    "/api/v2/networks?cc=KP",
    "/api/v2/targets?cc=KP&limit=100",
    f"/api/v2/cells?cc=KP&{DAY}&limit=100",
    "/api/v2/incidents?cc=KP",
)


@dataclass
class Run:
    """State that submitters and readers share."""

    port: int
    ends_at: float
    rate: float
    numbers: "count[int]" = field(default_factory=count)
    acknowledged: set[str] = field(default_factory=set)
    refused: Counter[int] = field(default_factory=Counter)
    read_s: list[float] = field(default_factory=list)
    down: list[tuple[float, float]] = field(default_factory=list)
    began: float = 0.0
    cpu_ms: float = 0.0


def body_of(number: int) -> tuple[str, bytes]:
    """Make a submission, and the input that tells it from all others."""
    url = f"http://site{number % 50}.example/{number}"
    content = {
        "annotations": {"platform": "linux"},
        "data_format_version": "0.2.0",
        "input": url,
        "measurement_start_time": f"2026-11-{1 + number % 27:02} 12:{number // 60 % 60:02}:{number % 60:02}",
        "probe_asn": "AS131279",
        "probe_cc": "KP",
        "probe_ip": LOCAL,
        "resolver_asn": "AS131279",
        "software_name": "miniooni",
        "software_version": "3.31.0",
        "test_keys": {
            "blocking": False,
            "accessible": True,
            "requests": [],
            "queries": [],
            "tcp_connect": [],
        },
        "test_name": "web_connectivity",
        "test_runtime": 1.5,
        "test_start_time": "2026-11-01 12:00:00",
        "test_version": "0.5.28",
    }
    return url, json.dumps({"format": "json", "content": json.dumps(content)}).encode()


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, path: str, body: bytes = b""
) -> tuple[int, bytes]:
    """Send one request over a connection that stays open."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {LOCAL}\r\nContent-Type: application/json\r\n"
    writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    answer = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode("latin-1")
    length = next(
        int(line.partition(":")[2])
        for line in answer.lower().splitlines()
        if line.startswith("content-length")
    )
    return int(answer.split(" ", 2)[1]), await asyncio.wait_for(reader.readexactly(length), 60)


async def submit(run: Run) -> None:
    """Submit one measurement after the other at this connection's share of the rate."""
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while True:
        number = next(run.numbers)
        due = run.began + number / run.rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if time.monotonic() >= run.ends_at:
            break
        url, body = body_of(number)
        for _ in range(400):
            try:
                if connection is None:
                    connection = await asyncio.open_connection(LOCAL, run.port)
                status, _answer = await exchange(*connection, "POST", "/api/v1/submit_measurement", body)
                if status == 200:
                    run.acknowledged.add(url)
                    break
                run.refused[status] += 1
            except (OSError, asyncio.IncompleteReadError, TimeoutError, StopIteration):
                if connection is not None:
                    connection[1].close()
                connection = None
            await asyncio.sleep(0.25)
    if connection is not None:
        connection[1].close()


async def read(run: Run) -> None:
    """Ask one question after the other, and note the time that each answer took."""
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    for number in count():
        if time.monotonic() >= run.ends_at:
            break
        began = time.monotonic()
        try:
            if connection is None:
                connection = await asyncio.open_connection(LOCAL, run.port)
            status, _ = await exchange(*connection, "GET", QUESTIONS[number % len(QUESTIONS)])
            assert status == 200, (status, QUESTIONS[number % len(QUESTIONS)])
            run.read_s.append(time.monotonic() - began)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, StopIteration):
            connection = None
        await asyncio.sleep(0.05)


def start(store: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start the server, and wait until it answers."""
    words = ["serve", "--collector", "--per-minute", "0", "--store", str(store), "--port", str(port)]
    process = subprocess.Popen([sys.executable, "-m", "banwatch.cli.main", *words], stderr=subprocess.DEVNULL)
    until = time.monotonic() + STARTING_S
    while True:
        try:
            with urlopen(f"http://{LOCAL}:{port}/api/v1/test-helpers", timeout=5):
                return process
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                raise SystemExit("the server does not start") from None
            time.sleep(0.1)


def cpu_s(pid: int) -> float:
    """Read the CPU time that a process took until now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def play(
    run: Run, store: Path, process: "subprocess.Popen[bytes]", seconds: float
) -> "subprocess.Popen[bytes]":
    """Submit and read for a time, and kill the server in the middle of it."""
    began_s = cpu_s(process.pid)
    run.began = time.monotonic()
    run.ends_at = run.began + seconds
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONNECTIONS):
            tasks.create_task(submit(run))
        tasks.create_task(read(run))
        await asyncio.sleep(seconds / 2)
        killed_at = time.monotonic()
        run.cpu_ms = (cpu_s(process.pid) - began_s) * 1_000 / max(1, len(run.acknowledged))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = await asyncio.to_thread(start, store, run.port)
        back_at = time.monotonic()
        run.down.append((killed_at, back_at))
        run.ends_at += back_at - killed_at
    return process


def wait_until_taken_in(
    store: Path, run: Run, process: "subprocess.Popen[bytes]"
) -> tuple[Counter[str], int, float]:
    """Wait until what was acknowledged is in the store, end the server, and count the inputs in the store."""
    until = time.monotonic() + TAKEN_IN_S
    question = f"http://{LOCAL}:{run.port}/api/v1/aggregation?probe_cc=KP&{DAY}&software=miniooni"
    before = -1
    while time.monotonic() < until:
        with urlopen(question, timeout=60) as answer:
            held = json.load(answer)["result"]["measurement_count"]
        if held >= len(run.acknowledged) and held == before:
            break
        before = held
        time.sleep(1)
    visible_s = time_until_visible(run)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=120)
    held_inputs: Counter[str] = Counter()
    with Store.open(store, read_only=True) as opened:
        rows = opened.count(opened.table("verdict"))
        for batch in queries.verdicts_in_batches(opened, equal={"probe_cc": "KP"}):
            held_inputs.update(one.input for one in batch if ".example/" in one.input)
    return held_inputs, rows, visible_s


def time_until_visible(run: Run) -> float:
    """Submit one measurement more, and return the seconds from its answer until a list has it."""
    url, body = body_of(next(run.numbers))
    base = f"http://{LOCAL}:{run.port}"
    asked = Request(f"{base}/api/v1/submit_measurement", body, {"Content-Type": "application/json"})
    with urlopen(asked, timeout=60) as answer:
        assert answer.status == 200
    run.acknowledged.add(url)
    began = time.monotonic()
    while time.monotonic() - began < STARTING_S:
        with urlopen(f"{base}/api/v1/measurements?{DAY}&input={quote(url)}", timeout=60) as answer:
            if json.load(answer)["results"]:
                break
        time.sleep(0.1)
    return time.monotonic() - began


def main() -> None:
    """Run the benchmark, and print its figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--store", type=Path, help="a store to write to; by default an empty one")
    asked = parser.parse_args()
    with socket.socket() as free:
        free.bind((LOCAL, 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        store = asked.store or Path(folder) / "s.duckdb"
        run = Run(port=port, ends_at=0.0, rate=asked.rate)
        process = start(store, port)
        try:
            process = asyncio.run(play(run, store, process, asked.seconds))
            took_s = time.monotonic() - run.began - sum(b - a for a, b in run.down)
            held, rows, visible_s = wait_until_taken_in(store, run, process)
        finally:
            process.kill()
    times = sorted(run.read_s) or [0.0]
    found = {
        "submissions_per_s": round(len(run.acknowledged) / took_s, 1),
        "acknowledged": len(run.acknowledged),
        "refused": sum(run.refused.values()),
        "lost": len(run.acknowledged - held.keys()),
        "doubled": sum(number - 1 for number in held.values()),
        "read_p95_ms": round(times[int(len(times) * 0.95)] * 1_000, 1),
        "reads": len(run.read_s),
        "visible_s": round(visible_s, 1),
        "cpu_ms": round(run.cpu_ms, 2),
        "down_s": round(sum(b - a for a, b in run.down), 1),
        "rows": rows,
        "load": round(os.getloadavg()[0], 1),
    }
    if asked.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:18} {value}")


if __name__ == "__main__":
    main()
