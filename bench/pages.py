"""Time and weight of every kind of page over a large store: p50 and p95 in milliseconds, and kilobytes.

    python bench/pages.py --verdicts 10000000 --store /tmp/read.duckdb --json

The store is that of `bench/read.py`, made where it does not exist, and used again. Pages are made in this
process, as the explorer makes them, without HTTP. The first of each kind is left out: it compiles queries.
"""

import argparse
import gzip
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

from read import BAN, make  # type: ignore[import-not-found]  # the benchmark beside it

from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.pages import live_pages, live_places
from banwatch.pages.days import DayKey
from banwatch.pages.store_reader import StoreReader
from banwatch.pages.vantages import Vantage
from banwatch.store import Store

Question = Callable[[], str]


def pages(reader: StoreReader, rng: random.Random) -> dict[str, Question]:
    """Return a page of each kind, of places drawn anew at each call."""
    named = [total.probe_cc for total in sorted(reader.country_totals(), key=lambda one: -one.total)]

    def country() -> str:
        return named[int(len(named) * rng.random() ** 3)]

    def network() -> str:
        code = country()
        networks = reader.network_totals(CountryCode(code))
        return live_places.render_network(reader, code, rng.choice(networks).probe_asn, recorded=False)

    def target() -> str:
        found = reader.target_totals(CountryCode(country()))
        return live_places.render_target(reader, rng.choice(found).target, recorded=False)

    def day() -> str:
        code = CountryCode(country())
        cells = reader.daily_cells(code, targets=[rng.choice(reader.target_totals(code)).target])
        cell = rng.choice(cells)
        key = DayKey(
            Vantage(code, Asn(cell.probe_asn), cell.access_tier),
            TargetName(cell.target),
            cell.day.astimezone(UTC).date(),
        )
        return live_pages.render_day(reader, key, recorded=False)

    return {
        "home": lambda: live_pages.render_home(reader, recorded=False),
        "countries": lambda: live_places.render_countries(reader, recorded=False),
        "country": lambda: live_places.render_country(reader, country(), recorded=False),
        "network": network,
        "target": target,
        "day": day,
        "ban": lambda: live_pages.render_ban(reader, BAN, recorded=False),
        "search": lambda: live_places.render_search(reader, "twiter", recorded=False),
        "glossary": lambda: live_places.render_text("glossary"),
    }


def measure(question: Question, seconds: float, calls: int) -> dict[str, float]:
    """Time a page until either bound is met, at least three times after the first."""
    question()
    times, bytes_, packed = [], 0, 0
    ends = time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < ends and len(times) < calls):
        began = time.perf_counter()
        made = question().encode()
        times.append(1000 * (time.perf_counter() - began))
        bytes_, packed = max(bytes_, len(made)), max(packed, len(gzip.compress(made, 6)))
    times.sort()
    return {
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[min(len(times) - 1, int(0.95 * len(times)))], 1),
        "calls": len(times),
        "kB": round(bytes_ / 1000, 1),
        "packed_kB": round(packed / 1000, 1),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdicts", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, default=Path("/tmp/banwatch-read.duckdb"))  # a benchmark
    parser.add_argument("--seconds", type=float, default=5.0, help="for each kind of page")
    parser.add_argument("--calls", type=int, default=200, help="of each kind, at most")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not asked.store.exists():
        make(asked.store, asked.verdicts)
    with Store.open(asked.store, read_only=True) as store:
        reader = StoreReader(store)
        found = {
            name: measure(question, asked.seconds, asked.calls)
            for name, question in pages(reader, random.Random(0)).items()
        }
    if asked.json:
        print(json.dumps(found, indent=1))
        return
    for name, figures in found.items():
        print(f"{name:10}", "  ".join(f"{key} {value:,}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
