"""Speed of the engine, as ratios to merely parsing the same JSON, all measured in one run.

The corpus is made of the emulated measurements in `../shared/data`, with distinct ids, times, networks and
small variations, gzip. The yardstick is `orjson.loads` of the same lines on one core, nothing else.

Repeated content is stored and judged once, and that corpus has much of it. So a tenth as many measurements
are measured too in which every address and page differs (`..._varied`): real data lie between the two.

Nobody can avoid to unpack the lines, to decode, to hash and to pack them for the archive: `..._unavoidable`
is the ratio to that alone, on one core. `--large` measures lines with pages of 440 kB, and nothing else.

    python bench/engine.py [--size N] [--large] [--json] [--keep DIR]
"""

import argparse
import gzip
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from zlib_ng import zlib_ng

MATERIAL = Path(__file__).parents[1] / "../shared/data/webconnectivity/emulated.jsonl"
FILE_LINES = 5_000
NETWORKS = [("KP", 131279), ("IR", 44244), ("RU", 12389), ("CN", 4134), ("TM", 20661), ("IT", 30722)]
GOALS = {
    "ingest_1core": ("at least", 0.06),
    "ingest_2cores": ("at least", 0.09),
    "ingest_1core_varied": ("at least", 0.05),
    "ingest_2cores_varied": ("at least", 0.07),
    "ingest_2cores_large": ("at least", 0.15),
    "rejudge": ("at least", 5.0),
    "peak_mb": ("at most", 1000.0),
    "store_ratio": ("at most", 0.35),
    "fetch_ms": ("at most", 20.0),
}
NATIVE_GOALS = {
    "ingest_1core": ("at least", 0.10),
    "ingest_2cores": ("at least", 0.14),
    "ingest_2cores_unavoidable": ("at least", 0.25),
}
"""Goals after `make native`, in place of the others."""
LARGE_BYTES = 440_000
"""Size of the page in a line of `--large`, which then has about 449 kB."""


_ADDRESS = re.compile(rb"\b(?:\d{1,3}\.){3}\d{1,3}\b")


def vary(line: bytes, rng: random.Random) -> bytes:
    """Replace each public address, in all its places alike, and the title."""
    others: dict[bytes, bytes] = {}

    def other(found: re.Match[bytes]) -> bytes:
        address = found[0]
        if address.startswith((b"10.", b"127.", b"192.168.", b"0.")):
            return address
        if address not in others:
            others[address] = b"%d.%d.%d.%d" % (
                rng.randrange(20, 100),
                *(rng.randrange(256) for _ in range(3)),
            )
        return others[address]

    token = f"{rng.getrandbits(32):x}".encode()
    return _ADDRESS.sub(other, line).replace(b"</title>", b" " + token + b"</title>")


def corpus_lines(size: int, seed: int = 0, *, varied: bool = False, large: bool = False) -> Iterator[bytes]:
    """Vary the material, so that each line is a measurement of its own; with large pages, if asked for."""
    rng = random.Random(seed)
    words = [f"{rng.getrandbits(rng.randrange(8, 40)):x}" for _ in range(4_000 if large else 0)]
    material = [json.loads(line) for line in MATERIAL.read_bytes().splitlines()]
    if large:
        material = [value for value in material if value["test_keys"].get("requests")]
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(size):
        value = material[number % len(material)]
        at = start + timedelta(seconds=60 * number * 90 * 24 * 60 // size + rng.randrange(60))
        country, asn = NETWORKS[rng.randrange(len(NETWORKS))]
        token = f"{rng.getrandbits(64):016x}"
        value["measurement_uid"] = f"{at:%Y%m%d%H%M%S}.{number % 10**6:06}_{country}_webconnectivity_{token}"
        value["report_id"] = (
            f"{at:%Y%m%dT%H}0000Z_webconnectivity_{country}_{asn}_n1_{rng.getrandbits(48):016x}"
        )
        value["measurement_start_time"] = f"{at:%Y-%m-%d %H:%M:%S}"
        value["test_start_time"] = f"{at - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"
        value["probe_cc"], value["probe_asn"] = country, f"AS{asn}"
        value["test_runtime"] = round(rng.uniform(0.2, 20), 6)
        for step in ("queries", "tcp_connect", "tls_handshakes"):
            for entry in value["test_keys"].get(step) or ():
                entry["t"] = round(rng.uniform(0, 5), 6)
        if large:
            text = " ".join(rng.choices(words, k=LARGE_BYTES // 6))[:LARGE_BYTES]
            page = f"<html><title>{token}</title><p>{text}</p></html>"
            last = value["test_keys"]["requests"][0]
            last["response"] = {**(last.get("response") or {}), "body": page}
        line = json.dumps(value, separators=(",", ":")).encode()
        yield vary(line, rng) if varied else line


def write_corpus(folder: Path, size: int, *, varied: bool = False, large: bool = False) -> tuple[int, int]:
    """Write gzip files; return their size, packed and unpacked."""
    packed = raw = 0
    lines: list[bytes] = []
    number = 0

    def flush() -> None:
        nonlocal packed, raw, number
        if lines:
            text = b"\n".join(lines) + b"\n"
            data = gzip.compress(text, 6, mtime=0)
            (folder / f"{number:05}.jsonl.gz").write_bytes(data)
            packed, raw, number = packed + len(data), raw + len(text), number + 1
            lines.clear()

    file_lines = FILE_LINES // 50 if large else FILE_LINES
    for line in corpus_lines(size, varied=varied, large=large):
        lines.append(line)
        if len(lines) == file_lines:
            flush()
    flush()
    return packed, raw


def unavoidable(folder: Path) -> float:
    """Measurements a second that are unpacked, decoded, hashed and packed on one core; the best of three."""
    from banwatch.formats.ooni import decode_untrusted
    from banwatch.pipeline.line_batch import LineBatch, pack

    packed = sorted(folder.iterdir())[0].read_bytes()
    best = 0.0
    for _ in range(3):
        begun = time.perf_counter()
        lines = zlib_ng.decompress(packed, 31).splitlines()
        for line in lines:
            decode_untrusted(line)
        pack(LineBatch("bench", tuple(range(len(lines))), tuple(lines)))
        best = max(best, len(lines) / (time.perf_counter() - begun))
    return best


def is_native() -> bool:
    """Whether the judge is compiled (`make native`)."""
    from banwatch.judge import line

    return not line.__file__.endswith(".py")


def yardstick(size: int, *, large: bool = False) -> float:
    """Measurements a second that `orjson.loads` parses on one core; the best of three."""
    lines = list(corpus_lines(min(size, 200 if large else 5_000), large=large))
    best = 0.0
    for _ in range(3):
        begun = time.perf_counter()
        for line in lines:
            orjson.loads(line)
        best = max(best, len(lines) / (time.perf_counter() - begun))
    return best


def _ingest(
    folder: Path, store_path: Path, jobs: int, results: "multiprocessing.Queue[dict[str, float]]"
) -> None:
    """Ingest in a process of its own, on as many cores as asked for, so that its peak is its own."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:jobs]))
    from banwatch import reference
    from banwatch.pipeline.ingest import ingest
    from banwatch.store import Store

    reference_data = reference.load()
    begun = time.perf_counter()
    with Store.open(store_path) as store:
        report = ingest(store, [folder], reference_data, jobs=jobs)
    seconds = time.perf_counter() - begun
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (jobs if jobs > 1 else 0)
    results.put(
        {
            "accepted": report.accepted,
            "seconds": seconds,
            "cpu_s": cpu_s,
            "peak_mb": (own + workers) / 1024,
        }
    )


def _rejudge(store_path: Path, results: "multiprocessing.Queue[dict[str, float]]") -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:1]))
    from banwatch.pipeline.rebuild import rejudge
    from banwatch.store import Store

    with Store.open(store_path) as store:
        begun = time.perf_counter()
        report = rejudge(store)
        seconds = time.perf_counter() - begun
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results.put({"accepted": report.measurements, "seconds": seconds, "peak_mb": peak_mb})


def apart(work: Callable[..., None], *arguments: object) -> dict[str, float]:
    """Run a piece of work in a fresh process and give its result."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[dict[str, float]] = context.Queue()
    process = context.Process(target=work, args=(*arguments, results))
    process.start()
    process.join()
    if process.exitcode != 0:
        sys.exit("bench: a measured process failed")
    return results.get()


def fetch_ms(store_path: Path, count: int = 200) -> float:
    """Time to fetch a measurement by id, 95th percentile, in milliseconds."""
    from banwatch.store import Store, queries

    rng = random.Random(1)
    with Store.open(store_path, read_only=True) as store:
        ids = sorted(m.measurement_uid for m in queries.measurements(store, limit=50_000))
        times = []
        for uid in rng.choices(ids, k=count):
            begun = time.perf_counter()
            line = queries.raw(store, uid)
            times.append((time.perf_counter() - begun) * 1000)
            if line is None or uid.encode() not in line:
                sys.exit(f"bench: {uid} was not fetched")
    return statistics.quantiles(times, n=20)[-1]


def run(size: int, folder: Path) -> dict[str, float]:
    """Measure everything."""

    def print_status(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    corpus = folder / "corpus"
    corpus.mkdir()
    print_status(f"making {size:,} measurements")
    packed, raw = write_corpus(corpus, size)
    parse_rate = yardstick(size)
    unavoidable_rate = unavoidable(corpus)
    print_status(
        f"{raw / size:,.0f} bytes a measurement, orjson.loads {parse_rate:,.0f}/s, "
        f"unavoidable {unavoidable_rate:,.0f}/s"
    )
    one = apart(_ingest, corpus, folder / "one.duckdb", 1)
    print_status(f"ingest on one core {size / one['seconds']:,.0f}/s, {one['peak_mb']:,.0f} MB")
    two = apart(_ingest, corpus, folder / "two.duckdb", 2)
    print_status(f"ingest on two cores {size / two['seconds']:,.0f}/s, {two['peak_mb']:,.0f} MB")
    store_bytes = (folder / "one.duckdb").stat().st_size
    fetched = fetch_ms(folder / "one.duckdb")
    again = apart(_rejudge, folder / "one.duckdb")
    print_status(f"judged again {size / again['seconds']:,.0f}/s, {again['peak_mb']:,.0f} MB")
    varied = run_varied(max(size // 10, 1_000), folder, parse_rate)
    if one["accepted"] != size or two["accepted"] != size or again["accepted"] != size:
        sys.exit("bench: measurements were lost")
    archive = sum(p.stat().st_size for p in (folder / "one.duckdb.archive").rglob("*.zst"))
    return {
        "native": is_native(),
        "size": size,
        "bytes_per_measurement": raw / size,
        "corpus_bytes": packed,
        "yardstick_per_s": parse_rate,
        "ingest_1core": size / one["seconds"] / parse_rate,
        "ingest_2cores": size / two["seconds"] / parse_rate,
        "unavoidable_per_s": unavoidable_rate,
        "ingest_1core_unavoidable": size / one["seconds"] / unavoidable_rate,
        "ingest_2cores_unavoidable": size / two["seconds"] / unavoidable_rate,
        "rejudge": size / again["seconds"] / parse_rate,
        "peak_mb": max(one["peak_mb"], two["peak_mb"], again["peak_mb"]),
        "store_ratio": store_bytes / packed,
        "fetch_ms": fetched,
        "cpu_us": one["cpu_s"] / size * 1e6,
        "ingest_1core_per_s": size / one["seconds"],
        "ingest_2cores_per_s": size / two["seconds"],
        "rejudge_per_s": size / again["seconds"],
        "store_bytes_per_measurement": store_bytes / size,
        "archive_bytes_per_measurement": archive / size,
        **varied,
    }


def run_varied(size: int, folder: Path, parse_rate: float) -> dict[str, float]:
    """Measure the same where nothing repeats."""
    corpus = folder / "varied"
    corpus.mkdir()
    packed, _ = write_corpus(corpus, size, varied=True)
    one = apart(_ingest, corpus, folder / "varied.duckdb", 1)
    two = apart(_ingest, corpus, folder / "varied2.duckdb", 2)
    again = apart(_rejudge, folder / "varied.duckdb")
    if one["accepted"] != size or two["accepted"] != size or again["accepted"] != size:
        sys.exit("bench: measurements were lost")
    return {
        "ingest_1core_varied": size / one["seconds"] / parse_rate,
        "ingest_2cores_varied": size / two["seconds"] / parse_rate,
        "rejudge_varied": size / again["seconds"] / parse_rate,
        "store_ratio_varied": (folder / "varied.duckdb").stat().st_size / packed,
        "ingest_1core_varied_per_s": size / one["seconds"],
        "rejudge_varied_per_s": size / again["seconds"],
        "store_bytes_per_measurement_varied": (folder / "varied.duckdb").stat().st_size / size,
    }


def run_large(size: int, folder: Path) -> dict[str, float]:
    """Measure lines with large pages."""
    corpus = folder / "large"
    corpus.mkdir()
    packed, raw = write_corpus(corpus, size, large=True)
    parse_rate, unavoidable_rate = yardstick(size, large=True), unavoidable(corpus)
    one = apart(_ingest, corpus, folder / "large.duckdb", 1)
    two = apart(_ingest, corpus, folder / "large2.duckdb", 2)
    if one["accepted"] != size or two["accepted"] != size:
        sys.exit("bench: measurements were lost")
    return {
        "native": is_native(),
        "size": size,
        "bytes_per_measurement": raw / size,
        "corpus_bytes": packed,
        "yardstick_per_s": parse_rate,
        "unavoidable_per_s": unavoidable_rate,
        "ingest_1core_large": size / one["seconds"] / parse_rate,
        "ingest_2cores_large": size / two["seconds"] / parse_rate,
        "ingest_2cores_large_unavoidable": size / two["seconds"] / unavoidable_rate,
        "peak_mb": max(one["peak_mb"], two["peak_mb"]),
    }


def main() -> None:
    """Read the arguments and print the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--size", type=int, help="measurements in the corpus (default 200,000; of large ones 2,000)"
    )
    parser.add_argument("--large", action="store_true", help="lines of about 449 kB, and nothing else")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--keep", type=Path, help="folder for the corpus and the stores; else a temporary one"
    )
    arguments = parser.parse_args()
    if not MATERIAL.exists():
        sys.exit(f"bench: {MATERIAL.resolve()} is not there")
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="banwatch-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if arguments.large:
            figures = run_large(arguments.size or 2_000, folder)
        else:
            figures = run(arguments.size or 200_000, folder)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        print(json.dumps({name: round(float(value), 4) for name, value in figures.items()}))
        return
    goals = GOALS | NATIVE_GOALS if figures["native"] else GOALS
    for name, value in figures.items():
        goal = goals.get(name)
        met = ""
        if goal:
            reached = value >= goal[1] if goal[0] == "at least" else value <= goal[1]
            met = f"  goal: {goal[0]} {goal[1]:g}, {'met' if reached else 'not met'}"
        print(f"{name:32} {value:14,.3f}{met}")


if __name__ == "__main__":
    main()
