"""Stop by SIGTERM while probes submit: what was acknowledged is there after the next start."""

import json
import signal
import threading
from pathlib import Path

import pytest

from banwatch.store import Store, queries
from tests.collector.serving import Serving, serving
from tests.pipeline.measurement_lines import line

SENDERS = 4


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_stop_while_submitting_loses_nothing(tmp_path: Path) -> None:
    store = tmp_path / "s.duckdb"
    acknowledged: list[str] = []
    enough = threading.Event()
    with serving(store, "--per-minute", 0) as served:
        senders = [
            threading.Thread(target=_submit, args=(served, number, acknowledged, enough))
            for number in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        assert enough.wait(60)
        served.process.send_signal(signal.SIGTERM)  # in the middle: the senders go on until they are refused
        for sender in senders:
            sender.join(60)
        assert served.process.wait(30) == 128 + signal.SIGTERM
    assert len(acknowledged) == len(set(acknowledged)) > 20
    with serving(store) as again:
        again.wait_for(f"/raw/{acknowledged[-1]}.json", b"web_connectivity", 60)
    with Store.open(store, read_only=True) as opened:
        there = {found.measurement_uid for found in queries.measurements(opened)}
        assert set(acknowledged) - there == set()
        assert queries.conflicts(opened) == []


def _submit(served: Serving, sender: int, acknowledged: list[str], enough: threading.Event) -> None:
    for number in range(2_000):
        body = {"content": json.loads(line(sender * 10_000 + number))}
        try:
            status, answer = served.say("/api/v1/submit_measurement/KP/AS131279", body)
        except (OSError, ValueError):  # no connection, or one that broke off: it was not acknowledged
            return
        except Exception:  # the half of an answer that http.client reads
            return
        if status != 200:
            return
        acknowledged.append(str(answer["measurement_uid"]))
        if len(acknowledged) > 20:
            enough.set()
