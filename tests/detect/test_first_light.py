"""Two weeks of one country, three access tiers and a round every six hours: what must come out of it."""

import random
from datetime import datetime
from functools import cache

from banwatch.detect import find_changes, fold, group
from banwatch.model.cell import Cell
from banwatch.model.incident import Change, Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

BAN = START + hours(5 * 24)
DARK = (START + hours(9 * 24), START + hours(10 * 24))
GRUMBLE = START + hours(3 * 24)
BANNED = ("youtube.com", "facebook.com", "twitter.com", "voanews.com", "chosun.com", "donga.com")
OPEN = ("wikipedia.org", "example.org", "yna.co.kr", "google.com", "apple.com", "bbc.com")
OK_LINE = (State.OK,) * 40 + (State.BLOCKED,) * 30
DOMESTIC = ("naenara.com.kp", "kcna.kp")


def _visitor(at: datetime, target: str, number: int) -> Verdict:
    def say(state: State, *, silent: bool = False) -> Verdict:
        return verdict(at, state, target=target, tier="visitor", report=f"v{at:%m%d%H}", silent=silent)

    if DARK[0] <= at < DARK[1]:
        return say(State.INSUFFICIENT, silent=True)
    if target in BANNED and at >= BAN:
        return say(State.LIKELY_BLOCKED if number % 2 else State.BLOCKED)
    if target == "instagram.com" and GRUMBLE <= at < GRUMBLE + hours(24) and at.hour in (0, 12):
        return say(State.LIKELY_BLOCKED)
    return say(State.OK)


def story() -> list[Verdict]:
    rows: list[Verdict] = []
    targets = (*BANNED, *OPEN, *DOMESTIC, "instagram.com")
    for round_number in range(15 * 4):
        for place, target in enumerate(targets):
            at = START + hours(6 * round_number) + hours(place / 120)
            rows.append(_visitor(at, target, place))
            report = f"{at:%m%d%H}"
            rows.append(
                verdict(at, State.OK, target=target, asn=131279, tier="official", report="o" + report)
            )
            cut = target not in DOMESTIC
            state = State.LIKELY_BLOCKED if cut else State.OK
            rows.append(verdict(at, state, target=target, asn=131279, tier="citizen", report="c" + report))
        at = START + hours(6 * round_number)
        if not DARK[0] <= at < DARK[1]:
            rows.append(
                verdict(at, State.DOWN, target="dead.example", tier="visitor", report=f"v{at:%m%d%H}")
            )
    return rows


@cache
def seen() -> tuple[tuple[Cell, ...], tuple[Change, ...], tuple[Incident, ...]]:
    cells = fold(story())
    changes = find_changes(cells)
    return cells, changes, group(changes, cells)


def test_the_story_has_four_incidents() -> None:
    _, _, incidents = seen()
    found = [(i.incident_id, i.kind, i.access_tiers, len(i.targets)) for i in incidents]
    assert found == [
        ("KP-2016-0001", IncidentKind.BLOCKING, ("citizen",), 13),
        ("KP-2016-0002", IncidentKind.BLOCKING, ("visitor",), 1),
        ("KP-2016-0003", IncidentKind.BLOCKING, ("visitor",), 6),
        ("KP-2016-0004", IncidentKind.SHUTDOWN, ("visitor",), 0),
    ]


def test_the_ban_is_dated_between_two_rounds_and_lasts_across_the_shutdown() -> None:
    _, changes, incidents = seen()
    ban = incidents[2]
    assert BAN - hours(6) <= ban.onset_earliest < BAN <= ban.onset_latest < BAN + hours(1)
    assert ban.end_latest is None
    assert (
        sum(c.kind is IncidentKind.BLOCKING and c.access_tier == "visitor" for c in changes)
        == len(BANNED) + 1
    )


def test_the_intranet_was_so_from_the_first_measurement_on() -> None:
    _, _, incidents = seen()
    assert not incidents[0].onset_known
    assert incidents[0].end_latest is None
    assert not set(incidents[0].targets) & set(DOMESTIC)


def test_the_shutdown_has_both_ends() -> None:
    dark = seen()[2][3]
    assert dark.mechanisms == ("network.shutdown",)
    assert dark.onset_earliest < DARK[0] <= dark.onset_latest <= DARK[0] + hours(1)
    assert dark.end_earliest is not None
    assert dark.end_latest is not None
    assert DARK[1] - hours(6) <= dark.end_earliest <= DARK[1] <= dark.end_latest <= DARK[1] + hours(1)


def test_a_shutdown_that_leaves_no_measurements_is_seen_too() -> None:
    rows = [row for row in story() if row.layer is None]
    cells = fold(rows)
    incidents = group(find_changes(cells), cells)
    assert [i.kind for i in incidents].count(IncidentKind.SHUTDOWN) == 1
    dark = incidents[-1]
    assert dark.onset_earliest < DARK[0] <= dark.onset_latest <= DARK[0] + hours(1)
    assert dark.end_earliest is not None
    assert dark.end_latest is not None
    assert dark.end_earliest <= DARK[1] <= dark.end_latest


def test_the_days_trouble_is_partial_and_ends() -> None:
    grumble = seen()[2][1]
    assert grumble.targets == ("instagram.com",)
    assert grumble.end_latest is not None
    assert grumble.onset_earliest < GRUMBLE <= grumble.onset_latest < GRUMBLE + hours(1)


def test_any_order_gives_the_same() -> None:
    rows = story()
    random.Random(7).shuffle(rows)
    cells = list(fold(rows))
    random.Random(8).shuffle(cells)
    changes = list(find_changes(cells))
    random.Random(9).shuffle(changes)
    assert group(changes, cells) == seen()[2]


def test_one_stray_verdict_is_no_incident() -> None:
    rows = story()
    stray = verdict(START + hours(2 * 24 + 1), State.LIKELY_BLOCKED, target="bbc.com", tier="visitor")
    cells = fold([*rows, stray])
    assert len(group(find_changes(cells), cells)) == len(seen()[2])
