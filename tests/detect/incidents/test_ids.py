"""Ids, once given, are kept; and what was said can be read again."""

from random import Random

from banwatch.detect import find_changes, fold, group
from banwatch.detect.incidents.past_views import view_at
from banwatch.model.ids import IncidentId
from banwatch.model.incident import Incident
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours
from tests.detect.test_first_light import BAN, seen, story


def _detect(rows: list[Verdict], published: tuple[Incident, ...] = ()) -> tuple[Incident, ...]:
    cells = fold(rows)
    return group(find_changes(cells), cells, published=published)


def test_day_by_day_every_incident_keeps_its_id() -> None:
    rows = story()
    published: tuple[Incident, ...] = ()
    given: dict[tuple[str, ...], str] = {}
    for day in range(2, 16, 2):
        published = _detect(
            [r for r in rows if r.measurement_start_time < START + hours(24 * day)], published
        )
        for one in published:
            if one.access_tiers == ("citizen",) or "youtube.com" in one.targets:
                assert given.setdefault(one.access_tiers, one.incident_id) == one.incident_id
    assert len(published) == len(seen()[2])


def test_late_data_do_not_rename() -> None:
    rows = story()
    Random(3).shuffle(rows)
    before = _detect(rows[: len(rows) * 2 // 3])
    after = _detect(rows, before)
    ban = next(one for one in before if "youtube.com" in one.targets and one.access_tiers == ("visitor",))
    same = next(one for one in after if one.incident_id == ban.incident_id)
    assert "youtube.com" in same.targets
    assert same.onset_earliest < BAN <= same.onset_latest
    assert len({one.incident_id for one in after}) == len(after)


def test_an_id_that_was_withdrawn_is_not_given_again() -> None:
    cells, changes, incidents = seen()
    used = [IncidentId("KP-2016-0041")]
    again = group(changes, cells, published=incidents[:1], used_ids=used)
    assert [one.incident_id for one in again] == [
        "KP-2016-0001",
        "KP-2016-0042",
        "KP-2016-0043",
        "KP-2016-0044",
    ]


def test_the_log_gives_any_days_view() -> None:
    log = [
        (START + hours(1), "KP-2016-0001", "first"),
        (START + hours(5), "KP-2016-0001", "revised"),
        (START + hours(3), "KP-2016-0002", "second"),
    ]
    assert [says for _, _, says in view_at(log, START + hours(4))] == ["first", "second"]
    assert [says for _, _, says in view_at(log, START + hours(9))] == ["revised", "second"]
    assert view_at(log, START) == ()
