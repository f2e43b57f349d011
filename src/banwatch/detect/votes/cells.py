"""Cells from verdicts, for small inputs and tests; the store computes the same by a query."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from banwatch.detect import thresholds as t
from banwatch.model.cell import MOST_INPUTS, Cell, measured_input, named_inputs, split_voices
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, RuleId, TargetName
from banwatch.model.receipt import OPEN_CLASSES, SourceClass
from banwatch.model.resolver import ResolverKind
from banwatch.model.state import STRENGTH, Layer, State
from banwatch.model.verdict import Verdict

_ARRIVED = re.compile(r"[0-9]{14}\.[0-9]{6}_", re.ASCII)
"""`20210113104523.123456_UG_webconnectivity_0123456789abcdef`: the ids that OONI's collectors give."""
HOUR_S = 3600
_RANK = {state: rank for rank, state in enumerate(STRENGTH)}

_Key = tuple[TargetName, CountryCode, Asn, str, ResolverKind, SourceClass, datetime]


def is_silent(verdict: Verdict) -> bool:
    """Return whether nothing at all answered, not even the network's own resolver."""
    return verdict.state is State.INSUFFICIENT and verdict.layer is Layer.NETWORK


def hour_of(at: datetime) -> datetime:
    """Return the start of the UTC hour that holds a moment."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def arrived_at(uid: str) -> datetime | None:
    """Return the time of receipt that a measurement's id begins with; None where there is none."""
    found = _ARRIVED.match(uid)
    if not found:
        return None
    try:
        return datetime.strptime(found[0][:14] + "+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        return None


def lag_s_of(row: Verdict) -> int | None:
    """Return whole seconds from a measurement's start to its arrival; None where unknown or out of range.

    It is negative where the probe's clock ran ahead.
    """
    start = int(row.measurement_start_time.timestamp() // 1)
    at = arrived_at(row.measurement_uid)
    lag = None if at is None else int(at.timestamp()) - start
    if row.received_at is not None:  # an hour, of which it came by the end
        received = int(row.received_at.timestamp()) + 3600 - start
        lag = received if lag is None or received < 0 else lag
    if lag is None:
        return None
    return lag if -t.LONGEST_LAG_S <= lag <= t.LONGEST_LAG_S else None


def fold(rows: Iterable[Verdict]) -> tuple[Cell, ...]:
    """Count verdicts into cells, sorted by key.

    A measurement judged twice counts once: the last of equals in sort order stays. One from a clock that is
    proven wrong counts in no cell.
    """
    unique: dict[tuple[MeasurementUid, TargetName], Verdict] = {}
    for row in rows:
        if is_from_future(row):
            continue
        key = (row.measurement_uid, row.target)
        other = unique.setdefault(key, row)
        if other is not row and _total_order(other) < _total_order(row):
            unique[key] = row
    crowded = _crowded_reports(unique.values())
    by_key: defaultdict[_Key, list[Verdict]] = defaultdict(list)
    hours: dict[datetime, datetime] = {}
    for row in unique.values():
        hour = hour_of(row.measurement_start_time)
        hour = hours.setdefault(hour, hour)
        network = (row.target, row.probe_cc, row.probe_asn, row.access_tier)
        by_key[*network, row.resolver_kind, row.source_class, hour].append(row)
    del unique
    return tuple(_cell(cell_key, by_key.pop(cell_key), crowded) for cell_key in sorted(by_key))


def _total_order(row: Verdict) -> tuple[str, str, datetime, str, str, str]:
    return (
        row.measurement_uid,
        row.target,
        row.measurement_start_time,
        row.state,
        row.report_id,
        row.probe_id,
    )


def is_from_future(row: Verdict) -> bool:
    """Return whether a measurement says that it was made after it was received: its clock was wrong."""
    if row.received_at is None:
        return False
    ahead_s = row.measurement_start_time.timestamp() // 1 - row.received_at.timestamp() // 1
    return ahead_s > HOUR_S + t.CLOCK_AHEAD_S


_Crowded = frozenset[tuple[SourceClass, str]]


def _crowded_reports(rows: Iterable[Verdict]) -> _Crowded:
    """Return reports that claim several probes. A report is one run of one probe, so each is one voice.

    Each class has reports of its own: nobody can spoil a report of another class by naming it.
    """
    probes_of: defaultdict[tuple[SourceClass, str], set[str]] = defaultdict(set)
    for row in rows:
        if row.report_id and row.probe_id:
            probes_of[row.source_class, row.report_id].add(row.probe_id)
    return frozenset(report for report, probes in probes_of.items() if len(probes) > 1)


def voice_of(row: Verdict, crowded: _Crowded) -> str:
    """Return the voice of a verdict: that of its receipt, else its probe, its report, or itself.

    A voice of a class that anybody can be in begins with the class, so that it is never taken for another's.
    """
    if row.receipt_voice:
        voice = row.receipt_voice
    elif row.probe_id and (row.source_class, row.report_id) not in crowded:
        voice = row.probe_id
    else:
        voice = row.report_id or row.measurement_uid
    return f"{row.source_class}:{voice}" if row.source_class in OPEN_CLASSES else voice


def _cell(key: _Key, rows: list[Verdict], crowded: _Crowded) -> Cell:
    target, probe_cc, probe_asn, access_tier, resolver_kind, source_class, hour = key
    if len(rows) == 1:
        (witness,) = rows
        first_at = last_at = witness.measurement_start_time
        mechanisms = witness.mechanisms
    else:
        witness = min(rows, key=lambda r: (_RANK[r.state], r.measurement_start_time, r.measurement_uid))
        first_at = min(row.measurement_start_time for row in rows)
        last_at = max(row.measurement_start_time for row in rows)
        mechanisms = tuple(sorted({m for row in rows for m in row.mechanisms}))
    counts = Counter(row.state for row in rows)
    decided = sorted(Counter(row.rules[0] for row in rows if row.rules).items())
    pairs = [(row, (voice_of(row, crowded), measured_input(row.test_name, row.input))) for row in rows]
    accused = {pair for row, pair in pairs if row.state.accuses}
    opened = {pair for row, pair in pairs if row.state is State.OK}
    accusers, absolvers = split_voices(accused, opened)
    addresses = sorted({address for row in rows if row.state.accuses for address in row.addresses})
    lags = [lag for row in rows if (lag := lag_s_of(row)) is not None]
    return Cell(
        target=target,
        probe_cc=probe_cc,
        probe_asn=probe_asn,
        access_tier=access_tier,
        hour=hour,
        blocked=counts[State.BLOCKED],
        likely_blocked=counts[State.LIKELY_BLOCKED],
        tampered=counts[State.TAMPERED],
        impaired=counts[State.IMPAIRED],
        down=counts[State.DOWN],
        ok=counts[State.OK],
        insufficient=counts[State.INSUFFICIENT],
        probes=len({voice_of(row, crowded) for row in rows}),
        reports=len({row.report_id for row in rows}),
        mechanisms=mechanisms,
        silent=sum(is_silent(row) for row in rows),
        first_at=first_at,
        last_at=last_at,
        witness=witness.measurement_uid,
        accusers=accusers,
        absolvers=absolvers,
        resolver_kind=resolver_kind,
        source_class=source_class,
        rules=tuple(RuleId(rule) for rule, _ in decided),
        rule_counts=tuple(count for _, count in decided),
        lag_s=max(lags, default=None),
        accused_inputs=named_inputs(accused),
        open_inputs=named_inputs(opened),
        addresses=tuple(addresses[:MOST_INPUTS]),
    )
