"""JSON shapes: one for each noun, wherever it is printed."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from banwatch.formats.json_views import VerdictJson
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
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
    verdict = replace(VERDICT, **changes)
    line = msgspec.json.encode(VerdictJson.from_verdict(verdict))
    assert msgspec.json.decode(line, type=VerdictJson).to_verdict() == verdict


def test_a_verdict_has_every_field_and_a_network_as_people_write_it() -> None:
    found = json.loads(msgspec.json.encode(VerdictJson.from_verdict(VERDICT)))
    assert set(found) == {field.name for field in fields(Verdict)}
    assert found["probe_asn"] == "AS131279"
    assert found["measurement_start_time"] == "2026-04-01T00:00:00Z"
