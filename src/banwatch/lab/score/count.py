"""Counts of a score: each verdict against the truth of its measurement's flows."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from banwatch.lab.score.usable import is_usable
from banwatch.lab.truth.flow_index import FlowIndex, in_utc
from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.lab.truth.truth_file import load_truth
from banwatch.lab.world.file import load_world
from banwatch.model.ids import MeasurementUid
from banwatch.model.mechanism import deepest, hierarchical_overlap
from banwatch.model.observation import Observation
from banwatch.model.state import State
from banwatch.model.verdict import Verdict

SHUTDOWN = "network.shutdown"
_FINDING = frozenset({State.BLOCKED, State.LIKELY_BLOCKED})
"""States that find a target which the client could not use; `tampered` says that it worked."""
_TRACE = "page.partly"
"""Rule that says beside `ok` what failed."""
MISTAKES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismScore:
    """Score of one mechanism, over the measurements that met it."""

    mechanism: str
    measurements: int
    recall: float
    """Share of them that were found, as in `Score`."""
    states: tuple[tuple[str, int], ...]
    """States of their verdicts, and how often; sorted."""
    mechanism_precision: float
    mechanism_recall: float
    """Hierarchical recall, as in `Score`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Verdict that the truth contradicts."""

    measurement_uid: MeasurementUid
    input: str
    access_tier: str
    at: datetime
    true: tuple[str, ...]
    state: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Score over all trials. Ratios are 1 where the denominator is 0."""

    measurements: int
    false_blocked: int
    """Measurements without interference whose verdict accuses."""
    missed: int
    """Interfered measurements whose verdict is neither `blocked` nor `likely_blocked`."""
    mechanism_precision: float
    """Hierarchical precision: of the nodes that accusing verdicts name, the share that is true."""
    mechanism_recall: float
    """Hierarchical recall: of the true nodes, the share that verdicts name."""
    interfered: int
    """Measurements, outside a shutdown, whose target the censor kept from working."""
    recall: float
    """Share of the interfered that was not missed."""
    usable: int
    """Measurements with interference whose target worked all the same, by the ordinary route: `ok` and
    `tampered` are right, and they are neither found nor missed."""
    traced: int
    """Of the usable, those whose verdict leaves a trace: `tampered`, or rule `page.partly`."""
    overstated: int
    """Of the usable, those whose verdict says `blocked` or `likely_blocked`."""
    understated: int
    """Of the missed, those whose verdict is `tampered`: found it would be only where the target worked."""
    in_shutdown: int
    """Measurements made while nothing passed: counted apart, since one of them can hardly show it."""
    silent_in_shutdown: int
    """Measurements in a shutdown whose verdict claims neither `ok` nor that one target is blocked."""
    interfered_and_down: int
    """Measurements with interference of sites that were down as well: either verdict is right."""
    beside: int
    """Measurements with interference only with flows that the verdict does not rest on: either is right."""
    unmatched: int
    """Measurements without any flow in the truth: some of it is missing, and the rest is in doubt."""
    by_mechanism: tuple[MechanismScore, ...]
    confusion: tuple[tuple[str, str, int], ...]
    """True mechanisms, the verdict's state with its mechanisms, and how often; sorted."""
    mistakes: tuple[Mistake, ...]
    """First false accusations, misses and wrong mechanisms."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """Trial: the verdicts of one measurement, with the truth of its flows."""

    verdicts: tuple[Verdict, ...]
    true: tuple[str, ...]
    allowed: tuple[str, ...]
    """Mechanisms that a verdict may name or not."""
    matched: bool
    down: bool
    """Whether the site is down for everybody."""
    usable: bool
    """Whether the client got the page by the ordinary route, through flows that no rule touched."""

    @property
    def is_found(self) -> bool:
        """Whether a verdict says that the target is blocked."""
        return any(verdict.state in _FINDING for verdict in self.verdicts)

    @property
    def leaves_a_trace(self) -> bool:
        """Whether a verdict says what failed beside a target that worked."""
        return any(v.state is State.TAMPERED or _TRACE in v.rules for v in self.verdicts)

    @property
    def accuses(self) -> bool:
        return any(verdict.state.accuses for verdict in self.verdicts)

    @property
    def said(self) -> tuple[str, ...]:
        return deepest(m for verdict in self.verdicts if verdict.state.accuses for m in verdict.mechanisms)

    @property
    def in_shutdown(self) -> bool:
        return SHUTDOWN in self.true

    @property
    def is_mistake(self) -> bool:
        if self.in_shutdown or (self.down and self.true):
            return False
        if self.true and self.usable and not self.accuses:
            return False
        if self.true and self.is_found is self.usable:
            return True
        if self.accuses != bool(self.true):
            return not (self.accuses and self.allowed)
        overlap, said, _ = hierarchical_overlap(self.said, (*self.true, *self.allowed))
        return overlap < said


def score_story(
    verdicts: Sequence[Verdict],
    observations: Mapping[MeasurementUid, Sequence[Observation]],
    truth_paths: Iterable[Path],
    world: str | Path = "default",
) -> Score:
    """Score a play by the truth files that it left, and by the world that it was played in."""
    return score(verdicts, observations, load_truth(truth_paths), down=load_world(world).down)


def score(
    verdicts: Sequence[Verdict],
    observations: Mapping[MeasurementUid, Sequence[Observation]],
    truth: Iterable[FlowTruth],
    *,
    down: Collection[str] = (),
) -> Score:
    """Compare verdicts with the truth; several of one measurement count as one.

    Args:
        verdicts: verdicts of the judge.
        observations: the steps of every measurement, by which its flows are found.
        truth: truth of every flow.
        down: names of sites that are down for everybody.
    """
    index = FlowIndex(truth)
    grouped: dict[MeasurementUid, list[Verdict]] = {}
    for verdict in verdicts:
        grouped.setdefault(verdict.measurement_uid, []).append(verdict)
    return _count(
        [_try(group, observations.get(uid, ()), index, down) for uid, group in sorted(grouped.items())]
    )


def _try(
    verdicts: list[Verdict], observations: Sequence[Observation], index: FlowIndex, down: Collection[str]
) -> _Trial:
    first = verdicts[0]
    bearing, beside = index.caused_by(first.access_tier, in_utc(first.measurement_start_time), observations)
    true = deepest(flow.mechanism for flow in bearing if flow.mechanism)
    allowed = deepest(flow.mechanism for flow in beside if flow.mechanism)
    hostname = (urlsplit(first.input).hostname or "").lower()
    usable = bool(true) and is_usable(observations, bearing, beside)
    return _Trial(tuple(verdicts), true, allowed, bool(bearing or beside), hostname in down, usable)


def _count(trials: list[_Trial]) -> Score:
    open_trials = [t for t in trials if not t.in_shutdown and not (t.down and t.true)]
    interfered = [trial for trial in open_trials if trial.true and not trial.usable]
    usable = [trial for trial in open_trials if trial.true and trial.usable]
    beside = [trial for trial in open_trials if not trial.true and trial.allowed]
    innocent = [trial for trial in open_trials if not trial.true and not trial.allowed]
    shut = [trial for trial in trials if trial.in_shutdown]
    missed = [trial for trial in interfered if not trial.is_found]
    # a target that worked need not be named; what is named of it must be true
    precision, _ = _hierarchical(open_trials)
    _, recall = _hierarchical(trial for trial in open_trials if not trial.usable or trial.accuses)
    confusion = Counter((_label(t.true) or "nothing", _table_cell(t)) for t in trials)
    mistakes = [_mistake(trial) for trial in open_trials if trial.is_mistake]
    return Score(
        measurements=len(trials),
        false_blocked=sum(trial.accuses for trial in innocent),
        missed=len(missed),
        mechanism_precision=precision,
        mechanism_recall=recall,
        interfered=len(interfered),
        recall=_ratio(len(interfered) - len(missed), len(interfered)),
        usable=len(usable),
        traced=sum(trial.leaves_a_trace for trial in usable),
        overstated=sum(trial.is_found for trial in usable),
        understated=sum(trial.accuses for trial in missed),
        in_shutdown=len(shut),
        silent_in_shutdown=sum(
            all(v.state.value in ("insufficient", "impaired") for v in trial.verdicts)
            or SHUTDOWN in trial.said
            for trial in shut
        ),
        interfered_and_down=sum(
            trial.down and bool(trial.true) and not trial.in_shutdown for trial in trials
        ),
        beside=len(beside),
        unmatched=sum(not trial.matched for trial in trials),
        by_mechanism=_by_mechanism(interfered),
        confusion=tuple((true, said, count) for (true, said), count in sorted(confusion.items())),
        mistakes=tuple(mistakes[:MISTAKES_SHOWN]),
    )


def _hierarchical(trials: Iterable[_Trial]) -> tuple[float, float]:
    """Micro-average hierarchical precision and recall over trials."""
    hits = said = found = true = 0
    for trial in trials:
        overlap, nodes, _ = hierarchical_overlap(trial.said, (*trial.true, *trial.allowed))
        hits, said = hits + overlap, said + nodes
        overlap, _, nodes = hierarchical_overlap(trial.said, trial.true)
        found, true = found + overlap, true + nodes
    return _ratio(hits, said), _ratio(found, true)


def _by_mechanism(interfered: list[_Trial]) -> tuple[MechanismScore, ...]:
    scores = []
    for mechanism in sorted({m for trial in interfered for m in trial.true}):
        trials = [trial for trial in interfered if mechanism in trial.true]
        precision, recall = _hierarchical(trials)
        scores.append(
            MechanismScore(
                mechanism=mechanism,
                measurements=len(trials),
                recall=_ratio(sum(trial.is_found for trial in trials), len(trials)),
                states=tuple(sorted(Counter(_states(trial) for trial in trials).items())),
                mechanism_precision=precision,
                mechanism_recall=recall,
            )
        )
    return tuple(scores)


def _mistake(trial: _Trial) -> Mistake:
    first = trial.verdicts[0]
    return Mistake(
        measurement_uid=first.measurement_uid,
        input=first.input,
        access_tier=first.access_tier,
        at=first.measurement_start_time,
        true=trial.true,
        state=_states(trial),
        said=trial.said,
    )


def _table_cell(trial: _Trial) -> str:
    return f"{_states(trial)}: {_label(trial.said)}" if trial.said else _states(trial)


def _label(mechanisms: tuple[str, ...]) -> str:
    return " ".join(mechanisms)


def _states(trial: _Trial) -> str:
    return " ".join(sorted({verdict.state.value for verdict in trial.verdicts}))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
