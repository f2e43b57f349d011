"""Past views: the last publication of each incident by a moment."""

from banwatch.detect.incidents.past_views import view_at
from tests.detect.making import START, hours


def test_a_later_publication_replaces_an_earlier_one_only_from_then_on() -> None:
    log = [(START + hours(5), "B", "revised"), (START, "B", "first"), (START + hours(1), "A", "other")]
    assert [entry[2] for entry in view_at(log, START + hours(1))] == ["other", "first"]
    assert [entry[2] for entry in view_at(log, START + hours(5))] == ["other", "revised"]
