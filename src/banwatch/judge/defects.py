"""Trouble of the instrument: failures that follow software versions rather than networks.

A censor sits in a network, and cuts every version of a program alike. A nettest with an expired certificate,
or a probe with a broken resolver, fails in that version on every network, while other versions on the same
networks do not. The two lie on different axes: a suspect here is no verdict, it says whose measurements to
examine.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from banwatch.judge.thresholds import (
    DEFECT_FAILING_SHARE,
    DEFECT_MEASUREMENTS,
    DEFECT_NETWORKS,
    DEFECT_OTHERS_SHARE,
)
from banwatch.model.evidence import Evidence
from banwatch.model.ids import Asn, TargetName
from banwatch.model.state import State
from banwatch.model.verdict import Verdict

_TROUBLE = frozenset({State.BLOCKED, State.LIKELY_BLOCKED, State.IMPAIRED, State.TAMPERED})
_DETERMINATE = _TROUBLE | {State.OK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A version whose measurements of one target fail wherever they are made."""

    software: str
    test_name: str
    target: TargetName
    failures: tuple[str, ...]
    """The failures met, most frequent first."""
    networks: int
    countries: int
    """Spread of a failure over networks and countries."""
    measurements: int
    failing: int
    other_measurements: int
    """Of other versions, on the same networks; else on any."""
    other_failing: int


@dataclass(slots=True)
class _Count:
    determinate: int = 0
    failing: int = 0


def find_defects(rows: Iterable[tuple[Evidence, Verdict]]) -> list[Suspect]:
    """Find versions that fail wherever they measure, while others do not; the widest spread first."""
    counts: dict[tuple[str, TargetName], dict[str, dict[Asn, _Count]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(_Count))
    )
    failures: dict[tuple[str, TargetName, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    countries: dict[tuple[str, TargetName, str], set[str]] = defaultdict(set)
    for evidence, verdict in rows:
        if verdict.state not in _DETERMINATE:
            continue
        subject = (evidence.test_name, evidence.target)
        count = counts[subject][evidence.software][evidence.probe_asn]
        count.determinate += 1
        if verdict.state in _TROUBLE:
            count.failing += 1
            countries[(*subject, evidence.software)].add(evidence.probe_cc)
            for failure in evidence.failures:
                failures[(*subject, evidence.software)][failure] += 1
    suspects = []
    for subject, by_software in counts.items():
        for software in by_software:
            suspect = _examine(subject, software, by_software)
            if suspect is not None:
                key = (*subject, software)
                ranked = sorted(failures[key].items(), key=lambda item: (-item[1], item[0]))
                suspects.append(_complete(suspect, ranked, len(countries[key])))
    return sorted(suspects, key=lambda s: (-s.networks, -s.failing, s.software, s.test_name, s.target))


def _examine(
    subject: tuple[str, TargetName], software: str, by_software: dict[str, dict[Asn, _Count]]
) -> Suspect | None:
    own = by_software[software]
    determinate, failing = _sum(own.values())
    everywhere = [
        count for count in own.values() if count.failing >= DEFECT_FAILING_SHARE * count.determinate
    ]
    if (
        len(everywhere) < DEFECT_NETWORKS
        or determinate < DEFECT_MEASUREMENTS
        or failing < DEFECT_FAILING_SHARE * determinate
    ):
        return None
    others = [counts for name, counts in by_software.items() if name != software]
    same = [count for counts in others for asn, count in counts.items() if asn in own]
    other_determinate, other_failing = _sum(same)
    if other_determinate < DEFECT_MEASUREMENTS:
        other_determinate, other_failing = _sum(count for counts in others for count in counts.values())
    if other_determinate < DEFECT_MEASUREMENTS or other_failing > DEFECT_OTHERS_SHARE * other_determinate:
        return None
    return Suspect(
        software=software,
        test_name=subject[0],
        target=subject[1],
        failures=(),
        networks=len(everywhere),
        countries=0,
        measurements=determinate,
        failing=failing,
        other_measurements=other_determinate,
        other_failing=other_failing,
    )


def _complete(suspect: Suspect, ranked: list[tuple[str, int]], countries: int) -> Suspect:
    return Suspect(
        software=suspect.software,
        test_name=suspect.test_name,
        target=suspect.target,
        failures=tuple(failure for failure, _ in ranked[:5]),
        networks=suspect.networks,
        countries=countries,
        measurements=suspect.measurements,
        failing=suspect.failing,
        other_measurements=suspect.other_measurements,
        other_failing=suspect.other_failing,
    )


def _sum(counts: Iterable[_Count]) -> tuple[int, int]:
    determinate = failing = 0
    for count in counts:
        determinate += count.determinate
        failing += count.failing
    return determinate, failing
