"""What others report, in three forms."""

import json
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
