"""Time of questions that pages and API calls ask of a large store, while commits run, and their memory.

    python bench/read.py --verdicts 10000000 --store /tmp/read.duckdb --json

The store is made by SQL in bounded memory, and used again where it exists: 200 countries, 3,000 networks,
5,000 targets, ten years. Countries, networks and targets are skewed as in OONI's archive: some have most.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from banwatch.bans import load_bans
from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, RuleId, TargetName
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.pages.days import DayKey
from banwatch.pages.live_pages import render_ban, render_day, render_home, render_measurement
from banwatch.pages.store_reader import StoreReader
from banwatch.pages.vantages import Vantage
from banwatch.store import Store, queries
from banwatch.store.counting import rolled_up as reading

COUNTRIES, NETWORKS, TARGETS, DAYS = 200, 3_000, 5_000, 3_650
START = datetime(2016, 1, 1, tzinfo=UTC)
PART_ROWS = 500_000
BAN = "dprk-2016"
_STATES = ("ok", "likely_blocked", "blocked", "impaired", "down", "insufficient")
_EMPTY = {"VARCHAR": "''", "BIGINT": "0", "BOOLEAN": "false", "DOUBLE": "0.0", "TIMESTAMP": "NULL"}


def country_name(number: int) -> str:
    """Name a country: KP, then AA, AB, ..."""
    return "KP" if number == 0 else chr(65 + number // 26) + chr(65 + number % 26)


def make(path: Path, verdicts: int) -> None:
    """Make the store."""
    with Store.open(path) as store:
        raw = store._engine._raw  # type: ignore[attr-defined]  # the one engine whose tables SQL can fill
        raw.execute(f"CREATE TEMP TABLE country AS SELECT * FROM (VALUES {_values()}) t(number, cc)")
        _add_contents(raw)
        kinds = {name: kind for name, kind, *_ in raw.execute("DESCRIBE stored_row").fetchall()}
        for first in range(0, verdicts, PART_ROWS):
            count = min(PART_ROWS, verdicts - first)
            made = _row_values(first, verdicts)
            listed = ", ".join(f"{made.get(n, _empty(kind))} AS {n}" for n, kind in kinds.items())
            drawn = ", ".join(f"hash(i, {k}) / 18446744073709551616.0 AS u{k}" for k in range(4))
            raw.execute(
                f"INSERT INTO stored_row BY NAME WITH d AS (SELECT i, {drawn} "
                f"FROM range({first}, {first + count}) t(i)), c AS (SELECT *, "
                f"CAST(floor({COUNTRIES} * pow(u0, 3)) AS BIGINT) AS country_number, "
                f"CAST(floor({TARGETS} * pow(u2, 2)) AS BIGINT) AS target_number FROM d) "
                f"SELECT {listed} FROM c JOIN country ON country.number = country_number ORDER BY i"
            )
            print(f"{first + count:,} of {verdicts:,} verdicts", file=sys.stderr)
        begun = time.monotonic()
        with store.transaction():
            store.refresh_rollups()
            store.append("comparison", _comparisons())
        print(f"rollups counted in {time.monotonic() - begun:.0f} s", file=sys.stderr)


def _values() -> str:
    return ", ".join(f"({n}, '{country_name(n)}')" for n in range(COUNTRIES))


def _empty(kind: str) -> str:
    return "[]" if kind.endswith("[]") else _EMPTY.get(kind, "NULL")


def _row_values(first: int, verdicts: int) -> dict[str, str]:
    """Return the SQL of the columns that are not empty; time goes on with the number of the row."""
    start = f"TIMESTAMP '2016-01-01' + to_seconds(CAST(i * {DAYS * 86400.0 / verdicts} AS BIGINT))"
    blocked = "hash(target_number, country_number) % 100 < 3"
    return {
        "number": "i",
        "measurement_uid": f"strftime({start}, '%Y%m%d%H%M%S') || '.' || printf('%06d', i % 1000000) || '_x'",
        "report_id": "'r' || (i // 20)",
        "measurement_start_time": start,
        "source_class": "'ooni'",
        "target": "'t' || target_number || '.example'",
        "test_name": "'web_connectivity'",
        "input": "'https://t' || target_number || '.example/'",
        "probe_cc": "cc",
        "probe_asn": f"1000 + country_number * {NETWORKS // COUNTRIES} + "
        f"CAST(floor({NETWORKS // COUNTRIES} * u1) AS BIGINT)",
        "segment": "NULL",
        "made": "true",
        "evidence": "0",
        "verdict": f"CASE WHEN {blocked} AND u3 < 0.9 THEN 1 + CAST(u3 * 2 AS BIGINT) % 2 "
        "WHEN u3 < 0.05 THEN 3 + CAST(u3 * 60 AS BIGINT) % 3 ELSE 0 END",
    }


def _add_contents(raw: object) -> None:
    execute = raw.execute  # type: ignore[attr-defined]  # DuckDB's connection
    for table in ("stored_evidence", "stored_verdict"):
        kinds = {name: kind for name, kind, *_ in execute(f"DESCRIBE {table}").fetchall()}
        for number, state in enumerate(_STATES):
            accuses = State(state).accuses
            made = {
                "content": str(number),
                "state": f"'{state}'",
                "mechanisms": "['dns.nxdomain']" if accuses else "[]",
                "rules": "['dns.nxdomain']" if accuses else "['ok']",
                "resolver_kind": "'unknown'",
                "ruleset": "'1'",
            }
            listed = ", ".join(f"{made.get(n, _empty(kind))} AS {n}" for n, kind in kinds.items())
            execute(f"INSERT INTO {table} BY NAME SELECT {listed}")


def _comparisons() -> list[Comparison]:
    """Make the comparison of one ban: every target on every network of its country."""
    ban = load_bans()[BAN]
    return [
        Comparison(
            ban_id=BAN,
            target=TargetName(f"t{n}.example"),
            category="",
            probe_cc=ban.country,
            probe_asn=Asn(1000 + asn),
            access_tier="",
            announced=False,
            measured=Measured.ENFORCED if n % 33 == 0 else Measured.NOT_ENFORCED,
            since=(START, START) if n % 33 == 0 else None,
            until=None,
            since_known=n % 33 == 0,
            mechanisms=("dns.nxdomain",) if n % 33 == 0 else (),
            measurements=100,
            interfered=90 if n % 33 == 0 else 0,
            witness=None,
            relation=(),
        )
        for n in range(TARGETS)
        for asn in range(NETWORKS // COUNTRIES)
    ]


def questions(store: Store, rng: random.Random) -> dict[str, Callable[[], object]]:
    """Return the questions; each draws its own country, target and day."""
    reader = StoreReader(store)

    def cc() -> CountryCode:
        return CountryCode(country_name(int(COUNTRIES * rng.random() ** 3)))

    def target() -> TargetName:
        return TargetName(f"t{int(TARGETS * rng.random() ** 2)}.example")

    def day() -> datetime:
        return START + timedelta(days=rng.randrange(DAYS))

    def some_verdict() -> Verdict:
        at = day()
        return queries.verdicts(store, since=at, until=at + timedelta(days=3), limit=1)[0]

    def day_page() -> object:
        one = sample[rng.randrange(len(sample))]
        vantage = Vantage(one.probe_cc, one.probe_asn, one.access_tier)
        return render_day(
            reader, DayKey(vantage, one.target, one.measurement_start_time.date()), recorded=False
        )

    def deep_page() -> object:
        one = sample[rng.randrange(len(sample))]
        after = (one.measurement_start_time, one.measurement_uid, one.target)
        return queries.verdicts(store, probe_cc=one.probe_cc, after=after, limit=101)

    sample = [some_verdict() for _ in range(8)]
    return {
        "home page": lambda: render_home(reader, recorded=False),
        "page of a ban": lambda: render_ban(reader, BAN, recorded=False),
        "page of a day": day_page,
        "page of a measurement": lambda: render_measurement(
            reader, sample[rng.randrange(len(sample))].measurement_uid, recorded=False
        ),
        "countries": lambda: reading.countries(store),
        "days of a country": lambda: reading.country_days(store, probe_cc=cc(), limit=400),
        "networks of a country": lambda: reading.networks(store, cc(), limit=100),
        "targets of a country": lambda: reading.targets(store, cc(), limit=100),
        "countries of a target": lambda: reading.countries_of_target(store, target()),
        "daily cells of a target": lambda: reading.daily_cells(store, cc(), targets=[target()], limit=1000),
        "cells of a target": lambda: queries.cells(store, probe_cc=cc(), target=target(), limit=1000),
        "page of verdicts": lambda: queries.verdicts(store, probe_cc=cc(), since=day(), limit=101),
        "deep page of verdicts": deep_page,
    }


def _commit_until(store: Store, done: threading.Event, commits: list[int]) -> None:
    """Commit measurements of today, some hundred at once."""
    number = 0
    while not done.is_set():
        rows = [_late_verdict(number + n) for n in range(500)]
        number += len(rows)
        with store.transaction():
            store.append("verdict", rows)
        commits[0] += 1


def _late_verdict(n: int) -> Verdict:
    return Verdict(
        measurement_uid=MeasurementUid(f"late{time.time_ns()}-{n}"),
        target=TargetName(f"t{n % TARGETS}.example"),
        test_name="web_connectivity",
        input="",
        probe_cc=CountryCode(country_name(n % COUNTRIES)),
        probe_asn=Asn(1000 + n % NETWORKS),
        access_tier="",
        report_id=f"late{n // 20}",
        probe_id="",
        measurement_start_time=START + timedelta(days=DAYS, minutes=n % 1440),
        state=State.OK,
        mechanisms=(),
        layer=None,
        hop=None,
        rules=(RuleId("ok"),),
        vetoed=(),
        sentence="",
        ruleset="1",
        snapshots=(),
    )


def measure(path: Path, seconds: float, *, with_commits: bool) -> dict[str, object]:
    """Ask each question for some seconds, and return times in ms and memory in MB."""
    with Store.open(path) as store:
        done, commits = threading.Event(), [0]
        kinds = questions(store, random.Random(1))
        thread = threading.Thread(target=_commit_until, args=(store, done, commits))
        if with_commits:
            thread.start()
        times: dict[str, list[float]] = {}
        cpu: dict[str, list[float]] = {}
        try:
            for name, ask in kinds.items():
                ask()  # compiles the expression
                until = time.monotonic() + seconds
                while time.monotonic() < until or len(times.get(name, ())) < 5:
                    begun, worked = time.perf_counter(), time.process_time()
                    ask()
                    times.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
                    cpu.setdefault(name, []).append((time.process_time() - worked) * 1000)
        finally:
            done.set()
            if with_commits:
                thread.join()
        counted = store.count(store.table("verdict"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found: dict[str, object] = {"verdicts": counted, "commits": commits[0], "peak_mb": round(peak)}
    for name, took in times.items():
        took.sort()
        p50, p95 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.95))]
        row = {"asked": len(took), "p50_ms": round(p50, 1), "p95_ms": round(p95, 1)}
        if not with_commits:  # the CPU of all threads, which other work on the machine does not change
            row["cpu_p95_ms"] = round(sorted(cpu[name])[min(len(took) - 1, int(len(took) * 0.95))], 1)
        found[name] = row
    return found


def main() -> None:
    """Make the store where there is none, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdicts", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, default=Path("/tmp/banwatch-read.duckdb"))  # a benchmark
    parser.add_argument("--seconds", type=float, default=3.0, help="for each kind of question")
    parser.add_argument("--quiet", action="store_true", help="no commits meanwhile")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--make", action="store_true", help="make the store and end")
    chosen = parser.parse_args()
    if chosen.make:
        make(chosen.store, chosen.verdicts)
        return
    if not chosen.store.exists():  # in a process of its own, whose memory does not count
        again = [sys.executable, __file__, "--make", "--store", str(chosen.store)]
        subprocess.run([*again, "--verdicts", str(chosen.verdicts)], check=True, timeout=7200)
    found = measure(chosen.store, chosen.seconds, with_commits=not chosen.quiet)
    if chosen.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{found.pop('verdicts'):,} verdicts, {found.pop('commits')} commits, {found.pop('peak_mb')} MB")
    for name, row in found.items():
        print(f"{name:26} {row}")


if __name__ == "__main__":
    main()
