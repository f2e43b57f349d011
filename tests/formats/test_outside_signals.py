"""What others report, in the forms of their APIs."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.formats.outside_signals import parse_signals_untrusted, read_signals
from banwatch.model.errors import BanwatchError, WireError

IODA = {
    "data": [
        [
            {"location": "country/UG", "start": 1610553600, "duration": 3600, "datasource": "bgp"},
            {"location": "asn/20294", "start": 1610550000, "duration": None, "datasource": "ping-slash24"},
            {"location": "region/4416", "start": 1610550000, "duration": 60, "datasource": "bgp"},
        ]
    ]
}
CLOUDFLARE = {
    "result": {
        "annotations": [
            {
                "startDate": "2021-01-13T16:00:00Z",
                "endDate": "2021-01-18T09:00:00Z",
                "locations": ["UG"],
                "asns": [],
                "description": "Election",
                "linkedUrl": "https://example.org/",
            }
        ]
    }
}
CSV = b"source,country,begins,ends,asn,says\nA reader,ug,2021-01-13 16:00:00,,AS20294,no Internet\n"


def test_three_forms() -> None:
    first, second = parse_signals_untrusted(json.dumps(IODA).encode())
    assert (first.source, first.asn, first.ends) == ("IODA ping-slash24", 20294, None)
    assert (second.country, (second.ends - second.begins).total_seconds() if second.ends else 0) == (
        "UG",
        3600,
    )
    (radar,) = parse_signals_untrusted(json.dumps(CLOUDFLARE).encode())
    assert (radar.country, radar.asn, radar.says) == ("UG", 0, "Election")
    (plain,) = parse_signals_untrusted(CSV)
    assert (plain.source, plain.country, plain.asn) == ("A reader", "UG", 20294)


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2", b"{}", b'{"data": [1]}', b"\xff", b'{"data": [{"location": "country/UG"}]}']
)
def test_other_forms_are_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(WireError):
        parse_signals_untrusted(data)
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(BanwatchError):
        read_signals(tmp_path / "x")


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["data", "result", "annotations", "location", "start", "startDate", "duration"]
                ),
                inner,
            )
        ),
    )
)
def test_any_json_is_read_or_refused(content: object) -> None:
    try:
        parse_signals_untrusted(json.dumps(content).encode())
    except WireError:
        return


IRAN = {"datasource": "bgp", "entity": {"code": "IR", "type": "country"}}
RADAR = {
    "startDate": "2021-01-13T16:00:00Z",
    "asnDetails": {"asn": "44244", "locations": {"code": "IR"}},
}


def _parsed(content: object) -> tuple[list[tuple[str, int, str, bool]], Counter[str]]:
    counts: Counter[str] = Counter()
    found = parse_signals_untrusted(json.dumps(content).encode(), counts)
    return [(s.country, s.asn, s.source, s.ends is not None) for s in found], counts


def test_events_with_entities_are_read_as_those_with_locations() -> None:
    found, counts = _parsed({"data": [IRAN | {"from": 1767897900, "until": 1768197900}]})
    assert found == [("IR", 0, "IODA bgp", True)]
    assert not counts


def test_alerts_last_until_one_says_normal() -> None:
    alerts = [
        IRAN | {"time": 300, "level": "normal"},
        IRAN | {"time": 100, "level": "critical"},
        IRAN | {"time": 200, "level": "warning"},
        IRAN | {"time": 400, "level": "critical"},
        IRAN | {"time": 50, "level": "normal"},
        {"datasource": "bgp", "entity": {"code": "12", "type": "region"}, "time": 1, "level": "critical"},
    ]
    found, counts = _parsed({"data": alerts})
    assert found == [("IR", 0, "IODA bgp", True), ("IR", 0, "IODA bgp", False)]
    assert counts == {"that says normal after no alert": 1, "of a region": 1}


def test_anomalies_of_radar() -> None:
    found, _ = _parsed({"success": True, "errors": [], "result": {"trafficAnomalies": [RADAR]}})
    assert found == [("IR", 44244, "Cloudflare Radar", False)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"error": "Timeframe too long (max 12 months)", "data": None}, "Timeframe too long"),
        ({"success": False, "errors": [{"code": 1, "message": "no token"}], "result": None}, "no token"),
        ({"type": "outages.summary", "data": [{"scores": {}, "event_cnt": 3} | IRAN]}, "outages/events"),
        (
            {"data": [{"location": "region/1", "start": 1, "duration": 1}]},
            "of a country or a network: 1 of a region",
        ),
        ({"data": [{"start": 1, "duration": 1}]}, "1 without a place"),
    ],
)
def test_what_gives_nothing_says_why(content: object, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        _parsed(content)


def test_no_events_are_no_signals_and_no_error() -> None:
    assert _parsed({"data": [], "error": None}) == ([], Counter())


FIELD = Path(__file__).parents[3] / "shared" / "data" / "field" / "ioda-shapes"


@pytest.mark.skipif(not FIELD.is_dir(), reason="the answers lie outside the repository")
def test_the_published_answers() -> None:
    counts: Counter[str] = Counter()
    found = read_signals(FIELD / "events-codf.json", counts)
    assert sorted((s.country, s.asn) for s in found) == [("IR", 0), ("ZZ", 44244), ("ZZ", 197207)]
    assert counts == {"of a region": 1, "of a geoasn": 1, "of a continent": 1}
    assert len(read_signals(FIELD / "events-ioda.json")) == len(read_signals(FIELD / "alerts.json")) == 1
    assert read_signals(FIELD / "events-none.json") == ()
    for name in ("error.json", "summary.json"):
        with pytest.raises(BanwatchError):
            read_signals(FIELD / name)
