"""The contract of OONI's reading API, as its clients rely on it: types, bounds, errors."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from banwatch.explorer.api_v2.forms import inert
from banwatch.explorer.app import create_app_over
from banwatch.explorer.guard import site_address
from banwatch.pages.store_reader import StoreReader
from tests.explorer.asgi_client import Answer, ask, get
from tests.explorer.ooni_api.measured_store import DAYS, PER_DAY, measured_store

APRIL = "since=2016-03-31&until=2016-04-30"
WEB = len(DAYS) * PER_DAY
REQUESTS = Path(__file__).parents[4] / "shared" / "data" / "ooni-api" / "explorer-requests.jsonl"
COUNTS = ("anomaly_count", "confirmed_count", "failure_count", "ok_count")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with measured_store(tmp_path_factory.mktemp("ooni")) as store:
        yield create_app_over(StoreReader(store))


def fetch(app: FastAPI, address: str) -> Any:
    answer = get(app, address)
    assert answer.status == 200, answer.text
    return json.loads(answer.body)


def listed(app: FastAPI, query: str) -> list[dict[str, Any]]:
    """Follow `next_url` to the end."""
    address, found = f"/api/v1/measurements?{query}", []
    for _ in range(100):
        page = fetch(app, address)
        found += page["results"]
        following = page["metadata"]["next_url"]
        if following is None:
            assert page["metadata"]["count"] == len(found)
            return found
        assert following.startswith("http://127.0.0.1/api/v1/measurements?")
        address = following.removeprefix("http://127.0.0.1")
    raise AssertionError("the pages do not end")


class TestMeasurements:
    @pytest.mark.parametrize(("limit", "order"), [(4, "asc"), (7, "DESC"), (1_000_000, "desc")])
    def test_every_page_is_reached_once(self, app: FastAPI, limit: int, order: str) -> None:
        found = listed(app, f"{APRIL}&limit={limit}&order={order}")
        uids = [row["measurement_uid"] for row in found]
        assert len(uids) == len(set(uids)) == WEB + 1
        times = [row["measurement_start_time"] for row in found]
        assert times == sorted(times, reverse=order != "asc")

    def test_rows_have_the_types_that_clients_read(self, app: FastAPI) -> None:
        for row in listed(app, APRIL):
            assert type(row["anomaly"]) is type(row["confirmed"]) is type(row["failure"]) is bool
            assert isinstance(row["scores"], dict)
            assert row["scores"]["analysis"].get("blocking_type") != ""
            assert row["probe_asn"].startswith("AS")
            assert row["verification_status"] == "unverified"
            assert row["measurement_start_time"].endswith("000Z")
            assert not (row["confirmed"] and row["test_name"] != "web_connectivity")
            assert row["input"] is None if row["test_name"] == "telegram" else row["input"]
            raw = fetch(app, row["measurement_url"].removeprefix("http://127.0.0.1"))
            assert raw["measurement_uid"] == row["measurement_uid"]

    @pytest.mark.parametrize(
        ("query", "holds"),
        [
            ("probe_cc=CN", lambda row: row["probe_cc"] == "CN"),
            ("probe_cc=CN,%20IR", lambda row: row["probe_cc"] in ("CN", "IR")),
            ("probe_cc=cn&probe_cc=IR", lambda row: row["probe_cc"] in ("CN", "IR")),
            ("probe_asn=AS4134", lambda row: row["probe_asn"] == "AS4134"),
            ("probe_asn=4134", lambda row: row["probe_asn"] == "AS4134"),
            ("test_name=telegram,signal", lambda row: row["test_name"] == "telegram"),
            ("domain=youtube.com", lambda row: row["input"] == "https://youtube.com/"),
            ("domain=youtube.com,%20example.com", lambda row: "facebook" not in (row["input"] or "facebook")),
            ("input=https://example.com/", lambda row: row["input"] == "https://example.com/"),
            ("anomaly=true", lambda row: row["anomaly"]),
            ("anomaly=false&failure=false", lambda row: not row["anomaly"] and not row["failure"]),
            ("software_version=2", lambda row: False),
        ],
    )
    def test_filters_select(self, app: FastAPI, query: str, holds: Any) -> None:
        everything = listed(app, APRIL)
        found = listed(app, f"{APRIL}&{query}")
        assert found == [row for row in everything if holds(row)]

    def test_unknown_places_are_hidden_unless_asked_for(self, app: FastAPI) -> None:
        assert not [row for row in listed(app, APRIL) if row["probe_cc"] == "ZZ"]
        assert len(listed(app, f"{APRIL}&probe_cc=ZZ&probe_asn=AS0")) == 1

    def test_times_are_behind_since_and_up_to_until(self, app: FastAPI) -> None:
        rows = listed(app, f"{APRIL}&order=asc")
        first, second = rows[0]["measurement_start_time"], rows[4]["measurement_start_time"]
        found = listed(app, f"since={first}&until={second}&order=asc")
        assert all(first < row["measurement_start_time"] <= second for row in found)
        assert second in [row["measurement_start_time"] for row in found]

    def test_the_default_span_ends_with_the_newest_measurement(self, app: FastAPI) -> None:
        everything = listed(app, APRIL)
        assert listed(app, "") == everything  # nothing is of the last 30 days
        assert listed(app, "probe_cc=CN&limit=3") == [row for row in everything if row["probe_cc"] == "CN"]
        assert listed(app, "probe_cc=IS") == []
        assert listed(app, "until=2026-11-28") == []

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("since=undefined&until=undefined", 422),
            ("since=2015-01-01&until=2016-01-01", 400),
            ("limit=-1", 422),
            ("limit=1000001", 422),
            ("order=sideways", 422),
            ("order_by=input", 422),
            ("probe_cc=Korea", 422),
            ("probe_asn=ASfour", 422),
            ("since=99999-01-01", 422),
            ("since=0001-01-01", 422),
            ("anomaly=perhaps", 422),
            ("offset=999999", 400),
            ("cursor=nonsense", 422),
            ("cursor=MjAyNi0wMS0wMX5tMQ==", 422),  # a time and an id, without a count
            ("input=%00", 422),
            ("limit=0", 200),
            ("nobody=knows&this=parameter", 200),
        ],
    )
    def test_odd_questions(self, app: FastAPI, query: str, status: int) -> None:
        answer = get(app, f"/api/v1/measurements?{query}")
        assert answer.status == status, answer.text
        if status != 200:
            assert "detail" in json.loads(answer.body)


class TestOneMeasurement:
    UID = "20160401235959.000000_KP_webconnectivity_0000000000000000"

    def test_meta_is_flat(self, app: FastAPI) -> None:
        meta = fetch(app, f"/api/v1/measurement_meta?measurement_uid={self.UID}&full=true")
        assert isinstance(meta["probe_asn"], int)
        assert isinstance(meta["scores"], str)
        assert json.loads(meta["scores"])["analysis"]["state"]
        raw = fetch(app, f"/api/v1/raw_measurement?measurement_uid={self.UID}")
        assert json.loads(meta["raw_measurement"]) == raw
        assert meta["measurement_start_time"] == "2016-04-01T00:00:00Z"

    def test_a_report_and_an_input_name_it(self, app: FastAPI) -> None:
        report = "20160401T000000Z_webconnectivity_KP_131279_n1_abcdefgh"
        found = fetch(app, f"/api/v1/measurement_meta?report_id={report}&input=https://youtube.com/")
        assert (found["report_id"], found["input"]) == (report, "https://youtube.com/")
        assert "raw_measurement" not in found

    def test_what_is_unknown_has_exact_answers(self, app: FastAPI) -> None:
        unknown = "measurement_uid=20260101010101.000000_KP_webconnectivity_0000000000000000"
        assert fetch(app, f"/api/v1/measurement_meta?{unknown}&full=true") == {"raw_measurement": ""}
        assert fetch(app, f"/api/v1/measurement_meta?{unknown}") == {}
        assert fetch(app, f"/api/v1/raw_measurement?{unknown}") == {}
        assert get(app, "/api/v1/raw_measurement").status == 400
        assert get(app, "/api/v1/measurement/unknown?download=true").status == 404

    def test_a_download_is_a_file(self, app: FastAPI) -> None:
        answer = get(app, f"/api/v1/measurement/{self.UID}?download=true")
        assert answer.headers["content-disposition"].endswith(f'ooni_measurement-{self.UID}.json"')


class TestAggregation:
    def test_without_an_axis_the_result_is_one_object(self, app: FastAPI) -> None:
        found = fetch(app, f"/api/v1/aggregation?{APRIL}")
        assert found["dimension_count"] == 0
        assert found["result"]["measurement_count"] == WEB + 2
        assert sum(found["result"][name] for name in COUNTS) == WEB + 2

    @pytest.mark.parametrize(
        ("axis_x", "axis_y"),
        [
            ("measurement_start_day", ""),
            ("measurement_start_day", "probe_asn"),
            ("domain", "probe_cc"),
            ("input", "test_name"),
            ("category_code", ""),
            ("probe_cc", "category_code"),
            ("blocking_type", "domain"),
        ],
    )
    def test_rows_add_up_and_ascend(self, app: FastAPI, axis_x: str, axis_y: str) -> None:
        query = f"{APRIL}&axis_x={axis_x}" + (f"&axis_y={axis_y}" if axis_y else "")
        rows = fetch(app, f"/api/v1/aggregation?{query}")["result"]
        axes = [axis for axis in (axis_x, axis_y) if axis]
        keys = [tuple(row[axis] for axis in axes) for row in rows]
        assert keys == sorted(set(keys))
        assert sum(row["measurement_count"] for row in rows) == WEB + 2
        for row in rows:
            assert sum(row[name] for name in COUNTS) == row["measurement_count"]
            assert all(type(row[name]) is int for name in (*COUNTS, "measurement_count"))
        text = get(app, f"/api/v1/aggregation?{query}&format=CSV").text
        table = list(csv.DictReader(io.StringIO(text)))
        assert list(table[0]) == sorted([*axes, *COUNTS, "measurement_count"])
        assert [{k: str(v) for k, v in row.items()} for row in rows] == table

    @pytest.mark.parametrize(
        ("grain", "until", "values"),
        [
            ("hour", "2016-04-05", {"2016-04-01T00:00:00Z", "2016-04-02T00:00:00Z", "2016-04-03T00:00:00Z"}),
            ("day", "2016-04-12", {"2016-04-01", "2016-04-02", "2016-04-03", "2016-04-09"}),
            ("week", "2016-04-20", {"2016-03-27", "2016-04-03"}),
            ("month", "2016-07-01", {"2016-04-01"}),
            ("year", "2018-07-01", {"2016-01-01"}),
            ("auto", "2016-07-01", {"2016-04-01", "2016-04-02", "2016-04-03", "2016-04-09"}),
        ],
    )
    def test_periods(self, app: FastAPI, grain: str, until: str, values: set[str]) -> None:
        query = f"since=2016-03-31&until={until}&axis_x=measurement_start_day&time_grain={grain}&probe_cc=CN"
        rows = fetch(app, f"/api/v1/aggregation?{query}")["result"]
        assert {row["measurement_start_day"] for row in rows} == values

    def test_a_network_without_dates_is_counted_over_all_time(self, app: FastAPI) -> None:
        rows = fetch(app, "/api/v1/aggregation?probe_asn=AS4134&axis_x=probe_cc")["result"]
        assert [(row["probe_cc"], row["measurement_count"]) for row in rows] == [("CN", WEB // 3)]
        for dated in ("axis_x=measurement_start_day", "axis_x=probe_cc&since=2026-01-01"):
            assert fetch(app, f"/api/v1/aggregation?probe_asn=AS4134&{dated}")["result"] == []

    def test_times_are_from_since_on_and_before_until(self, app: FastAPI) -> None:
        rows = fetch(
            app, "/api/v1/aggregation?since=2016-04-01&until=2016-04-03&axis_x=measurement_start_day"
        )
        assert [row["measurement_start_day"] for row in rows["result"]] == ["2016-04-01", "2016-04-02"]

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("axis_x=colour", 400),
            ("axis_x=input&axis_y=input", 200),
            (f"{APRIL}&time_grain=minute", 400),
            (f"{APRIL}&time_grain=year", 400),
            ("since=undefined&until=undefined", 422),
        ],
    )
    def test_odd_questions(self, app: FastAPI, query: str, status: int) -> None:
        answer = get(app, f"/api/v1/aggregation?{query}")
        assert answer.status == status
        found = json.loads(answer.body)
        assert (found.keys() >= {"msg", "v"}) or "detail" in found

    def test_a_formula_in_a_table_is_inert(self, app: FastAPI) -> None:
        assert (inert("=1+1"), inert("-"), inert(5), inert("a")) == ("'=1+1", "'-", 5, "a")


class TestNewerRoutes:
    def test_analysis_has_a_likelihood_for_each_cell(self, app: FastAPI) -> None:
        query = (
            f"{APRIL}&axis_x=measurement_start_day&axis_y=probe_cc&probe_cc=KP%2CCN&probe_asn=AS131279%2C4134"
        )
        rows = fetch(app, f"/api/v1/aggregation/analysis?{query}&time_grain=hour")["results"]
        assert sum(row["count"] for row in rows) == WEB // 3 * 2 + 1
        for row in rows:
            loni = row["loni"]
            assert 0 <= loni["blocked_max"] <= 1
            assert isinstance(loni["blocked_max_outcome"], str)
            assert all(len(pair) == 2 for pair in loni["likely_blocked_protocols"])

    def test_observations_are_counted_by_failure(self, app: FastAPI) -> None:
        query = f"{APRIL}&group_by=failure&group_by=timestamp&group_by=hostname&group_by=category_code"
        rows = fetch(app, f"/api/v1/aggregation/observations?{query}&probe_cc=KP,CN")["results"]
        assert {row["failure"] for row in rows} == {"none", "tls.connection_reset"}
        assert all(row["timestamp"].endswith("T00:00:00Z") for row in rows)
        assert sum(row["observation_count"] for row in rows) == WEB // 3 * 2 * 3

    @pytest.mark.parametrize("path", ["analysis", "observations"])
    def test_lists(self, app: FastAPI, path: str) -> None:
        page = fetch(app, f"/api/v1/{path}?{APRIL}&limit=7")
        assert len(page["results"]) == 7
        again = fetch(app, page["metadata"]["next_url"].removeprefix("http://127.0.0.1"))
        uids = [row["measurement_uid"] for row in (*page["results"], *again["results"])]
        assert len(set(uids)) == 14

    def test_changes_of_no_detection_are_none(self, app: FastAPI) -> None:
        assert fetch(app, "/api/v1/detector/changepoints?probe_cc=KP") == {"results": []}


class TestLanding:
    def test_totals(self, app: FastAPI) -> None:
        found = fetch(app, "/api/_/global_overview")
        assert found == {"country_count": 3, "measurement_count": WEB + 2, "network_count": 3}
        months = fetch(app, "/api/_/global_overview_by_month")
        assert months["measurements_by_month"] == [{"date": "2016-04-01T00:00:00+00:00", "value": WEB + 2}]
        assert {len(rows) for rows in months.values()} == {1}

    def test_countries_and_networks_have_names(self, app: FastAPI) -> None:
        countries = fetch(app, "/api/_/countries")["countries"]
        assert {"alpha_2": "KP", "count": WEB // 3 + 1, "name": "North Korea"} in countries
        networks = fetch(app, "/api/_/networks")["results"]
        assert {row["org_name"] for row in networks} == {f"Network of {cc}" for cc in ("KP", "CN", "IR")}
        assert fetch(app, "/api/_/asnmeta?asn=4134") == {"org_name": "Network of CN"}
        assert fetch(app, "/api/_/asnmeta?asn=99999") == {"org_name": "Unknown"}

    def test_a_country_without_data_has_a_first_day(self, app: FastAPI) -> None:
        assert fetch(app, "/api/_/country_overview?probe_cc=KP")["first_bucket_date"] == "2016-04-01"
        empty = fetch(app, "/api/_/country_overview?probe_cc=IS")
        assert empty["measurement_count"] == 0
        assert empty["first_bucket_date"].endswith("-01-01")

    def test_of_several_the_first_is_answered(self, app: FastAPI) -> None:
        one = fetch(app, "/api/_/country_overview?probe_cc=KP")
        assert fetch(app, "/api/_/country_overview?probe_cc=KP,CN") == one
        assert fetch(app, "/api/_/asnmeta?asn=4134,131279") == {"org_name": "Network of CN"}
        assert fetch(app, "/api/_/asnmeta") == {"org_name": "Unknown"}

    def test_domains(self, app: FastAPI) -> None:
        rows = fetch(app, "/api/_/domains")["results"]
        assert {row["domain_name"] for row in rows} == {"youtube.com", "example.com", "facebook.com"}
        assert fetch(app, "/api/_/domain_metadata?domain=none.example")["category_code"] == "MISC"

    def test_nobody_has_an_account(self, app: FastAPI) -> None:
        assert fetch(app, "/api/_/account_metadata") == {"logged_in": False, "role": ""}
        assert fetch(app, "/api/_/measurement_feedback/x") == {"summary": {}}
        assert get(app, "/api/v1/user_login?k=x").status == 403


class TestFindings:
    def test_nothing_was_found(self, app: FastAPI) -> None:
        assert fetch(app, "/api/v1/incidents/search?country_code=KP") == {"incidents": []}
        answer = get(app, "/api/v1/incidents/show/nothing-here")
        assert (answer.status, json.loads(answer.body)) == (404, {"detail": "OONI Finding not found"})


class TestReadingFromOtherSites:
    ORIGIN = "https://explorer.example"

    @pytest.mark.parametrize("path", ["/api/v1/measurements", "/api/v1/measurements?limit=x", "/api/nothing"])
    def test_answers_and_errors_may_be_read(self, app: FastAPI, path: str) -> None:
        assert ask(app, "GET", path, origin=self.ORIGIN).headers["access-control-allow-origin"] == "*"

    def test_preflights(self, app: FastAPI) -> None:
        answer = ask(
            app,
            "OPTIONS",
            "/api/v1/incidents/search",
            origin=self.ORIGIN,
            access_control_request_method="GET",
            access_control_request_headers="authorization,content-type",
        )
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert "authorization" in allowed
        assert "content-type" in allowed

    def test_pages_may_not(self, app: FastAPI) -> None:
        assert "access-control-allow-origin" not in ask(app, "GET", "/", origin=self.ORIGIN).headers

    def test_answers_are_packed_and_tagged(self, app: FastAPI) -> None:
        address = f"/api/v1/measurements?{APRIL}"
        answer = ask(app, "GET", address, accept_encoding="gzip")
        assert answer.headers["content-encoding"] == "gzip"
        head = ask(app, "HEAD", f"/api/v1/aggregation?{APRIL}")
        assert (head.status, head.body) == (200, b"")
        tag = get(app, "/api/_/countries").headers["etag"]
        assert ask(app, "GET", "/api/_/countries", if_none_match=tag).status == 304


def test_a_public_address_is_that_of_the_next_page(tmp_path: Path) -> None:
    with measured_store(tmp_path) as store:
        site = site_address("https://watch.example", [])
        app = create_app_over(StoreReader(store), site=site)
        answer = ask(app, "GET", f"/api/v1/measurements?{APRIL}&limit=1", host="watch.example")
        following = json.loads(answer.body)["metadata"]["next_url"]
        assert following.startswith("https://watch.example/api/v1/measurements?")


@pytest.mark.slow
@pytest.mark.skipif(not REQUESTS.is_file(), reason="the recorded requests lie outside the repository")
def test_every_recorded_request_of_explorer_is_answered(app: FastAPI) -> None:
    statuses: dict[int, list[str]] = {}
    for text in REQUESTS.read_text(encoding="utf-8").splitlines():
        one = json.loads(text)
        address = one["path"] + (f"?{one['query']}" if one["query"] else "")
        answer: Answer = ask(app, one["method"], address, origin="http://127.0.0.1")
        statuses.setdefault(answer.status, []).append(address)
        assert answer.headers["content-type"].startswith(("application/json", "text/csv")), address
        if answer.status == 200 and answer.headers["content-type"].startswith("application/json"):
            json.loads(answer.body)
    assert all("undefined" in address for address in statuses.pop(422))
    assert all("/incidents/show/" in address for address in statuses.pop(404))
    assert all("/user_" in address for address in statuses.pop(403))
    assert all("since=2025-01-01" in address for address in statuses.pop(400))  # more than half a year
    assert set(statuses) == {200}
