"""Evidence: of each voice and day the strongest counts, once."""

from banwatch.detect.incidents.evidence import combined_nats
from tests.detect.making import START, hours

TODAY, TOMORROW = START.date(), (START + hours(24)).date()


def test_many_targets_of_one_voice_on_one_day_count_once() -> None:
    one_run = [{("a", TODAY): 2.0}, {("a", TODAY): 5.0}, {("a", TODAY): 1.0}]
    assert combined_nats(one_run) == 5.0
    assert combined_nats([*one_run, {("b", TODAY): 3.0}, {("a", TOMORROW): -1.0}]) == 7.0
