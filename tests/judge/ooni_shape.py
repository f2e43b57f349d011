"""Measurements of our probe as OONI's web_connectivity 0.5 writes them, and the judge's score on them.

The packets and the truth stay; what OONI's probe does not do or does not record is taken out: follow-ups and
second tries, the kernel's and the path's records, QUIC, time-outs, answers later than half a second.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from banwatch.judge import judge, judge_line
from banwatch.judge.reports import mark_report
from banwatch.lab.score.count import Score, score
from banwatch.lab.truth.truth_file import load_truth
from banwatch.lab.world.file import load_world
from banwatch.model.evidence import Evidence
from banwatch.model.ids import MeasurementUid
from banwatch.model.observation import Observation
from banwatch.model.reference import Reference
from banwatch.model.verdict import Verdict

OWN_KEYS = (
    "x_tcp_info",
    "x_localization",
    "x_probe_lag_s",
    "x_slowest_step",
    "x_throttling",
    "quic_handshakes",
)
"""Test keys that only our probe writes."""
OWN_ANNOTATIONS = ("timeouts", "control_path", "network_type")
OUTSIDE = "8.8.8.8:53"
"""Resolver outside the network that is asked in the clear; OONI's probe takes one of eight by chance."""
LATE_S = 0.5
"""Seconds for which OONI's probe waits for a second answer (dnsresolvers.go)."""
STEPS = (
    "queries",
    "tcp_connect",
    "tls_handshakes",
    "requests",
    "network_events",
    "x_dns_duplicate_responses",
)


def in_ooni_shape(line: bytes, *, encrypted: bool = True) -> bytes:
    """Write a measurement of our probe as web_connectivity 0.5.28 would have written it.

    Args:
        line: the measurement.
        encrypted: whether its resolver inside HTTPS could be reached.
    """
    value: dict[str, Any] = json.loads(line)
    keys = value["test_keys"]
    answered = _system_answered(keys)
    for name in OWN_KEYS:
        keys.pop(name, None)
    for name in OWN_ANNOTATIONS:
        (value.get("annotations") or {}).pop(name, None)
    for name in STEPS:
        if keys.get(name):
            keys[name] = [step for step in keys[name] if not _is_follow_up(step)]
    keys["x_dns_whoami"] = {"system_v4": [{"address": "192.0.2.53"}] if answered else []}
    keys["queries"] = [query for query in keys.get("queries") or () if _is_asked_by_ooni(query, encrypted)]
    asked = {query.get("transaction_id"): query.get("t") or 0.0 for query in keys.get("queries") or ()}
    keys["x_dns_duplicate_responses"] = [
        late
        for late in keys.get("x_dns_duplicate_responses") or ()
        if (late.get("t") or 0.0) - asked.get(late.get("transaction_id"), 0.0) <= LATE_S
    ]
    if keys.get("control"):
        keys["control"].pop("http3_request", None)
    return json.dumps(
        {**value, "software_name": "miniooni", "software_version": "3.31.0-alpha", "test_version": "0.5.28"}
    ).encode()


def _is_asked_by_ooni(query: dict[str, Any], encrypted: bool) -> bool:
    """Whether OONI's probe asks so: the system, one outside resolver in the clear, one inside HTTPS."""
    if query.get("engine") == "doh":
        return encrypted
    return query.get("engine") == "getaddrinfo" or query.get("resolver_address") == OUTSIDE


def _system_answered(keys: dict[str, Any]) -> bool:
    """Whether a resolver answered for some name: OONI's probe asks for one that nobody blocks."""
    lookups = [query for query in keys.get("queries") or () if query.get("engine") in ("getaddrinfo", "udp")]
    return any(query.get("answers") for query in lookups)


def _is_follow_up(step: dict[str, Any]) -> bool:
    return any(tag.startswith("follow_up=") for tag in step.get("tags") or ())


def lines_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give the measurements of a folder, each with the tier that its file is named for."""
    for path in sorted((folder / "measurements").glob("*.jsonl.gz")):
        with gzip.open(path) as file:
            for line in file:
                yield path.name.removesuffix(".jsonl.gz"), line


def score_folder(
    folder: Path, reference: Reference, *, matrix: bool, encrypted: bool, every: int = 1
) -> Score:
    """Score the judge on the measurements of a folder in OONI's shape, by the truth beside them.

    Args:
        folder: of a play or of `lab score --out`.
        reference: snapshots to judge with.
        matrix: whether tiers are those of the score's matrix, by file.
        encrypted: whether the resolver inside HTTPS could be reached.
        every: judge one of so many measurements.
    """
    reports: dict[tuple[str, str, int], list[tuple[str, Evidence]]] = defaultdict(list)
    observations: dict[MeasurementUid, Sequence[Observation]] = {}
    for number, (tier, line) in enumerate(lines_of(folder)):
        if number % every:
            continue
        judged = judge_line(in_ooni_shape(line, encrypted=encrypted), reference)
        row = judged.evidence
        reports[row.report_id, row.probe_cc, row.probe_asn].append((tier, row))
        observations[judged.measurement.measurement_uid] = judged.observations
    verdicts: list[Verdict] = []
    for rows in reports.values():  # a store compares the measurements of a report, too
        for (tier, _), row in zip(rows, mark_report([row for _, row in rows]), strict=True):
            verdicts.append(replace(judge(row), access_tier=tier) if matrix else judge(row))
    truth = load_truth(sorted((folder / "truth").glob("*.jsonl")))
    return score(verdicts, observations, truth, down=load_world("default").down)


def print_row(name: str, encrypted: bool, found: Score) -> None:
    """Print the score of one play, and what was missed or said wrongly."""
    missed = Counter(mistake.state for mistake in found.mistakes if mistake.true)
    shown = ", ".join(f"{state} {count}" for state, count in sorted(missed.items())) or "none"
    print(
        f"{name:24} {'yes' if encrypted else 'no':4} {found.measurements:8} {found.interfered:10} "
        f"{found.recall:7.3f} {found.false_blocked:6} {found.mechanism_recall:7.3f}  {shown}"
    )
    for one in found.mistakes:
        true, said = ", ".join(one.true), ", ".join(one.said)
        print(f"    {one.input} ({one.access_tier}): true {true}; {one.state} {said}")


def print_head() -> None:
    """Print the head of the table."""
    numbers = f"{'measured':>8} {'interfered':>10} {'recall':>7} {'false':>6} {'named':>7}"
    print(f"{'play':24} {'DoH':4} {numbers}  missed as")
