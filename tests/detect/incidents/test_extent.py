"""Extent of an incident: some networks alone, and everything on a network slowed or cut."""

from collections.abc import Iterator

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.scope import ScopeKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

TARGETS = tuple(f"{name}.com" for name in "abcde")
HOME = ("news.ir", "bank.ir")
ASNS = (58224, 44244, 197207)
CUT = range(10 * 24, 14 * 24)


def measured(cut: dict[int, tuple[str, ...]], state: State, mechanism: str) -> Iterator[Verdict]:
    """Three networks; of each, targets that fail in `CUT`."""
    for hour in range(0, 20 * 24, 3):
        for asn in ASNS:
            for target in (*TARGETS, *HOME):
                bad = hour in CUT and target in cut.get(asn, ())
                yield verdict(
                    START + hours(hour + 0.2),
                    state if bad else State.OK,
                    target=target,
                    cc="IR",
                    asn=asn,
                    probe=f"p{asn}-{hour // 3 % 3}",
                    mechanisms=(mechanism,) if bad and mechanism else (),
                )


def found(rows: Iterator[Verdict]) -> Incident:
    cells = fold(rows)
    (incident,) = group(find_changes(cells), cells)
    return incident


def test_one_network_alone_is_cut_off_and_the_others_are_named() -> None:
    incident = found(measured({58224: TARGETS}, State.IMPAIRED, ""))
    assert incident.kind is IncidentKind.SHUTDOWN
    (scope,) = incident.scopes
    assert (scope.kind, scope.beside) == (ScopeKind.NETWORKS, ("AS44244", "AS197207"))
    assert "on AS58224 alone, while AS44244 and AS197207 went on" in incident.sentence


def test_where_every_network_is_cut_off_none_is_named() -> None:
    incident = found(measured(dict.fromkeys(ASNS, TARGETS), State.IMPAIRED, ""))
    assert incident.asns == tuple(sorted(ASNS))
    assert incident.scopes == ()


def test_a_network_on_which_all_is_slow_is_throttled() -> None:
    every = (*TARGETS, *HOME)
    incident = found(measured({44244: every, 58224: every}, State.LIKELY_BLOCKED, "tls.throttle.sni"))
    assert [scope.kind for scope in incident.scopes] == [ScopeKind.EVERYTHING]
    assert "could be reached only slowly (throttled) on AS44244 and AS58224" in incident.sentence
    assert "7 of the 7 targets measured there, so nearly everything" in incident.sentence


def test_some_slow_targets_are_not_everything() -> None:
    some = TARGETS[:4]
    incident = found(measured({44244: some, 58224: some}, State.LIKELY_BLOCKED, "tls.throttle.sni"))
    assert incident.scopes == ()
    assert "nearly everything" not in incident.sentence
