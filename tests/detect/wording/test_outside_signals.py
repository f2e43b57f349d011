"""Outside signals stand beside incidents, and change none."""

from datetime import timedelta

from banwatch.cli.views.incidents import incident_lines
from banwatch.detect.wording.outside_signals import render_signal, signals_beside
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.signal import Signal
from tests.detect.test_first_light import DARK, seen


def _signal(country: str = "KP", asn: int = 0, shift_h: float = 0) -> Signal:
    shift = timedelta(hours=shift_h)
    return Signal(
        begins=DARK[0] + shift,
        ends=DARK[1] + shift,
        source="IODA bgp",
        country=CountryCode(country),
        asn=Asn(asn),
        says="outage",
        url="",
    )


def test_signals_of_the_same_place_and_time_are_named() -> None:
    shutdown = seen()[2][3]
    here = [_signal(), _signal(asn=64512), _signal("ZZ", 64512)]
    elsewhere = [
        _signal("UG"),
        _signal(asn=64999),
        _signal("UG", 64512),
        _signal(shift_h=80),
        _signal(shift_h=-80),
    ]
    assert signals_beside(shutdown, [*here, *elsewhere]) == tuple(here)
    assert render_signal(here[0]).startswith("IODA bgp: outage, KP, 2016-04-05 00:00 to 2016-04-06 00:00")


def test_they_are_printed_with_the_incident() -> None:
    shutdown = seen()[2][3]
    printed = list(incident_lines([shutdown], as_json=False, signals=[_signal()]))
    assert printed[0].startswith(shutdown.incident_id)
    assert printed[1].startswith("    Also: IODA bgp")
