"""The contract of `/api/v2`: every row once in every form, who may write, what moved, what is described."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI

from banwatch.explorer.api_v2.examples import EXAMPLES
from banwatch.explorer.api_v2.forms import inert
from banwatch.explorer.app import create_app_over
from banwatch.explorer.kept_files import kept_files
from banwatch.explorer.tokens import TokenScope
from banwatch.formats.json_views import ComparisonJson, IncidentJson, VerdictJson
from banwatch.model.ban import Ban
from banwatch.model.report import ReaderReport
from banwatch.model.rollup import CountryTotal, DailyCell, NetworkTotal, TargetTotal
from banwatch.model.signal import Signal
from banwatch.pages.store_reader import StoreReader
from banwatch.store.reports import ReportBook
from tests.explorer.asgi_client import ask, get
from tests.explorer.ooni_api.measured_store import DAYS, PER_DAY, measured_store

LISTS = {
    "/api/v2/countries": ("probe_cc",),
    "/api/v2/networks": ("probe_cc", "probe_asn"),
    "/api/v2/targets": ("probe_cc", "target"),
    "/api/v2/cells?cc=KP": ("target", "day"),
    "/api/v2/verdicts": ("measurement_start_time", "measurement_uid"),
    "/api/v2/bans": ("ban_id",),
}
NOUNS: dict[str, Any] = {
    "countries": CountryTotal,
    "networks": NetworkTotal,
    "targets": TargetTotal,
    "cells": DailyCell,
    "incidents": IncidentJson,
    "bans": Ban,
    "comparison": ComparisonJson,
    "verdicts": VerdictJson,
    "reports": ReaderReport,
    "report": ReaderReport,
    "signals": Signal,
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder = tmp_path_factory.mktemp("v2")
    with measured_store(folder) as store:
        yield create_app_over(StoreReader(store), reports=ReportBook(folder / "s.duckdb.reports.jsonl"))


@pytest.fixture(scope="module")
def tokens(app: FastAPI) -> dict[str, str]:
    from datetime import UTC, datetime

    book = kept_files(app.state.reports).tokens
    made = {str(s): book.make([s], note="", days=1, now=datetime.now(UTC))[1] for s in TokenScope}
    return {name: f"Bearer {text}" for name, text in made.items()}


def rows_of(app: FastAPI, address: str, limit: int) -> list[dict[str, Any]]:
    mark = "&" if "?" in address else "?"
    found: list[dict[str, Any]] = []
    after = ""
    for _ in range(200):
        answer = get(app, f"{address}{mark}limit={limit}{after}")
        assert answer.status == 200, answer.text
        page = json.loads(answer.body)
        found += page["items"]
        assert ("link" in answer.headers) == (page["next"] is not None)
        if page["next"] is None:
            return found
        assert len(page["items"]) == limit
        after = f"&after={page['next']}"
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("address", LISTS)
def test_pages_of_any_size_give_every_row_once_in_order(app: FastAPI, address: str) -> None:
    whole = rows_of(app, address, 1_000)
    keys = [tuple(row[name] for name in LISTS[address]) for row in whole]
    assert keys == sorted(keys)
    assert len({json.dumps(row) for row in whole}) == len(whole) > 1
    assert rows_of(app, address, 3) == whole
    if len(whole) < 40:
        assert rows_of(app, address, 1) == whole


def test_counts_add_up(app: FastAPI) -> None:
    everything = len(DAYS) * PER_DAY + 2
    counts = ("blocked", "likely_blocked", "tampered", "impaired", "down", "ok", "insufficient")
    for address in ("/api/v2/countries", "/api/v2/networks", "/api/v2/targets"):
        rows = rows_of(app, address, 1_000)
        assert sum(row[name] for row in rows for name in counts) == everything


def test_filters(app: FastAPI) -> None:
    assert {row["probe_cc"] for row in rows_of(app, "/api/v2/networks?cc=CN", 5)} == {"CN"}
    assert {row["target"] for row in rows_of(app, "/api/v2/targets?target=youtube.com", 1)} == {"youtube.com"}
    some = rows_of(app, "/api/v2/targets?target=youtube.com&cc=IR", 5)
    assert {(row["target"], row["probe_cc"]) for row in some} == {("youtube.com", "IR")}
    days = rows_of(app, "/api/v2/cells?cc=KP&since=2016-04-02&until=2016-04-03", 5)
    assert {row["day"] for row in days} == {"2016-04-02T00:00:00Z"}


@pytest.mark.parametrize("address", LISTS)
def test_every_form_has_the_same_rows(app: FastAPI, address: str) -> None:
    mark = "&" if "?" in address else "?"
    items = json.loads(get(app, f"{address}{mark}limit=7").body)["items"]
    lines = get(app, f"{address}{mark}limit=7&format=jsonl")
    assert [json.loads(line) for line in lines.body.splitlines()] == items
    table = list(csv.DictReader(io.StringIO(get(app, f"{address}{mark}limit=7&format=csv").text)))
    read = pq.read_table(io.BytesIO(get(app, f"{address}{mark}limit=7&format=parquet").body)).to_pylist()
    assert len(table) == len(read) == len(items)
    for item, in_csv, in_parquet in zip(items, table, read, strict=True):
        assert list(in_csv) == list(in_parquet) == list(item)
        for name, value in item.items():
            if value is None or isinstance(value, str):
                assert in_csv[name] == inert(value or "")
            else:
                assert json.loads(in_csv[name]) == value
            if isinstance(value, int | float):
                assert in_parquet[name] == value


def test_parquet_has_the_same_columns_where_it_has_no_rows(app: FastAPI) -> None:
    some = pq.read_table(io.BytesIO(get(app, "/api/v2/verdicts?format=parquet").body))
    none = pq.read_table(io.BytesIO(get(app, "/api/v2/verdicts?cc=XX&format=parquet").body))
    assert some.schema == none.schema
    assert some.schema.field("measurement_start_time").type.tz == "UTC"
    assert (some.num_rows > 0, none.num_rows) == (True, 0)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*;q=0.3, application/x-ndjson;q=0.2", "text/csv"),
        ("application/json;q=0.1, application/jsonl", "application/x-ndjson"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("text/csv;q=0, */*;q=0.1", "application/json"),
    ],
)
def test_accept_chooses(app: FastAPI, accept: str, media: str) -> None:
    answer = ask(app, "GET", "/api/v2/countries", accept=accept)
    assert answer.headers["content-type"].partition(";")[0] == media
    assert "Accept" in answer.headers["vary"]
    named = ask(app, "GET", "/api/v2/countries?format=csv", accept=accept)
    assert named.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v2/countries?limit=0", 400),
        ("/api/v2/countries?after=%00", 400),
        ("/api/v2/networks?after=WyJLUCJd", 400),
        ("/api/v2/cells", 400),
        ("/api/v2/cells?cc=KP&since=0001-01-01", 400),
        ("/api/v2/cells?cc=KP&grain=week", 400),
        ("/api/v2/incidents/none", 404),
        ("/api/v2/bans/none/comparison", 404),
        ("/api/v2/accuracy", 404),
        ("/api/v2/reports?state=pending", 401),
        ("/api/v2/nothing", 404),
    ],
)
def test_mistakes_are_answered_in_json(app: FastAPI, address: str, status: int) -> None:
    answer = get(app, address)
    assert answer.status == status, answer.text
    assert json.loads(answer.body)["error"]
    assert ask(app, "GET", "/api/v2/countries", accept="image/png").status == 406


class TestWriting:
    def test_a_report_is_moderated_by_a_token(self, app: FastAPI, tokens: dict[str, str]) -> None:
        body = json.dumps({"target": "youtube.com", "country": "KP"}).encode()
        filed = ask(app, "POST", "/api/v2/reports", body, content_type="application/json")
        assert filed.status == 201, filed.text
        report = json.loads(filed.body)["report_id"]
        assert json.loads(get(app, "/api/v2/reports").body)["items"] == []
        address = f"/api/v2/reports/{report}/accepted"
        assert ask(app, "POST", address).status == 401
        assert ask(app, "POST", address, authorization=tokens["write"]).status == 403
        moderator = tokens["moderate"]
        waiting = ask(app, "GET", "/api/v2/reports?state=pending", authorization=moderator)
        assert [row["report_id"] for row in json.loads(waiting.body)["items"]] == [report]
        assert ask(app, "POST", address, authorization=moderator).status == 200
        (shown,) = json.loads(get(app, "/api/v2/reports?cc=KP").body)["items"]
        assert (shown["report_id"], shown["state"]) == (report, "accepted")
        none = "/api/v2/reports/none/rejected"
        assert ask(app, "POST", none, authorization=moderator).status == 404

    def test_signals_are_brought_once(self, app: FastAPI, tokens: dict[str, str]) -> None:
        event = {"location": "country/UG", "start": 1610553600, "duration": 3600, "datasource": "bgp"}
        body = json.dumps({"data": [event]}).encode()
        sent = {"content_type": "application/json", "authorization": tokens["write"]}
        assert ask(app, "POST", "/api/v2/signals", body, content_type="application/json").status == 401
        assert json.loads(ask(app, "POST", "/api/v2/signals", body, **sent).body)["added"] == 1
        assert json.loads(ask(app, "POST", "/api/v2/signals", body, **sent).body)["added"] == 0
        assert ask(app, "POST", "/api/v2/signals", b"{}", **sent).status == 400
        (row,) = rows_of(app, "/api/v2/signals?cc=UG", 1)
        assert row["begins"] == "2021-01-13T16:00:00Z"
        assert rows_of(app, "/api/v2/signals?cc=KP", 1) == []

    def test_a_score_is_brought(self, app: FastAPI, tokens: dict[str, str]) -> None:
        sent = {"content_type": "application/json", "authorization": tokens["write"]}
        assert ask(app, "PUT", "/api/v2/accuracy", b"[]", **sent).status == 400
        assert ask(app, "PUT", "/api/v2/accuracy", b'{"recall":1.0}', **sent).status == 200
        assert json.loads(get(app, "/api/v2/accuracy").body) == {"recall": 1.0}
        kept_files(app.state.reports).accuracy.unlink()

    def test_another_sites_page_cannot_write(self, app: FastAPI, tokens: dict[str, str]) -> None:
        sent = {"content_type": "application/json", "authorization": tokens["write"]}
        answer = ask(app, "PUT", "/api/v2/accuracy", b"{}", origin="https://other.example", **sent)
        assert answer.status == 403


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/api", "/api/v2"),
        ("/api/bans", "/api/v2/bans"),
        ("/api/verdicts?cc=KP&limit=5", "/api/v2/verdicts?cc=KP&limit=5"),
        ("/api/measurements/a/b", "/api/v2/measurements/a/b"),
        ("/api/incidents/KP-2016-0001", "/api/v2/incidents/KP-2016-0001"),
    ],
)
def test_old_paths_lead_on_and_say_that_they_will_go(app: FastAPI, old: str, new: str) -> None:
    answer = get(app, old)
    assert (answer.status, answer.headers["location"]) == (308, new)
    assert answer.headers["deprecation"].startswith("@")
    assert answer.headers["sunset"].endswith("GMT")
    assert 'rel="successor-version"' in answer.headers["link"]


def test_the_paths_of_oonis_api_stay(app: FastAPI) -> None:
    for path in ("/api/v1/measurements", "/api/_/countries"):
        assert get(app, path).status == 200
    assert ask(app, "POST", "/api/reports", b"{}").status == 308


def test_answers_are_tagged_packed_and_have_heads(app: FastAPI) -> None:
    address = "/api/v2/verdicts"
    plain = get(app, address)
    head = ask(app, "HEAD", address)
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", plain.headers["etag"])
    assert ask(app, "GET", address, if_none_match=plain.headers["etag"]).status == 304
    for accepted, coding in (("zstd, gzip", "zstd"), ("gzip", "gzip"), ("zstd;q=0, gzip", "gzip")):
        answer = ask(app, "GET", address, accept_encoding=accepted)
        assert answer.headers["content-encoding"] == coding
        assert len(answer.body) < len(plain.body)
    import zstandard

    packed = ask(app, "GET", address, accept_encoding="zstd").body
    assert zstandard.ZstdDecompressor().decompressobj().decompress(packed) == plain.body


class TestDescription:
    def test_every_route_says_what_it_does_with_an_example(self, app: FastAPI) -> None:
        described = json.loads(get(app, "/openapi.json").body)
        own = {path: methods for path, methods in described["paths"].items() if path.startswith("/api/v2")}
        assert len(own) == 16
        for methods in own.values():
            for method in methods.values():
                assert method["description"]
                assert "422" not in method["responses"]
                (found,) = [one for code, one in method["responses"].items() if code in ("200", "201")]
                assert found["content"]["application/json"]["example"]
        for name in ("VerdictJson", "IncidentWithEvidence", "DailyCell", "Cell", "Ban"):
            assert name in described["components"]["schemas"]

    def test_references_lead_somewhere(self, app: FastAPI) -> None:
        text = get(app, "/openapi.json").text
        defined = {f"#/components/schemas/{name}" for name in json.loads(text)["components"]["schemas"]}
        assert {piece.partition('"')[0] for piece in text.split('"$ref":"')[1:]} <= defined

    @pytest.mark.parametrize("name", NOUNS)
    def test_examples_are_of_their_nouns(self, name: str) -> None:
        noun = msgspec.convert(EXAMPLES[name], NOUNS[name])
        assert json.loads(msgspec.json.encode(noun)) == EXAMPLES[name]
