"""A play with real packets: what it leaves, that it repeats, and how it ends when something is killed."""

import gzip
import os
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from banwatch.judge import Judged, judge_line
from banwatch.lab.play import PlayResult, play
from banwatch.lab.score import score_story
from banwatch.lab.truth.truth_file import load_truth
from banwatch.model.errors import BanwatchError
from banwatch.reference import load
from tests.lab.labs import NEEDS_LAB_ALONE

pytestmark = NEEDS_LAB_ALONE

START, END = datetime(2016, 3, 31, 18, tzinfo=UTC), datetime(2016, 4, 1, 1, tzinfo=UTC)
"""Two rounds: the last before the ban, the first after it."""
URLS = (
    "https://www.youtube.com/",
    "https://www.facebook.com/",
    "https://twitter.com/",
    "https://www.nytimes.com/",
    "http://www.wikipedia.org/",
    "https://www.paypal.com/",
)


def _play(out_dir: Path, **more: object) -> PlayResult:
    arguments = {
        "tiers": ["visitor"],
        "start": START,
        "end": END,
        "inputs": URLS,
        "jobs": 1,
        "seed": 7,
        **more,
    }
    return play("dprk-2016", out_dir=out_dir, **arguments)  # type: ignore[arg-type]  # a test's own keywords


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> PlayResult:
    return _play(tmp_path_factory.mktemp("play"))


def _judged(result: PlayResult) -> list[Judged]:
    reference = load()
    return [
        judge_line(line, reference)
        for path in result.measurement_files
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def test_measurements_carry_the_lab_and_its_clock(played: PlayResult):
    found = _judged(played)
    assert len(found) == played.measurements == 2 * len(URLS)
    assert {one.measurement.lab for one in found} == {"dprk-2016"}
    assert {one.measurement.access_tier for one in found} == {"visitor"}
    # a round that a slow machine spoiled is measured again, some minutes later in the lab's time
    assert Counter(one.measurement.test_start_time.replace(minute=0) for one in found) == {
        START: len(URLS),
        datetime(2016, 4, 1, tzinfo=UTC): len(URLS),
    }
    assert len({one.observed.probe_id for one in found}) == 2
    assert {one.observed.control_failure for one in found} == {None}


def test_the_score_is_perfect_where_the_censor_is_known(played: PlayResult):
    found = _judged(played)
    verdicts = [one.verdict for one in found]
    observations = {one.measurement.measurement_uid: one.observations for one in found}
    score = score_story(verdicts, observations, played.truth_files)
    assert (score.measurements, score.false_blocked, score.missed, score.unmatched) == (12, 0, 0, 0), (
        score.mistakes
    )
    assert (score.mechanism_precision, score.mechanism_recall, score.interfered) == (1.0, 1.0, 3)


def test_two_plays_with_one_seed_give_the_same_truth(played: PlayResult, tmp_path: Path):
    def acted(result: PlayResult) -> set[tuple[object, ...]]:
        return {
            (
                flow.started_at.strftime("%Y-%m-%dT%H:%M"),
                flow.dst,
                flow.dport,
                flow.names,
                flow.rule,
                flow.mechanism,
            )
            for flow in load_truth(result.truth_files)
            if flow.acted_on
        }

    assert acted(played)
    assert acted(_play(tmp_path)) == acted(played)


def test_progress_counts_to_the_end(tmp_path: Path):
    said: list[tuple[int, int]] = []
    _play(tmp_path, inputs=URLS[3:4], progress=lambda done, total: said.append((done, total)))
    assert said == [(1, 2), (2, 2)]


@pytest.mark.parametrize("role", ["worker", "inside"])
def test_a_killed_process_ends_the_play_with_one_message_and_no_litter(role: str, tmp_path: Path):
    """`worker` is the process that plays; `inside` is any of its lab's: censor, world or probe."""
    before = _descendants(os.getpid())
    seen: set[int] = set()

    def kill_one() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            workers = _children(os.getpid()) - before
            lab_processes = {pid for worker in workers for pid in _descendants(worker)}
            if workers and len(lab_processes) >= 3:  # the lab is up
                seen.update(workers | lab_processes)
                os.kill(min(workers) if role == "worker" else max(lab_processes), signal.SIGKILL)
                return
            time.sleep(0.05)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(BanwatchError, match=r"ended|killed|could not enter"):
        _play(tmp_path, end=datetime(2016, 4, 9, tzinfo=UTC))
    killer.join()
    deadline = time.monotonic() + 10
    while _living(seen) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert seen
    assert _living(seen | (_descendants(os.getpid()) - before)) == set()


def _children(pid: int) -> set[int]:
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return {int(child) for task in tasks for child in (task / "children").read_text().split()}
    except OSError:
        return set()


def _living(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def _descendants(pid: int) -> set[int]:
    children = _children(pid)
    return children | {below for child in children for below in _descendants(child)}
