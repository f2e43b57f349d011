"""Shutdowns of one network are told once: recurring ones together, overlapping ones as one."""

from dataclasses import replace
from datetime import timedelta

from banwatch.detect.shutdowns.joining import join_shutdowns
from banwatch.detect.wording.schedule import render_schedule
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.incident import Change, IncidentKind
from tests.detect.making import START, hours


def shutdown(begin: float, length: float, *, asn: int = 64512, reached: tuple[str, ...] = ()) -> Change:
    return Change(
        target=TargetName(""),
        probe_cc=CountryCode("KP"),
        probe_asn=Asn(asn),
        access_tier="",
        kind=IncidentKind.SHUTDOWN,
        onset_earliest=START + hours(begin - 0.5),
        onset_latest=START + hours(begin),
        onset_known=True,
        end_earliest=START + hours(begin + length),
        end_latest=START + hours(begin + length + 0.5),
        share=1.0,
        measurements=10,
        probes=3,
        confidence=0.9,
        mechanisms=("network.shutdown",),
        witness=MeasurementUid("w"),
        reached=tuple(map(TargetName, reached)),
    )


def test_cuts_from_abroad_at_the_same_hours_are_one() -> None:
    nights = [shutdown(24 * day + 22, 6, reached=("a.kp",)) for day in (0, 1, 3)]
    (found,) = join_shutdowns(nights)
    assert len(found.windows) == 3
    assert found.reached == ("a.kp",)
    assert found.end_latest == nights[-1].end_latest


def test_cuts_at_other_hours_or_of_other_networks_stay_apart() -> None:
    apart = [shutdown(22, 6), shutdown(24 + 6, 6), shutdown(72 + 12, 6), shutdown(24, 6, asn=64513)]
    assert len(join_shutdowns(apart)) == 4


def test_a_day_of_darkness_within_a_season_of_mornings_is_one_of_its_windows() -> None:
    mornings = [shutdown(24 * day + 1, 4) for day in range(3, 12)]
    (season,) = join_shutdowns(mornings)
    (found,) = join_shutdowns([season, shutdown(24 * 6 + 8, 40)])
    assert len(found.windows) == 10
    said = render_schedule(found.windows)
    assert "from 01:00 to 05:00 UTC on each of 9 days" in said
    assert "and without a break from 2016-04-02 08:00 to 2016-04-04 00:00 UTC" in said


def test_two_findings_of_one_silence_are_one_without_windows() -> None:
    one = shutdown(10, 30)
    (found,) = join_shutdowns([one, shutdown(20, 40)])
    assert found.windows == ()
    assert found.end_latest == START + hours(60.5)
    lasting = replace(one, end_earliest=None, end_latest=None)
    (found,) = join_shutdowns([lasting, shutdown(20, 40)])
    assert found.end_latest is None


def test_silences_one_after_the_other_stay_apart() -> None:
    gap = timedelta(hours=12)
    first, second = shutdown(10, 30), shutdown(60, 30)
    assert second.onset_earliest - (first.end_latest or START) > gap
    assert join_shutdowns([second, first]) == [first, second]
