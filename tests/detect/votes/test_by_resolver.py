"""Whether a block shows only with the network's own resolver, and where that may not be said."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from banwatch.detect import find_changes, fold, group
from banwatch.detect.wording.reasons import reasons
from banwatch.model.ids import Asn, MeasurementUid, TargetName
from banwatch.model.resolver import ResolverKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

ONLY_OWN = "network's own resolver"
BAN_H = 10 * 24
LENGTH_H = 20 * 24
OWN, PUBLIC, UNKNOWN = ResolverKind.NETWORK, ResolverKind.PUBLIC, ResolverKind.UNKNOWN
Blocks = Callable[[float, ResolverKind, int], bool]


def _rows(blocks: Blocks, kinds: tuple[ResolverKind, ...], networks: int = 1) -> list[Verdict]:
    """Two probes for each kind of resolver on each network, all measuring every three hours."""
    rows = []
    for network in range(networks):
        for place, kind in enumerate((*kinds, *kinds)):
            for turn in range(LENGTH_H // 3):
                at = 3 * turn + place / 20
                state = State.LIKELY_BLOCKED if blocks(at, kind, network) else State.OK
                who = f"n{network}-{place}"
                row = verdict(START + hours(at), state, asn=64512 + network, probe=who)
                rows.append(replace(row, resolver_kind=kind))
    return rows


def _reasons(rows: list[Verdict]) -> tuple[str, list[str]]:
    cells = fold(rows)
    (incident,) = group(find_changes(cells), cells)
    return incident.sentence, [line for line in reasons(incident, cells) if "resolver" in line]


def test_a_block_of_the_networks_resolver_alone_is_called_so() -> None:
    says, why = _reasons(_rows(lambda at, kind, _: at >= BAN_H and kind is OWN, (OWN, PUBLIC)))
    assert f"with the {ONLY_OWN}, while public ones reached it, beginning" in says
    (line,) = why
    assert line.startswith(f"It shows only with the {ONLY_OWN}, and public ones reached it: of youtube.com, ")
    assert "20 of 20 voices' days with its own showed it, 0 of 20 with public ones" in line


def test_a_block_that_shows_with_every_resolver_is_not() -> None:
    says, why = _reasons(_rows(lambda at, _kind, _network: at >= BAN_H, (OWN, PUBLIC)))
    assert ONLY_OWN not in says
    assert ["makes no sure difference" in line for line in why] == [True]


@pytest.mark.parametrize(
    ("blocks", "kinds", "networks"),
    [
        pytest.param(
            lambda at, kind, _: at >= BAN_H and kind is OWN, (OWN,), 1, id="no public one was asked"
        ),
        pytest.param(
            lambda at, kind, _: at >= BAN_H and kind is OWN, (OWN, UNKNOWN), 1, id="nobody knows whose"
        ),
        pytest.param(
            lambda at, kind, network: at >= BAN_H and (kind is OWN or network == 0),
            (OWN, PUBLIC),
            2,
            id="one network blocks it with every resolver",
        ),
    ],
)
def test_it_is_not_said_where_it_is_not_known(
    blocks: Blocks, kinds: tuple[ResolverKind, ...], networks: int
) -> None:
    says, why = _reasons(_rows(blocks, kinds, networks))
    assert ONLY_OWN not in says
    assert not any("It shows only" in line for line in why)


def test_public_resolvers_asked_before_or_elsewhere_say_nothing() -> None:
    rows = _rows(lambda at, kind, _: at >= BAN_H and kind is OWN, (OWN, PUBLIC))
    early = [
        row for row in rows if row.resolver_kind is OWN or row.measurement_start_time < START + hours(BAN_H)
    ]
    elsewhere = [
        replace(row, probe_asn=Asn(64999), measurement_uid=MeasurementUid(f"{row.measurement_uid}e"))
        for row in rows
        if row.resolver_kind is PUBLIC
    ]
    says, why = _reasons([*early, *elsewhere])
    assert ONLY_OWN not in says
    assert why == []


def test_one_voice_with_a_public_resolver_is_not_enough_however_often_it_measures() -> None:
    rows = _rows(lambda at, kind, _: at >= BAN_H and kind is OWN, (OWN, PUBLIC))
    lone = [
        replace(row, probe_id="lone") if row.resolver_kind is PUBLIC else row
        for row in rows
        if row.resolver_kind is OWN or row.measurement_start_time >= START
    ]
    says, _ = _reasons(lone)
    assert ONLY_OWN not in says


def test_two_sites_of_which_one_is_blocked_otherwise_are_told_apart() -> None:
    rows = _rows(lambda at, kind, _: at >= BAN_H and kind is OWN, (OWN, PUBLIC))
    other = [
        replace(
            row, target=TargetName("facebook.com"), measurement_uid=MeasurementUid(f"{row.measurement_uid}f")
        )
        for row in _rows(lambda at, _kind, _network: at >= BAN_H, (OWN, PUBLIC))
    ]
    says, why = _reasons([*rows, *other])
    assert ONLY_OWN not in says
    assert len(why) == 2
    assert "of youtube.com" in why[0]
    assert "of facebook.com" in why[1]
