"""Time and memory of detection over a store of many cells, and again after a commit of one day.

Countries are measured as the field measures: networks of few probes that come and go for days, runs of many
targets. One target in fifty is blocked for a week. Cells are written as they are kept, so that making the
store takes no ingest.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.pipeline.conclude import detect
from banwatch.store import Store
from banwatch.store.tables import TABLES

START = datetime(2025, 1, 6, tzinfo=UTC)
DAYS, TARGETS, PROBES = 84, 20, 5
RUNS_A_DAY = 10.0
"""Hours of a day in which a network is measured while its probes are there."""
ROWS_A_NETWORK = 11_000
"""About so many cells come of a network."""


def report(rows: int, seed: int) -> dict[str, object]:
    """Make a store, detect in it twice, and return seconds of CPU, seconds on the clock and megabytes."""
    with tempfile.TemporaryDirectory(prefix="banwatch-scale-") as folder:
        path = Path(folder) / "scale.duckdb"
        made = make(path, rows, seed)
        result: dict[str, object] = {"cells": made}
        result["first"] = _timed(path)
        result["nothing_new"] = _timed(path)
        with Store.open(path) as store, store.transaction():
            store.append("verdict", one_day("AB"))
        result["one_day_of_one_country"] = _timed(path)
    return result


def make(path: Path, rows: int, seed: int) -> int:
    """Write about so many cells, a country at a time."""
    rng = np.random.default_rng(2016 + seed)
    made = 0
    number = 0
    with Store.open(path) as store:
        while made < rows:
            networks = 1 + int(rng.integers(0, 6))
            cc = chr(65 + number // 26) + chr(65 + number % 26)
            with store.transaction():
                for network in range(networks):
                    cells = _network(rng, cc, 64_500 + 10 * number + network)
                    store.append_arrow("cell", cells)
                    made += cells.num_rows
            number += 1
    return made


def _network(rng: np.random.Generator, cc: str, asn: int) -> pa.Table:
    hours = DAYS * 24
    there = np.repeat(rng.random((PROBES, DAYS // 3)) < 0.6, 72, axis=1)
    runs = there & (rng.random((PROBES, hours)) < RUNS_A_DAY / 24 / PROBES)
    measured = np.flatnonzero(runs.any(axis=0))
    hour = np.repeat(measured, TARGETS)
    target = np.tile(np.arange(TARGETS), len(measured))
    blocked = rng.random(TARGETS) < 0.02
    begins = rng.integers(24 * 14, hours - 24 * 14, TARGETS)
    accuses = blocked[target] & (hour >= begins[target]) & (hour < begins[target] + 168)
    bad = np.repeat(rng.random(len(measured)) < 0.03, TARGETS) & (rng.random(len(hour)) < 0.5)
    accuses = np.where(accuses, rng.random(len(hour)) < 0.95, bad)
    voices = [[f"{cc}{asn}p{p}" for p in np.flatnonzero(runs[:, h])] for h in measured]
    said = [voices[i // TARGETS] for i in range(len(hour))]
    at = pa.array([START + timedelta(hours=int(h)) for h in hour], pa.timestamp("us", "UTC")).cast(
        "timestamp[us]"
    )
    count = len(hour)
    none: list[list[str]] = [[]] * count
    showed = [voice if yes else [] for voice, yes in zip(said, accuses, strict=True)]
    worked = [[] if yes else voice for voice, yes in zip(said, accuses, strict=True)]
    voted = np.array([len(voice) for voice in said])
    given: dict[str, object] = {
        "target": [f"t{n:02}.org" for n in target],
        "probe_cc": [cc] * count,
        "probe_asn": [asn] * count,
        "access_tier": [""] * count,
        "hour": at,
        "blocked": np.where(accuses, voted, 0),
        "ok": np.where(accuses, 0, voted),
        "probes": voted,
        "reports": voted,
        "mechanisms": [["tls.reset"] if yes else [] for yes in accuses],
        "first_at": at,
        "last_at": at,
        "witness": [f"u{asn}h{h}t{n}" for h, n in zip(hour, target, strict=True)],
        "accusers": showed,
        "absolvers": worked,
        "resolver_kind": ["unknown"] * count,
        "source_class": ["ooni"] * count,
        "lag_s": [None] * count,
    }
    schema = TABLES["cell"].layout.arrow
    columns = [
        given.get(f.name, none if pa.types.is_list(f.type) else np.zeros(count, np.int64)) for f in schema
    ]
    arrays = [
        c if isinstance(c, pa.Array) else pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def one_day(cc: str) -> list[Verdict]:
    """Return the verdicts of one day on one network of a country, after all others."""
    asn = 64_500 + 10 * (ord(cc[1]) - 65)
    day = START + timedelta(days=DAYS - 1)
    return [
        Verdict(
            measurement_uid=MeasurementUid(f"new{hour}t{n}"),
            target=TargetName(f"t{n:02}.org"),
            test_name="web_connectivity",
            input=f"https://t{n:02}.org/",
            probe_cc=CountryCode(cc),
            probe_asn=Asn(asn),
            access_tier="",
            layer=None,
            hop=None,
            vetoed=(),
            sentence="",
            snapshots=(),
            measurement_start_time=day + timedelta(hours=hour, minutes=30),
            probe_id=f"{cc}{asn}p9",
            report_id=f"r{hour}",
            state=State.OK,
            mechanisms=(),
            rules=("ok",),
            ruleset="1",
        )
        for hour in range(0, 24, 3)
        for n in range(TARGETS)
    ]


def _timed(path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, str(path)],
        capture_output=True,
        check=True,
        timeout=1800,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main(path: Path) -> None:
    """Detect in a store, and print what it took."""
    began = time.monotonic()
    with Store.open(path) as store:
        done = detect(store, [], now=datetime(2027, 1, 1, tzinfo=UTC))
    mine, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime
    print(
        json.dumps(
            {
                "incidents": done.incidents,
                "cpu_s": round(cpu, 1),
                "clock_s": round(time.monotonic() - began, 1),
                "peak_mb": round(mine.ru_maxrss / 1024),
                "peak_mb_of_a_worker": round(children.ru_maxrss / 1024),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
