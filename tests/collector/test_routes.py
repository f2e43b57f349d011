"""Probes submit over HTTP, and every accepted measurement is in the store once, after a crash too."""

import asyncio
import gzip
import io
import json
import random
import re
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from banwatch.collector import own
from banwatch.collector.collecting import CollectorSettings, collecting
from banwatch.collector.credential_routes import add_credentials
from banwatch.collector.keys import load_keys
from banwatch.collector.routes import add_collector
from banwatch.collector.services.older_services import add_older_services
from banwatch.collector.services.probe_services import TestHelpers, add_probe_services
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.real import RealNet
from banwatch.net.tls.certificates import Roots
from banwatch.probe.identity import make_measurement_uid
from banwatch.probe.spool.delivery import Collector, Delivered, push
from banwatch.probe.spool.sealing import make_keys, seal
from banwatch.probe.spool.spool import Spool
from banwatch.store import Store, queries
from banwatch.store.audit import audit
from tests.collector.serving import Serving, command, serving
from tests.pipeline.measurement_lines import line

LEGACY = ("--tcp-echo", "192.0.2.7", "--headers-helper", "http://192.0.2.7")
OPENING = {
    "data_format_version": "0.2.0",
    "format": "json",
    "probe_asn": "AS131279",
    "probe_cc": "KP",
    "software_name": "ooniprobe",
    "software_version": "3.20.0",
    "test_name": "web_connectivity",
    "test_version": "0.5.0",
}


def named(number: int) -> tuple[str, bytes]:
    """Make a measurement that is named by its content, as Banwatch's probe does."""
    content = line(number).replace(b'"measurement_uid"', b'"other"')
    at = datetime(2016, 4, 1, tzinfo=UTC)
    uid = make_measurement_uid(at, "web_connectivity", "KP", content)  # type: ignore[arg-type]  # a country's code
    return uid, content[:-1] + b',"measurement_uid":"' + uid.encode() + b'"}'


def deliver(spool: Spool, port: int) -> Delivered:
    """Push the content of a spool once."""
    return asyncio.run(
        push(
            RealNet(),
            spool,
            Collector(url=parse_target_url(f"http://127.0.0.1:{port}"), roots=Roots(None)),
            now=lambda: datetime.now(UTC),
            rng=random.Random(1),
            attempts=1,
        )
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Path]]:
    """Give a collector over an empty store."""
    store = tmp_path_factory.mktemp("collector") / "s.duckdb"
    with serving(store, "--per-minute", 0, "--helper", "https://helper.example", *LEGACY) as served:
        yield served, store


def test_from_the_spool_to_the_page_through_kills(tmp_path: Path) -> None:
    """After `kill -9` during delivery and ingest, each accepted measurement is there once."""
    store = tmp_path / "s.duckdb"
    made = subprocess.run(
        command("collector", "key", "--store", store), capture_output=True, text=True, check=True
    )
    spool = Spool(tmp_path / "spool", made.stdout.strip())
    uids = set()
    for number in range(60):
        uid, data = named(number)
        uids.add(uid)
        spool.put(data)
    rng = random.Random(4)
    for delay_s in (0.15, 0.9):
        with serving(store, "--per-minute", 0) as served:
            timer = threading.Timer(delay_s, served.process.kill)
            timer.start()
            deliver(spool, served.port)
            timer.join()
            served.process.wait()
        for _ in range(rng.randrange(3)):  # measured meanwhile
            uid, data = named(1000 + rng.randrange(10**6))
            uids.add(uid)
            spool.put(data)
    with serving(store, "--per-minute", 0) as served:
        result = deliver(spool, served.port)
        assert (result.left, result.refused, list(spool.waiting())) == (0, 0, [])
        page = served.wait_for(f"/measurements/{named(0)[0]}", b"youtube.com")
        assert b"likely blocked" in page
        until = time.monotonic() + 60
        while len(json.loads(served.ask("GET", "/api/v2/verdicts?limit=1000")[1])["items"]) < len(uids):
            assert time.monotonic() < until
            time.sleep(0.2)
    assert not (tmp_path / "s.duckdb.owner").exists()
    with Store.open(store, read_only=True) as opened:
        assert audit(opened).sound
        assert {m.measurement_uid for m in queries.measurements(opened)} == uids
        assert queries.conflicts(opened) == []
    assert not [p for p in (tmp_path / "s.duckdb.inbox").iterdir() if p.name != "lock"]


def test_every_route_is_documented(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/collector.md").read_text("utf-8")
    app = FastAPI()
    with own(tmp_path / "s.duckdb") as owner:
        assert owner is not None
        with collecting(owner, load_keys(tmp_path / "key", make=True), CollectorSettings()) as receiver:
            add_collector(app, receiver)
            add_credentials(app, receiver)
            add_probe_services(app, receiver, TestHelpers())
            add_older_services(app, receiver)
    paths = [route.path for route in app.router.routes if isinstance(route, Route)]
    assert len(paths) > 10
    shown = [re.sub(r"\{(?:report_|sealed_)?(\w+)\}", lambda m: m[1].upper(), path) for path in paths]
    assert [
        path for path in shown if f"{path}`" not in text and "openapi" not in path and "doc" not in path
    ] == []


def test_ooni_s_protocol(running: tuple[Serving, Path]) -> None:
    served, store = running
    status, opened = served.say("/report", OPENING)
    assert (status, opened["supported_formats"]) == (200, ["json"])
    report_id = str(opened["report_id"])
    content = json.loads(line(5000, report_id=report_id, probe_ip="203.0.113.9"))
    body = json.dumps({"format": "json", "content": content}).encode()
    status, answer, headers = served.ask("POST", f"/report/{report_id}", body)
    uid = json.loads(answer)["measurement_uid"]
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(served.ask("POST", f"/report/{report_id}", body)[1])["measurement_uid"] == uid
    packed = gzip.compress(body)
    assert served.ask("POST", f"/report/{report_id}", packed, {"Content-Encoding": "gzip"})[0] == 200
    assert served.ask("POST", f"/report/{report_id}", packed, {"Content-Encoding": "br"})[0] == 415
    assert served.ask("POST", f"/report/{report_id[:-1]}?", body)[0] == 404
    other = json.dumps({"format": "json", "content": {**content, "report_id": "other"}}).encode()
    assert served.ask("POST", f"/report/{report_id}", other)[0] == 422
    status, submitted = served.say(f"/api/v1/submit_measurement/{report_id}", {"content": content})
    assert (status, submitted["measurement_uid"], submitted["is_verified"]) == (200, uid, False)
    assert served.say(f"/report/{report_id}/close", {}) == (200, {"status": "success"})
    assert served.ask("POST", f"/report/{report_id}", body)[0] == 404
    raw = json.loads(served.wait_for(f"/raw/{uid}.json", b"test_keys"))
    assert (raw["report_id"], raw["probe_ip"]) == (report_id, "127.0.0.1")
    with Store.open(store, read_only=True) as opened_store:
        assert [json.loads(copy) for copy in queries.copies(opened_store, uid)] == [raw]


def test_one_measurement_in_one_request(running: tuple[Serving, Path]) -> None:
    served, _ = running
    for path in ("/measurement", "/api/v1/submit_measurement/KP/AS131279"):
        status, answer = served.say(path, {"content": json.loads(line(6000))})
        assert status == 200
        assert served.say(path, {"content": json.loads(line(6000))})[1] == answer
    assert served.wait_for(f"/raw/{answer['measurement_uid']}.json", str(answer["report_id"]).encode())


@pytest.mark.parametrize(
    "change", [{"probe_asn": "131279"}, {"probe_cc": "kp"}, {"test_name": "<b>"}, {"format": "yaml"}]
)
def test_an_opening_that_is_malformed(running: tuple[Serving, Path], change: dict[str, str]) -> None:
    assert running[0].say("/report", {**OPENING, **change})[0] == 400
    assert running[0].ask("POST", "/report", b"{")[0] == 400
    assert running[0].say("/report", {k: v for k, v in OPENING.items() if k not in change})[0] in (200, 400)


def test_before_they_measure(running: tuple[Serving, Path]) -> None:
    served, _ = running
    helper = {
        "web-connectivity": [{"type": "https", "address": "https://helper.example"}],
        "tcp-echo": [{"type": "legacy", "address": "192.0.2.7"}],
        "http-return-json-headers": [{"type": "legacy", "address": "http://192.0.2.7"}],
    }
    assert json.loads(served.ask("GET", "/api/v1/test-helpers")[1]) == helper
    status, answer = served.say("/api/v1/check-in", {"probe_cc": "KP", "probe_asn": "AS131279"})
    assert (status, answer["v"], answer["probe_cc"], answer["probe_asn"]) == (200, 1, "KP", "AS131279")
    tests = answer["tests"]
    assert isinstance(tests, dict)
    urls = tests["web_connectivity"]["urls"]
    for scheme in ("https", "http"):
        site = {"category_code": "MISC", "country_code": "KP", "url": f"{scheme}://youtube.com/"}
        assert site in urls
    conf = answer["conf"]
    assert isinstance(conf, dict)
    assert conf["features"]["webconnectivity_0.5"] is True
    content = json.loads(line(7000, report_id=tests["web_connectivity"]["report_id"]))
    assert served.say(f"/report/{content['report_id']}", {"format": "json", "content": content})[0] == 200
    assert served.say("/api/v1/check-in", {"probe_cc": "nowhere"})[0] == 400
    listed = json.loads(served.ask("GET", "/api/v1/test-list/urls?country_code=KP&limit=2")[1])
    assert listed["metadata"]["count"] == len(listed["results"]) == 2


def test_a_probe_that_does_not_know_where_it_is(running: tuple[Serving, Path]) -> None:
    """The address that it asks from is looked up; one of loopback is nowhere."""
    served, _ = running
    status, answer = served.say("/api/v1/check-in", {"probe_cc": "ZZ", "probe_asn": "AS0"})
    assert (status, answer["probe_cc"], answer["probe_network_name"]) == (200, "ZZ", None)
    status, found = served.say("/api/v1/geolookup", {"addresses": ["8.8.8.8", "127.0.0.1", "nowhere"]})
    places = found["geolocation"]
    assert isinstance(places, dict)
    assert (status, places["8.8.8.8"]["asn"], places["127.0.0.1"]["cc"]) == (200, 15169, "ZZ")
    assert places["nowhere"] == {"cc": "ZZ", "asn": 0, "as_name": ""}
    assert served.say("/api/v1/geolookup", {"addresses": ["8.8.8.8"] * 33})[0] == 400


def test_servers_of_tor_for_any_account(running: tuple[Serving, Path]) -> None:
    served, _ = running
    status, account = served.say("/api/v1/register", {"password": "x", "platform": "linux"})
    assert (status, len(str(account["client_id"]))) == (200, 32)
    status, token = served.say("/api/v1/login", {"username": account["client_id"], "password": "x"})
    assert (status, str(token["expire"])[-1]) == (200, "Z")
    path = "/api/v1/test-list/tor-targets?country_code=KP"
    assert served.ask("GET", path)[0] == 401
    status, body, *_ = served.ask("GET", path, b"", {"Authorization": f"Bearer {token['token']}"})
    targets = json.loads(body)
    assert status == 200
    assert {"or_port_dirauth", "dir_port"} == {target["protocol"] for target in targets.values()}
    assert all(set(one) == {"address", "name", "params", "protocol", "source"} for one in targets.values())


def test_what_is_refused_stands_in_quarantine(running: tuple[Serving, Path]) -> None:
    served, store = running
    key = load_keys(Path(f"{store}.collector-key"), make=False)
    stranger = seal(named(1)[1], make_keys()[1])
    assert served.ask("PUT", "/api/v1/sealed/abc", stranger)[0] == 422
    nothing = seal(b'{"no":"measurement"}', key.public.sealing)
    assert served.ask("PUT", "/api/v1/sealed/abc", nothing)[0] == 422
    assert served.ask("PUT", "/api/v1/sealed/a%2Fb", stranger)[0] in (400, 404, 405)
    assert served.ask("POST", "/measurement", b'{"content":' + b"[" * 10**6)[0] == 422
    until = time.monotonic() + 20
    with Store.open(store, read_only=True) as opened:
        while len(rows := queries.quarantined(opened)) < 3 and time.monotonic() < until:
            time.sleep(0.2)
    reasons = {(row.source, row.reason.partition(":")[0]) for row in rows}
    assert ("(sealed measurements)", "not sealed to this key, or damaged") in reasons
    assert any(source == "(submissions)" for source, _ in reasons)


def test_too_much_is_turned_away(running: tuple[Serving, Path]) -> None:
    served, _ = running
    huge = {"Content-Length": str(1 << 40)}
    assert served.ask("POST", "/measurement", b"", huge)[0] == 413
    assert served.ask("POST", "/api/v1/bundles", b"", huge)[0] == 413
    bomb = gzip.compress(b'{"content":{"a":"' + b" " * (40 << 20) + b'"}}')
    assert served.ask("POST", "/measurement", bomb, {"Content-Encoding": "gzip"})[0] == 422


def test_files_of_many(running: tuple[Serving, Path], tmp_path: Path) -> None:
    served, _ = running
    key = json.loads(served.ask("GET", "/api/v1/collector")[1])["public_key"]
    spool = Spool(tmp_path / "spool", key)
    uids = []
    for number in range(8000, 8005):
        uid, data = named(number)
        uids.append(uid)
        spool.put(data)
    spool.export(tmp_path / "sealed.zip")
    assert served.ask("POST", "/api/v1/bundles", (tmp_path / "sealed.zip").read_bytes())[0] == 200
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("measurements.jsonl", named(8005)[1] + b"\nnonsense\n\n")
    for body in (buffer.getvalue(), gzip.compress(named(8006)[1]), b"PK\x03\x04 no archive"):
        assert served.ask("POST", "/api/v1/bundles", body)[0] == 200
    for uid in (*uids, named(8005)[0], named(8006)[0]):
        served.wait_for(f"/raw/{uid}.json", uid.encode(), 90)


def test_who_sends_too_fast_waits(tmp_path: Path) -> None:
    with serving(tmp_path / "s.duckdb", "--per-minute", 10) as served:
        answers = []
        for _ in range(100):  # on a slow machine some of the allowance comes back meanwhile
            answers.append(served.ask("POST", "/report", json.dumps(OPENING).encode()))
            if answers[-1][0] != 200:
                break
        assert [status for status, _, _ in answers[:20]] == [200] * 20
        assert answers[-1][0] == 429
        assert timedelta(seconds=1) <= timedelta(seconds=int(answers[-1][2]["retry-after"]))
        assert b"127.0.0.1" not in b"".join(
            p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".duckdb"
        )


def test_a_store_that_somebody_else_owns_is_not_collected_for(tmp_path: Path) -> None:
    with serving(tmp_path / "s.duckdb"):
        second = subprocess.run(
            command("serve", "--collector", "--store", tmp_path / "s.duckdb"), capture_output=True, text=True
        )
    assert second.returncode == 1
    assert "is in use by process" in second.stderr
