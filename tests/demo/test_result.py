"""The result for machines says what the store says, in the promised shape."""

import json
from datetime import UTC, datetime
from pathlib import Path

from banwatch.demo.result import render_result, write_result
from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import Asn, CountryCode, IncidentId, MeasurementUid, TargetName
from banwatch.model.incident import Incident, IncidentKind

BEFORE = datetime(2016, 3, 31, 18, tzinfo=UTC)
AFTER = datetime(2016, 4, 1, tzinfo=UTC)

INCIDENT = Incident(
    incident_id=IncidentId("KP-2016-0001"),
    kind=IncidentKind.BLOCKING,
    probe_cc=CountryCode("KP"),
    asns=(Asn(64512),),
    access_tiers=("visitor",),
    targets=(TargetName("youtube.com"),),
    mechanisms=("dns.injection.other",),
    onset_earliest=BEFORE,
    onset_latest=AFTER,
    onset_known=True,
    end_earliest=None,
    end_latest=None,
    measurements=36,
    probes=1,
    confidence=0.99,
    witnesses=(MeasurementUid("uid-1"),),
    sentence="youtube.com stopped opening.",
)
NO_DATA = Comparison(
    ban_id="dprk-2016",
    target=TargetName("twitter.com"),
    category="",
    probe_cc=CountryCode("KP"),
    probe_asn=Asn(131279),
    access_tier="official",
    announced=True,
    measured=Measured.NO_DATA,
    since=None,
    until=None,
    since_known=False,
    mechanisms=(),
    measurements=0,
    interfered=0,
    witness=None,
)


def test_result_has_the_promised_keys_and_null_where_there_is_nothing(tmp_path: Path) -> None:
    result = render_result(
        ban_id="dprk-2016",
        recorded=True,
        measurements=3060,
        incidents=[INCIDENT],
        comparisons=[NO_DATA],
        score={"measurements": 3060},
    )
    write_result(result, tmp_path / "result.json")
    read = json.loads((tmp_path / "result.json").read_text())

    incident = read["incidents"][0]
    assert incident["onset"] == ["2016-03-31T18:00:00Z", "2016-04-01T00:00:00Z"]
    assert incident["end"] is None
    assert incident["asn"] == "AS64512"
    row = read["comparison"][0]
    assert (row["measured"], row["since"], row["witness"], row["mechanisms"]) == ("no_data", None, None, [])
    assert (read["ban"], read["recorded"], read["measurements"]) == ("dprk-2016", True, 3060)
