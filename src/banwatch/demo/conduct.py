"""Conductor of the demo: measures in the lab, ingests, detects, compares, scores, publishes."""

import json
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.markup import escape

from banwatch.demo.result import render_result, write_result
from banwatch.demo.stages import Stages
from banwatch.demo.workspace import workspace
from banwatch.model.errors import BanwatchError

if TYPE_CHECKING:
    from banwatch.model.ban import Comparison
    from banwatch.store import Store

BAN_ID = "dprk-2016"
REGIME = "dprk-2016"

_SCORE_KEYS = {"interfered_and_down": "moot"}
"""Keys of `result.json` and `score.json`, as docs/score.md promises them, for fields of other names."""
_TERMINATION_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """Settings of a demo."""

    out_dir: Path
    serve: bool = True
    port: int | None = None
    recorded: bool = False
    """Whether to use the recordings that ship with Banwatch, even where a lab can be built."""
    jobs: int | None = None
    """Number of labs side by side; None for as many as the machine can run."""
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Files of a finished run."""

    store_path: Path
    page: Path
    result_path: Path
    recorded: bool


def conduct(settings: DemoSettings, stages: Stages | None = None) -> Outcome:
    """Run every stage into `settings.out_dir`, or leave nothing behind.

    Raises:
        BanwatchError: a stage failed for a reason that the user can remove.
    """
    stages = stages or Stages()
    if settings.serve:
        _refuse_taken_port(settings.port)
    with _termination_unwinds(), workspace(settings.out_dir) as work:
        _refuse_damaged_store(settings.out_dir / "banwatch.duckdb")
        recorded = settings.recorded or not _lab_is_possible(stages)
        _measure(settings, work, recorded, stages)
        _work_out(work, recorded, stages)
    return Outcome(
        store_path=settings.out_dir / "banwatch.duckdb",
        page=settings.out_dir / "report" / "index.html",
        result_path=settings.out_dir / "result.json",
        recorded=recorded,
    )


@contextmanager
def _termination_unwinds() -> Iterator[None]:
    """Make SIGINT, SIGTERM and SIGHUP unwind the stack, so that each `finally` runs.

    Ctrl-C is among them since a shell's background job starts with it ignored.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _TERMINATION_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse_taken_port(port: int | None) -> None:
    """Raise an error for a taken port before three minutes of work, not after."""
    from banwatch.net.listening import find_port

    find_port("127.0.0.1", port)


def _refuse_damaged_store(path: Path) -> None:
    """Raise an error where an earlier run's database cannot be read: the user decides about it."""
    if not path.exists():
        return
    from banwatch.store import Store

    with Store.open(path, read_only=True):
        pass


def _lab_is_possible(stages: Stages) -> bool:
    from banwatch.lab.machine.doctor import doctor

    missing = [check for check in doctor() if check.needed and not check.ok]
    if missing:
        first = missing[0]
        stages.say(f"[yellow]no lab here[/]: {escape(f'{first.name}: {first.why}. {first.do}')}")
        stages.say(
            "`banwatch lab doctor` tells more. Going on from the lab's recordings; every page says so."
        )
    return not missing


def _measure(settings: DemoSettings, work: Path, recorded: bool, stages: Stages) -> None:
    if recorded:
        from banwatch.lab.recordings import unpack

        with stages.stage("unpacking recordings"):
            unpack(work)
        return
    from banwatch.lab.play import play_story

    with stages.stage("measuring two weeks in the lab") as report:
        play_story(REGIME, work, jobs=settings.jobs, seed=settings.seed, progress=report)


def _work_out(work: Path, recorded: bool, stages: Stages) -> None:
    from banwatch import reference
    from banwatch.bans import load_bans
    from banwatch.bulletin import publish
    from banwatch.pipeline.conclude import detect
    from banwatch.pipeline.ingest import ingest
    from banwatch.store import Store, queries

    with Store.open(work / "banwatch.duckdb") as store:
        with stages.stage("ingesting and judging") as report:
            ingested = ingest(store, [work / "measurements"], reference.load(), progress=report)
        if ingested.quarantined:
            raise BanwatchError(
                f"{ingested.quarantined} measurements of our own could not be read",
                "This is a defect of Banwatch: please report it with the folder's content",
            )
        if recorded:
            store.set_property("recorded", "yes")
        bans = load_bans()
        with stages.stage("finding what changed, and when"):
            detect(store, bans.values())
        with stages.stage("scoring against the censor's log"):
            figures = _score(store, work)
        comparisons = queries.comparisons(store, BAN_ID)
        with stages.stage("writing the pages") as report:
            publish(store, BAN_ID, work / "report", recorded=recorded, score=figures, progress=report)
        result = render_result(
            ban_id=BAN_ID,
            recorded=recorded,
            measurements=ingested.accepted,
            incidents=queries.incidents(store),
            comparisons=comparisons,
            score=figures,
        )
    write_result(result, work / "result.json")


def _score(store: "Store", work: Path) -> dict[str, float]:
    """Score every verdict; the figures go into the result, each mistake into `score.json`."""
    from banwatch.lab.score import score_story
    from banwatch.store import queries

    verdicts = queries.verdicts(store)
    observations = queries.observations_of(store, [verdict.measurement_uid for verdict in verdicts])
    score = score_story(verdicts, observations, sorted((work / "truth").glob("*.jsonl")))
    plain = json.loads(json.dumps(asdict(score), default=str))
    whole = {_SCORE_KEYS.get(key, key): value for key, value in plain.items()}
    write_result(whole, work / "score.json")
    return {key: value for key, value in whole.items() if isinstance(value, int | float)}


def present(settings: DemoSettings, outcome: Outcome, stages: Stages | None = None) -> None:
    """Print the result, and serve the page where the settings say so."""
    from banwatch.store import Store, queries

    stages = stages or Stages()
    with Store.open(outcome.store_path, read_only=True) as store:
        stages.console.print(_table(queries.comparisons(store, BAN_ID)))
    stages.say(f"page    {escape(str(outcome.page))}")
    stages.say(f"result  {escape(str(outcome.result_path))}")
    if settings.serve:
        from banwatch.explorer.serving import serve

        def announce(address: str) -> None:
            stages.say(f"serving {address}bans/{BAN_ID} (Ctrl-C ends it)")

        serve(outcome.store_path, "127.0.0.1", settings.port, recorded=outcome.recorded, announce=announce)


def _table(comparisons: "Sequence[Comparison]") -> object:
    from rich.table import Table

    tiers = sorted({row.access_tier for row in comparisons})
    table = Table(title=f"{BAN_ID}: announced and measured")
    table.add_column("target")
    table.add_column("announced")
    for tier in tiers:
        table.add_column(tier)
    by_target: dict[str, dict[str, Comparison]] = {}
    for row in comparisons:
        by_target.setdefault(row.target, {})[row.access_tier] = row
    for target, rows in sorted(
        by_target.items(), key=lambda item: (not _announced(item[1].values()), item[0])
    ):
        cells = [_cell(rows.get(tier)) for tier in tiers]
        table.add_row(target, "yes" if _announced(rows.values()) else "no", *cells)
    return table


def _announced(rows: "Iterable[Comparison]") -> bool:
    return any(row.announced for row in rows)


def _cell(row: "Comparison | None") -> str:
    if row is None:
        return "no data"
    words = row.measured.replace("_", " ")
    return f"{words}, {', '.join(row.mechanisms)}" if row.mechanisms else words
