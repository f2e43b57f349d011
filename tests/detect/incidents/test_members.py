"""Members of an incident: rows of targets and networks, freed targets, changed mechanisms, openings."""

from collections.abc import Callable, Iterator
from datetime import datetime

from banwatch.detect import find_changes, fold, group
from banwatch.detect.wording.reasons import reasons
from banwatch.model.cell import Cell
from banwatch.model.incident import Incident
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

TARGETS = ("youtube.com", "telegram.org", "example.net", "example.org")
ASNS = (64512, 64513)
Censor = Callable[[str, int, float], str]
"""Mechanism for a target and network at an hour from `START`; empty where it works."""


def measured(censor: Censor, days: int, *, every: int = 3, skip: Censor | None = None) -> Iterator[Verdict]:
    """Measurements of all targets on both networks by three probes in turn."""
    for hour in range(0, days * 24, every):
        for asn in ASNS:
            for target in TARGETS:
                if skip and skip(target, asn, hour):
                    continue
                mechanism = censor(target, asn, hour)
                yield verdict(
                    START + hours(hour + 0.2),
                    State.LIKELY_BLOCKED if mechanism else State.OK,
                    target=target,
                    asn=asn,
                    probe=f"p{asn}-{hour // every % 3}",
                    mechanisms=(mechanism,) if mechanism else (),
                )


def found(rows: Iterator[Verdict]) -> tuple[tuple[Incident, ...], tuple[Cell, ...]]:
    cells = fold(rows)
    return group(find_changes(cells), cells), cells


def at(hour: float) -> datetime:
    return START + hours(hour)


def test_each_target_on_each_network_has_a_row_and_the_freed_one_is_named() -> None:
    def censor(target: str, asn: int, hour: float) -> str:
        until = {"youtube.com": 600, "telegram.org": 360}.get(target, 0)
        return "tls.reset.sni" if 240 <= hour < until + (12 if asn == 64513 else 0) else ""

    (incident,), cells = found(measured(censor, 28))
    rows = {(str(one.target), int(one.probe_asn)): one for one in incident.members}
    assert set(rows) == {(target, asn) for target in TARGETS[:2] for asn in ASNS}
    telegram = rows["telegram.org", 64512]
    assert telegram.end_earliest is not None
    assert telegram.end_latest is not None
    assert telegram.end_earliest <= at(360) <= telegram.end_latest
    assert telegram.interfered == telegram.measurements == 40
    assert telegram.hours == tuple(range(0, 24, 3))
    assert len(telegram.witnesses) == 2
    assert incident.end_earliest is not None
    assert incident.end_latest is not None
    assert incident.end_earliest <= at(612) <= incident.end_latest  # with its last member
    assert "freed earlier: telegram.org by 2016-04-11 12:12 UTC;" in incident.sentence
    why = "\n".join(reasons(incident, cells))
    assert "Member: telegram.org on AS64512: began between" in why
    assert "40 of 40 measurements showed it (100%), by 3 voices; tls.reset.sni" in why


def test_a_freed_target_is_no_part_of_what_is_not_seen_to_end() -> None:
    def censor(target: str, asn: int, hour: float) -> str:
        lasts = target == "youtube.com" or (target == "telegram.org" and hour < 360)
        return "tls.reset.sni" if hour >= 240 and lasts else ""

    (incident,), _ = found(measured(censor, 28))
    assert incident.end_latest is None
    assert "not seen to end; freed earlier: telegram.org by 2016-04-11 00:12 UTC;" in incident.sentence


def test_a_network_that_nobody_measured_since_does_not_keep_a_freed_target_blocked() -> None:
    def censor(target: str, asn: int, hour: float) -> str:
        return "tls.reset.sni" if 240 <= hour < 480 and target == "youtube.com" else ""

    def left(target: str, asn: int, hour: float) -> str:
        return "left" if asn == 64513 and hour >= 420 else ""

    (incident,), _ = found(measured(censor, 30, skip=left))
    assert {one.probe_asn: one.end_latest is None for one in incident.members} == {64512: False, 64513: True}
    assert incident.end_earliest is not None
    assert incident.end_latest is not None
    assert incident.end_earliest <= at(480) <= incident.end_latest

    def stays(target: str, asn: int, hour: float) -> str:  # the twin: the other network stays blocked
        blocked = hour >= 240 and (hour < 480 or asn == 64513)
        return "tls.reset.sni" if blocked and target == "youtube.com" else ""

    (lasting,), _ = found(measured(stays, 30))
    assert lasting.end_latest is None
    assert "freed earlier: AS64512 by 2016-04-16 00:12 UTC;" in lasting.sentence


def test_a_change_of_mechanism_within_an_incident_is_said() -> None:
    def censor(target: str, asn: int, hour: float) -> str:
        if target != "youtube.com" or hour < 240:
            return ""
        return "dns.injection.bogon" if hour < 400 else "tls.reset.sni"

    (incident,), _ = found(measured(censor, 30))
    assert all(len(one.phases) == 2 for one in incident.members)
    first, second = incident.members[0].phases
    assert (first.mechanisms, second.mechanisms) == (("dns.injection.bogon",), ("tls.reset.sni",))
    assert first.last_at < at(400) <= second.first_at
    said = "the mechanism changed from dns.injection.bogon to tls.reset.sni, first seen 2016-04-12 18:12 UTC"
    assert said in incident.sentence


def test_mechanisms_that_alternate_are_no_change() -> None:
    def censor(target: str, asn: int, hour: float) -> str:
        if target != "youtube.com" or hour < 240:
            return ""
        return "dns.injection.bogon" if hour // 3 % 2 else "tls.reset.sni"

    (incident,), _ = found(measured(censor, 30))
    assert all(len(one.phases) == 1 for one in incident.members)
    assert "changed" not in incident.sentence


def test_an_opening_of_thirty_hours_with_twenty_good_measurements_is_an_opening() -> None:
    def censor(target: str, asn: int, hour: float) -> str:
        blocked = 240 <= hour < 480 and not 330 <= hour < 360
        return "tls.reset.sni" if blocked and target == "youtube.com" else ""

    (first, second), _ = found(measured(censor, 30))
    assert first.end_earliest is not None
    assert first.end_latest is not None
    assert first.end_earliest <= at(330) <= first.end_latest
    assert second.onset_earliest <= at(360) <= second.onset_latest
    assert {one.probe_asn for one in second.members} == set(ASNS)


def test_successes_of_a_leaky_block_are_no_opening() -> None:
    def censor(target: str, asn: int, hour: float) -> str:
        leaks = hour // 3 % 2 == 0 or 330 <= hour < 345
        return "tls.reset.sni" if 240 <= hour < 480 and not leaks and target == "youtube.com" else ""

    (incident,), _ = found(measured(censor, 30))
    assert all(one.windows == () for one in incident.members)
