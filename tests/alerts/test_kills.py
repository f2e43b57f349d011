"""Kills at random moments: no message leaves twice, and every intent is settled."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import IO

import pytest

from banwatch.model.delivery import Delivery, DeliveryState
from banwatch.store import Store
from tests.alerts.incidents import Received, receiver
from tests.alerts.killed_sender import INCIDENTS

KILLS = 20


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_twenty_kills_at_random_moments_give_no_second_copy(tmp_path: Path) -> None:
    chance = random.Random(20160404)
    path = tmp_path / "s.duckdb"
    with receiver() as received:
        words = [sys.executable, "-m", "tests.alerts.killed_sender", str(path), str(received.port)]
        root = Path(__file__).parents[2]
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            ends = [_run(process.stdin, process.stdout, received, chance) for _ in range(KILLS)]
            assert ends == ["killed"] * KILLS
            assert _run(process.stdin, process.stdout, received, None) == "ended 0"
            process.stdin.close()
    copies = Counter(json.loads(body)["subject"] for body in received.bodies)
    assert max(copies.values()) == 1, copies
    with Store.open(path, read_only=True) as store:
        log = [row for row in store.rows(Delivery) if row.channel == "desk"]
    settled = {row.subject for row in log if row.state is not DeliveryState.INTENDED}
    uncertain = {row.subject for row in log if row.state is DeliveryState.UNCERTAIN}
    assert len(settled) == INCIDENTS
    assert uncertain, "no kill fell between an intent and its outcome: the test tried nothing"
    assert settled - set(copies) <= uncertain, "of what did not arrive it is said that it may not have"


def _run(asked: IO[str], said: IO[str], received: Received, chance: random.Random | None) -> str:
    """Let it send; with chance, kill it some milliseconds after its first message came."""
    before = len(received.bodies)
    asked.write("go\n")
    asked.flush()
    child = int(said.readline())
    if chance is not None:
        pause_s = chance.uniform(0, 0.012)
        until = time.monotonic() + 60
        while len(received.bodies) < before + 1 and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(pause_s)
        os.kill(child, signal.SIGKILL)
    return said.readline().strip()
