"""Parts of an ingest in CPU microseconds a measurement, beside `orjson.loads`.

python bench/parts.py [--size N]
"""

import argparse
import gzip
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import orjson
from engine import corpus_lines
from zlib_ng import zlib_ng

from banwatch import reference
from banwatch.formats.ooni import Observed, decode_untrusted, observe
from banwatch.judge import judge, weigh
from banwatch.model.evidence import Evidence
from banwatch.model.reference import Reference
from banwatch.model.verdict import Verdict
from banwatch.pipeline.line_batch import LineBatch, pack, without_collector
from banwatch.store import Store
from banwatch.store.batch_builder import BatchBuilder, content_of

T = TypeVar("T")


CHUNK_LINES = 20
"""Measurements whose objects live at once: an ingest, too, drops each before long."""


def measure(lines: list[bytes], reference_data: Reference) -> tuple[dict[str, float], int]:
    """Run each part once; return CPU microseconds a measurement by part, and the number of observations."""
    packed = gzip.compress(b"\n".join(lines), 6)
    line_batch = LineBatch("bench", tuple(range(1, len(lines) + 1)), tuple(lines))
    cpu_us: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        begun = time.process_time()
        value = work()
        cpu_us[name] = cpu_us.get(name, 0.0) + (time.process_time() - begun) / len(lines) * 1e6
        return value

    def take(chunk: list[bytes], builder: BatchBuilder) -> None:
        timed("orjson.loads (yardstick)", lambda: [orjson.loads(line) and None for line in chunk])
        wires = timed("decode", lambda: [decode_untrusted(line) for line in chunk])
        seen = timed("observe", lambda: [observe(wire, reference_data.target_of) for wire in wires])
        evidence = timed("weigh", lambda: [weigh(observed, reference_data) for observed in seen])
        verdicts = timed("judge", lambda: [judge(row) for row in evidence])
        timed("lay out as columns", lambda: add(builder, seen, evidence, verdicts))

    with without_collector():
        builder = BatchBuilder()
        for start in range(0, len(lines), CHUNK_LINES):
            take(lines[start : start + CHUNK_LINES], builder)
        batch = timed("lay out as columns", builder.build)
    timed("unpack gzip", lambda: zlib_ng.decompress(packed, 31))
    timed("hash and pack for the archive", lambda: pack(line_batch))
    with (
        tempfile.TemporaryDirectory(prefix="banwatch-bench-") as folder,
        Store.open(Path(folder) / "s.duckdb") as store,
    ):

        def write() -> None:
            with store.transaction():
                store.append_batch(batch, ())

        timed("write to DuckDB", write)
    return cpu_us, batch.steps.num_rows


def add(
    builder: BatchBuilder,
    seen: Iterable[Observed],
    evidence: Iterable[Evidence],
    verdicts: Iterable[Verdict],
) -> None:
    """Add measurements to a batch as an ingest does."""
    for observed, row, verdict in zip(seen, evidence, verdicts, strict=True):
        content = content_of(row)
        number = builder.number_of(content)
        if number is None:
            number = builder.add_judged(content, verdict)
        builder.add(observed.measurement, observed.observations, row.probe_id, number)


def main() -> None:
    """Measure each part on the same lines and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--size", type=int, default=4_000)
    size = parser.parse_args().size
    lines, reference_data = list(corpus_lines(size)), reference.load()
    measure(lines, reference_data)  # fills caches
    cpu_us, steps = measure(lines, reference_data)
    total = sum(value for name, value in cpu_us.items() if "yardstick" not in name)
    size_bytes = sum(map(len, lines)) / size
    print(f"{size:,} measurements of {size_bytes:,.0f} bytes, {steps / size:.1f} observations each.\n")
    print("| part | CPU µs a measurement | of the whole |\n|---|---|---|")
    for name, value in cpu_us.items():
        print(f"| {name} | {value:.1f} | {'' if 'yardstick' in name else f'{value / total:.0%}'} |")
    print(f"| all but the yardstick | {total:.1f} | 100% |")


if __name__ == "__main__":
    main()
