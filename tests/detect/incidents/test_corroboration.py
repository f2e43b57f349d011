"""Outside signals raise or lower a silence's confidence by a ratio that is learned from a published list."""

import csv
import json
import runpy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from banwatch.cli.views.incidents import incident_lines
from banwatch.detect.incidents import thresholds as s
from banwatch.detect.incidents.corroboration import corroborate, kind_of, outside_json
from banwatch.model.ids import Asn, CountryCode, IncidentId
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.signal import Signal

DARK = (datetime(2016, 4, 5, tzinfo=UTC), datetime(2016, 4, 6, tzinfo=UTC))

LEARN = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "learn_signals.py"))["learn"]


def _silence(confidence: float) -> Incident:
    return Incident(
        incident_id=IncidentId("KP-2016-0004"),
        kind=IncidentKind.SHUTDOWN,
        probe_cc=CountryCode("KP"),
        asns=(Asn(64512),),
        access_tiers=("",),
        targets=(),
        mechanisms=("network.shutdown",),
        onset_earliest=DARK[0],
        onset_latest=DARK[0],
        onset_known=True,
        end_earliest=DARK[1],
        end_latest=DARK[1],
        measurements=0,
        probes=0,
        confidence=confidence,
        witnesses=(),
        sentence="Nothing was heard.",
    )


def _signal(source: str = "IODA bgp", country: str = "KP", shift_d: float = 0) -> Signal:
    shift = timedelta(days=shift_d)
    begins, ends = DARK[0] + shift, DARK[1] + shift
    code = CountryCode(country)
    return Signal(begins=begins, ends=ends, source=source, country=code, asn=Asn(0), says="outage", url="")


WORLD = tuple(
    _signal(country=country, shift_d=days) for country in ("UG", "SY", "IQ", "CU") for days in (-90, 90)
)


def test_an_outage_that_others_saw_raises_a_doubtful_silence_and_not_beyond_the_share_of_orders() -> None:
    doubtful = corroborate(_silence(0.4), [_signal()])
    assert doubtful is not None
    assert 2 < doubtful.likelihood_ratio <= s.SIGNAL_MOST_RATIO
    assert (
        0.7 < doubtful.confidence < 0.8
    )  # cables fail too: of outages of known cause, three in four are ordered
    likely = corroborate(_silence(0.75), [_signal()])
    assert likely is not None
    assert 0.75 < likely.confidence < 0.8


def test_the_world_watched_and_nothing_seen_lowers_it() -> None:
    found = corroborate(_silence(0.4), WORLD)
    assert found is not None
    assert found.likelihood_ratio < 0.5
    assert found.confidence < 0.25
    assert found.not_seen == ("IODA",)


@pytest.mark.parametrize(
    "signals",
    [
        [],
        [_signal(country="UG", shift_d=-90), _signal(country="UG", shift_d=90)],  # watched one country
        [one for one in WORLD if one.begins < DARK[0]],  # the list ends before
    ],
)
def test_who_did_not_watch_says_nothing(signals: list[Signal]) -> None:
    assert corroborate(_silence(0.4), signals) is None


def test_kinds_of_one_observatory_are_one_witness_and_two_observatories_are_two() -> None:
    once = corroborate(_silence(0.4), [_signal()])
    kinds = corroborate(_silence(0.4), [_signal(), _signal("IODA ping-slash24"), _signal("IODA merit-nt")])
    assert once is not None
    assert kinds is not None
    assert kinds.likelihood_ratio < 1.3 * once.likelihood_ratio
    assert len(kinds.seen) == 1
    both = corroborate(_silence(0.4), [_signal(), _signal("Trinocular")])
    assert both is not None
    assert len(both.seen) == 2
    assert kind_of(_signal("BGP withdrawals")) == "bgp"
    assert kind_of(_signal("Cloudflare Radar")) == "telescope"  # unknown kinds count least


def test_blocking_is_not_corroborated_by_outages() -> None:
    block = replace(_silence(0.4), kind=IncidentKind.BLOCKING)
    assert corroborate(block, [_signal()]) is None


def test_the_ratio_is_printed_apart_and_the_incident_keeps_its_own_confidence() -> None:
    silence = _silence(0.4)
    (line,) = incident_lines([silence], as_json=True, signals=[_signal()])
    assert '"confidence": 0.4,' in line
    assert '"outside": {"likelihood_ratio": ' in line
    printed = list(incident_lines([silence], as_json=False, signals=[_signal()]))
    assert "IODA (bgp) saw an outage then" in printed[-1]
    assert "Confidence 0.40 alone" in printed[-1]


def test_an_incident_carries_its_signals_their_ratio_and_a_sentence_in_json() -> None:
    silence = _silence(0.4)
    wire = json.loads(next(incident_lines([silence], as_json=True, signals=[_signal()], plain=True)))
    outside = wire["outside"]
    assert outside["sentence"].startswith("Outside signals: IODA (bgp) saw an outage then")
    assert outside["likelihood_ratio"] > 1
    assert [one["source"] for one in outside["signals"]] == [_signal().source]
    assert outside["signals"][0]["begins"].endswith("Z")
    assert outside_json(silence, []) is None
    (line,) = incident_lines([silence], as_json=True)
    assert json.loads(line)["outside"] is None


HEAD = (
    "ID,Begin time,End time,Country,IODA BGP visible by human,IODA AP visible by human , "
    "IODA IBR visible by human,Scope (based on it),Cause"
)


def test_the_numbers_come_of_a_list_by_one_command() -> None:
    rows = [
        HEAD,
        '1,"Monday, January 1, 2018, 1:00:00 AM",,Syria,TRUE,True ,ture,Country,Exams',
        '2,"Monday, January 8, 2018, 1:00:00 AM",,Iraq,FALSE,TRUE,FALSE,Country,Government-Ordered',
        '3,"Monday, January 15, 2018, 1:00:00 AM",,Benin,FALSE,TRUE,FALSE,Country,Cable-Cut',
        '4,"Monday, January 15, 2018, 1:00:00 AM",,Benin,TRUE,TRUE,N/A,Region (X),Cable-Cut',
        '5,"Monday, January 15, 2018, 1:00:00 AM",,Benin,TRUE,TRUE,TRUE,Country,Unknown',
    ]
    learned = LEARN(list(csv.DictReader(rows)), countries=2)
    assert learned["bgp"] == {"ordered": "1 of 2", "other known cause": "0 of 1"}
    assert learned["telescope"]["ordered"] == "1 of 2"
    assert learned["nationwide outages"]["in a country's week"].startswith("1.0000 (4 in 2 weeks")
