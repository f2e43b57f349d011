"""Parts of an ingest in CPU microseconds a measurement, beside `orjson.loads`.

python bench/parts.py [--size N]
"""

import argparse
import gc
import gzip
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from engine import corpus_lines

from banwatch import reference
from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.judge import judge, weigh
from banwatch.model.reference import Reference
from banwatch.pipeline.line_batch import LineBatch, pack
from banwatch.store import Store
from banwatch.store.batch import Batch, BatchBuilder, content_of


def measure(lines: list[bytes], reference_data: Reference) -> tuple[dict[str, float], int]:
    """Run each part once; return CPU microseconds a measurement by part, and the number of observations."""
    packed = gzip.compress(b"\n".join(lines), 6)
    line_batch = LineBatch("bench", tuple(range(1, len(lines) + 1)), tuple(lines))
    cpu_us: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        gc.collect()
        gc.disable()
        begun = time.process_time()
        value = work()
        cpu_us[name] = (time.process_time() - begun) / len(lines) * 1e6
        gc.enable()
        return value

    timed("orjson.loads (yardstick)", lambda: [orjson.loads(line) and None for line in lines])
    timed("unpack gzip", lambda: zlib.decompress(packed, 31))
    wires = timed("decode", lambda: [decode_untrusted(line) for line in lines])
    seen = timed("observe", lambda: [observe(wire, reference_data.target_of) for wire in wires])
    evidence = timed("weigh", lambda: [weigh(observed, reference_data) for observed in seen])
    verdicts = timed("judge", lambda: [judge(row) for row in evidence])
    judged = dict(zip(map(id, evidence), verdicts, strict=True))

    def lay_out() -> Batch:
        builder = BatchBuilder()
        for observed, row in zip(seen, evidence, strict=True):
            content = content_of(row)
            number = builder.number_of(content)
            if number is None:
                number = builder.add_judged(content, judged[id(row)])
            builder.add(observed.measurement, observed.observations, row.probe_id, number)
        return builder.build()

    batch = timed("lay out as columns", lay_out)
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
