"""Diagnosis of a store: how big it is, how fast it answers, and what to do."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from banwatch.store import Store, queries
from banwatch.store.counting import rolled_up as reading
from banwatch.store.engines.budget import SETTING, database_bytes, process_bytes, size_text

SLOW_MS = 50.0
"""Time in which a question of a page should be answered (`bench/read.py`)."""
ROOM_FACTOR = 2
"""Free room, as a multiple of the database, that a rebuild in one transaction may ask for."""
WRONG_CLOCKS_SHARE = 0.01
"""Share of measurements from proven wrong clocks above which a source should be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Sizes, times and advice."""

    location: str
    verdicts: int
    wrong_clocks: int
    database_bytes: int
    """Size of the database file and its log; 0 where it is on a server."""
    archive_bytes: int
    free_bytes: int
    memory_bytes: int
    """What a process may use."""
    database_memory_bytes: int
    times_ms: dict[str, float] = field(default_factory=dict)
    """Time that each question took, the second time that it was asked."""
    advice: tuple[str, ...] = ()
    """What to do; empty where nothing is wrong."""


def diagnose(location: str) -> Diagnosis:
    """Look at a store without changing it.

    Raises:
        BanwatchError: there is no such store, or it cannot be read.
    """
    with Store.open(location, read_only=True) as store:
        countries = reading.countries(store)
        verdicts, wrong = store.count(store.table("verdict")), queries.count_wrong_clocks(store)
        counted = sum(row.total for row in countries)
        largest = max(countries, key=lambda row: row.total, default=None)
        questions: dict[str, Callable[[], object]] = {"countries": lambda: reading.countries(store)}
        if largest is not None:
            cc = largest.probe_cc
            questions |= {
                "days of the largest country": lambda: reading.country_days(store, probe_cc=cc, limit=400),
                "its targets": lambda: reading.targets(store, cc, limit=100),
                "its networks": lambda: reading.networks(store, cc, limit=100),
                "a page of its verdicts": lambda: queries.verdicts(store, probe_cc=cc, limit=101),
            }
        times = {name: _time_ms(ask) for name, ask in questions.items()}
        archive = sum(segment.size_bytes for segment in store.segments())
        place, folder = Path(store.location), store.archive.folder.absolute().parent
    files = [place, place.with_name(place.name + ".wal")] if "://" not in location else []
    database = sum(path.stat().st_size for path in files if path.is_file())
    free = shutil.disk_usage(folder if folder.is_dir() else ".").free
    return Diagnosis(
        location=str(location),
        verdicts=verdicts,
        wrong_clocks=wrong,
        database_bytes=database,
        archive_bytes=archive,
        free_bytes=free,
        memory_bytes=process_bytes(),
        database_memory_bytes=database_bytes(),
        times_ms=times,
        advice=tuple(
            _advice(
                missing=verdicts - wrong - counted,
                wrong_share=wrong / verdicts if verdicts else 0.0,
                short_bytes=ROOM_FACTOR * database - free,
                slow=[name for name, took in times.items() if took > SLOW_MS],
            )
        ),
    )


def _time_ms(ask: Callable[[], object]) -> float:
    ask()  # the first time compiles
    begun = time.perf_counter()
    ask()
    return round((time.perf_counter() - begun) * 1000, 1)


def _advice(*, missing: int, wrong_share: float, short_bytes: int, slow: list[str]) -> list[str]:
    said = []
    if missing:
        said.append(
            f"The rollups count {abs(missing):,} verdicts {'too few' if missing > 0 else 'too many'}: run "
            "`banwatch rebuild --from verdict`."
        )
    if short_bytes > 0:
        said.append(f"Free {size_text(short_bytes)} more: a rebuild may need the database's size twice.")
    if slow:
        said.append(
            f"Slower than {SLOW_MS:.0f} ms: {', '.join(slow)}. Set {SETTING} higher (now "
            f"{size_text(process_bytes())}), or move to ClickHouse (docs/scale.md)."
        )
    if wrong_share > WRONG_CLOCKS_SHARE:
        said.append(
            f"{wrong_share:.1%} of the measurements say that they were made after they were received: look "
            "at their sources."
        )
    return said
