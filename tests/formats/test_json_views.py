"""JSON shapes: one for each noun, wherever it is printed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from banwatch.formats.json_views import ComparisonJson, IncidentJson, VerdictJson
from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import Asn, CountryCode, IncidentId, MeasurementUid, TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.member import Member, Phase
from banwatch.model.resolver import ResolverKind
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict

VERDICT = Verdict(
    measurement_uid=MeasurementUid("20260401000000.000000_KP_webconnectivity_0000000000000000"),
    target=TargetName("example.net"),
    test_name="web_connectivity",
    input="https://www.example.net/",
    probe_cc=CountryCode("KP"),
    probe_asn=Asn(131279),
    access_tier="visitor",
    report_id="r1",
    probe_id="p1",
    measurement_start_time=datetime(2026, 4, 1, tzinfo=UTC),
    state=State.LIKELY_BLOCKED,
    mechanisms=("tcp.timeout",),
    layer=Layer.TCP,
    hop=0,
    rules=("tcp.timeout",),
    vetoed=(),
    sentence="Connecting to www.example.net timed out.",
    ruleset="2026.1",
    snapshots=("shipped",),
    resolver_kind=ResolverKind.NETWORK,
)


@pytest.mark.parametrize("changes", [{}, {"input": ""}, {"layer": None, "hop": None}, {"probe_asn": Asn(0)}])
def test_a_verdict_survives_the_round_trip(changes: dict[str, Any]) -> None:
    verdict = msgspec.structs.replace(VERDICT, **changes)
    line = msgspec.json.encode(VerdictJson.from_verdict(verdict))
    assert msgspec.json.decode(line, type=VerdictJson).to_verdict() == verdict


def test_a_verdict_has_every_field_and_a_network_as_people_write_it() -> None:
    found = json.loads(msgspec.json.encode(VerdictJson.from_verdict(VERDICT)))
    assert set(found) == set(Verdict.__struct_fields__)
    assert found["probe_asn"] == "AS131279"
    assert found["measurement_start_time"] == "2026-04-01T00:00:00Z"


KOREA = timezone(timedelta(hours=9))
INCIDENT = Incident(
    incident_id=IncidentId("KP-2016-0001"),
    kind=IncidentKind.BLOCKING,
    probe_cc=CountryCode("KP"),
    asns=(Asn(64512),),
    access_tiers=("visitor",),
    targets=(TargetName("youtube.com"),),
    mechanisms=("dns.injection.other",),
    onset_earliest=datetime(2016, 4, 1, 3, tzinfo=KOREA),
    onset_latest=datetime(2016, 4, 1, 9, tzinfo=KOREA),
    onset_known=True,
    end_earliest=None,
    end_latest=None,
    measurements=36,
    probes=1,
    confidence=0.99,
    witnesses=(MeasurementUid("uid-1"),),
    sentence="youtube.com stopped opening.",
)
COMPARISON = Comparison(
    ban_id="dprk-2016",
    target=TargetName("twitter.com"),
    category="",
    probe_cc=CountryCode("KP"),
    probe_asn=Asn(131279),
    access_tier="official",
    announced=True,
    measured=Measured.ENFORCED,
    since=(datetime(2016, 4, 1, 3, tzinfo=KOREA), datetime(2016, 4, 1, 9, tzinfo=KOREA)),
    until=None,
    since_known=True,
    mechanisms=("tcp.timeout",),
    measurements=12,
    interfered=11,
    witness=MeasurementUid("uid-2"),
    relation=("lifted",),
)


def _read(shape: IncidentJson | ComparisonJson) -> Any:
    return json.loads(msgspec.json.encode(shape))


def test_incident_has_the_keys_that_detect_and_the_demo_promise() -> None:
    assert _read(IncidentJson.from_incident(INCIDENT)) == {
        "id": "KP-2016-0001",
        "country": "KP",
        "asns": [64512],
        "access_tiers": ["visitor"],
        "targets": ["youtube.com"],
        "kind": "blocking",
        "mechanisms": ["dns.injection.other"],
        "onset": ["2016-03-31T18:00:00Z", "2016-04-01T00:00:00Z"],
        "onset_known": True,
        "end": None,
        "confidence": 0.99,
        "measurements": 36,
        "probes": 1,
        "witnesses": ["uid-1"],
        "sentence": "youtube.com stopped opening.",
        "asn": "AS64512",
        "unconfirmed": False,
        "windows": [],
        "reached": [],
        "members": [],
        "scopes": [],
        "outside": None,
    }


def test_a_member_names_its_times_in_utc_and_its_phases() -> None:
    moment = INCIDENT.onset_latest
    member = Member(
        target=TargetName("youtube.com"),
        probe_asn=Asn(64512),
        access_tier="visitor",
        onset_earliest=moment.astimezone(KOREA),
        onset_latest=moment,
        onset_known=True,
        end_earliest=None,
        end_latest=None,
        last_at=moment,
        mechanisms=("tls.reset.sni",),
        phases=(Phase(mechanisms=("tls.reset.sni",), first_at=moment, last_at=moment),),
        hours=(0,),
        share=1.0,
        interfered=1,
        measurements=1,
        probes=1,
        windows=(),
        witnesses=(MeasurementUid("uid-1"),),
    )
    (found,) = _read(IncidentJson.from_incident(replace(INCIDENT, members=(member,))))["members"]
    assert found["onset"] == ["2016-04-01T00:00:00Z", "2016-04-01T00:00:00Z"]
    assert found["end"] is None
    assert found["phases"] == [{"mechanisms": ["tls.reset.sni"], "shown": ["2016-04-01T00:00:00Z"] * 2}]


def test_incident_names_one_network_alone_and_an_end_only_with_both_bounds() -> None:
    wide = replace(INCIDENT, asns=(Asn(1), Asn(2)), end_earliest=INCIDENT.onset_latest)
    assert IncidentJson.from_incident(wide).asn is None
    assert IncidentJson.from_incident(wide).end is None
    over = replace(wide, end_latest=INCIDENT.onset_latest)
    assert _read(IncidentJson.from_incident(over))["end"] == ["2016-04-01T00:00:00Z"] * 2


def test_comparison_has_the_keys_that_bans_compare_and_the_demo_promise() -> None:
    assert _read(ComparisonJson.from_comparison(COMPARISON)) == {
        "ban_id": "dprk-2016",
        "target": "twitter.com",
        "category": "",
        "probe_cc": "KP",
        "probe_asn": "AS131279",
        "access_tier": "official",
        "tier": "official",
        "announced": True,
        "measured": "enforced",
        "since": ["2016-03-31T18:00:00Z", "2016-04-01T00:00:00Z"],
        "until": None,
        "since_known": True,
        "mechanisms": ["tcp.timeout"],
        "measurements": 12,
        "interfered": 11,
        "witness": "uid-2",
        "relation": ["lifted"],
    }
