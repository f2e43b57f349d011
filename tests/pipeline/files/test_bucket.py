"""Buckets are listed, read in ranges and taken in from moto's server of S3, which runs beside the tests."""

import gzip
import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from banwatch import reference
from banwatch.model.errors import BanwatchError
from banwatch.pipeline.files import bucket, sources
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store
from tests.pipeline.measurement_lines import joined, line

OBJECTS = {
    f"raw/20160401/{hour:02}/KP/webconnectivity/2016040100_KP.n1.{hour}.jsonl.gz": gzip.compress(
        joined([line(2 * hour), line(2 * hour + 1)])
    )
    for hour in range(3)
} | {"raw/20160401/00/KP/webconnectivity/notes.txt": b"no"}
LONG = bytes(range(256)) * 300
_SERVER = "from moto.server import main; main(['-H', '127.0.0.1', '-p', '0'])"


def _put(address: str, content: bytes) -> None:
    headers = {"x-amz-acl": "public-read", "Content-Type": "application/octet-stream"}
    asked = urllib.request.Request(address, content, headers, method="PUT")
    with urllib.request.urlopen(asked, timeout=60):
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Run moto's server, with a bucket, as another process."""
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stderr=subprocess.PIPE, text=True, env=quiet
    ) as run:
        try:
            assert run.stderr is not None
            lines = iter(run.stderr.readline, "")
            found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in lines)))
            for name, content in {"": b"", **OBJECTS, "long": LONG}.items():
                _put(f"{found[0]}/open-data/{name}".rstrip("/"), content)
            yield found[0]
        finally:
            run.kill()


@pytest.fixture(params=["anonymous", "an account"])
def server(endpoint: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of the server, asked without and with an account."""
    for names in bucket._ACCOUNTS.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    if request.param != "anonymous":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("BANWATCH_S3_ENDPOINT", endpoint)
    bucket._store.cache_clear()
    yield endpoint
    bucket._store.cache_clear()


def test_what_ooni_lays_out_is_found_and_read_and_not_fetched_twice(
    server: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(f"{tmp_path}/s.duckdb") as store:
        report = ingest(store, ["s3://open-data/raw/20160401/"], reference.load())
        assert (report.accepted, report.files, report.quarantined) == (6, 3, 0)
        monkeypatch.setattr(bucket, "_fetch", None)  # whoever fetches now fails
        again = ingest(store, ["s3://open-data/raw/20160401/"], reference.load())
        assert (again.accepted, again.duplicates) == (0, 6)


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("s3://open-data", 5),
        ("s3://open-data/", 5),
        ("s3://open-data/raw/2016", 4),
        ("s3://open-data/raw/20160401/0", 4),
        ("s3://open-data/raw/20160401/01", 1),
        ("s3://open-data/raw/20160401/01/KP/webconnectivity/2016040100_KP.n1.1.jsonl.gz", 1),
        ("s3://open-data/raw/2017", 0),
        ("s3://open-data/r/", 0),
    ],
)
def test_an_address_is_the_beginning_of_names(server: str, address: str, count: int) -> None:
    found = [key.address for key in bucket.list_keys(address)]
    assert len(found) == count
    assert found == sorted(found)
    assert all(one.startswith(address) for one in found)


@pytest.mark.parametrize("size", [1, 1_000, len(LONG) // 4, len(LONG) - 1, len(LONG)])
def test_ranges_of_any_size_are_the_whole(server: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "RANGE_BYTES", max(size, 5_000))
    (key,) = bucket.list_keys("s3://open-data/long")
    assert b"".join(bucket.read_key(key)) == LONG


def test_an_object_that_was_replaced_is_not_mixed(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "RANGE_BYTES", 5_000)
    (key,) = bucket.list_keys("s3://open-data/long")
    with pytest.raises(OSError, match="replaced"):
        list(bucket.read_key(bucket.Key(key.root, key.name, key.size_bytes, "another")))


def test_one_file_of_a_web_server_is_read_at_its_address(server: str) -> None:
    (key,) = bucket.list_keys(f"{server}/open-data/long")
    assert b"".join(bucket.read_key(key)) == LONG
    with pytest.raises(BanwatchError, match="not there"):
        list(bucket.list_keys(f"{server}/open-data/gone"))


def test_what_is_wrong_is_said(server: str) -> None:
    with pytest.raises(BanwatchError, match="nothing to read"):
        sources.find(["s3://open-data/none/"])
    for wrong in ("s3://Open_Data", "az://account", "gs://", "https://user@host/x"):
        with pytest.raises(BanwatchError, match="no address of a bucket"):
            sources.find([wrong])
    with pytest.raises(BanwatchError, match="not there"):
        list(bucket.read_key(bucket.Key("s3://open-data", "gone", 1, "")))
    with pytest.raises(BanwatchError, match="not there"):
        list(bucket.list_keys("s3://other-data/"))


@pytest.mark.parametrize(
    ("root", "kind"), [("gs://b-1", "GCSStore"), ("az://account/box", "AzureStore"), ("s3://b-1", "S3Store")]
)
def test_every_cloud_is_opened_without_a_request(root: str, kind: str) -> None:
    assert type(bucket._store(root)).__name__ == kind


class _Faulty(BaseHTTPRequestHandler):
    """Server that is busy at first, or breaks off in the middle."""

    busy: ClassVar[int] = 0
    breaks: ClassVar[bool] = False
    seen: ClassVar[int] = 0

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        kind = type(self)
        kind.seen += 1
        if kind.seen <= kind.busy:
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = OBJECTS[min(OBJECTS)]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Fri, 01 Apr 2016 00:00:00 GMT")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[:-40] if kind.breaks else content)
            self.close_connection = True


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a file on a server with faults."""
    monkeypatch.setitem(bucket._RETRY, "backoff", {})  # type: ignore[arg-type]  # obstore's own, which is short
    monkeypatch.setattr(_Faulty, "seen", 0)
    bucket._store.cache_clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Faulty) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_address[1]}/one.jsonl.gz"
        made.shutdown()
        thread.join()
    bucket._store.cache_clear()


def test_a_busy_server_is_asked_again(faulty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Faulty, "busy", 2)
    (key,) = bucket.list_keys(faulty)
    assert b"".join(bucket.read_key(key)) == OBJECTS[min(OBJECTS)]


def test_a_server_that_stays_busy_is_said(faulty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Faulty, "busy", 1_000)
    with pytest.raises(BanwatchError, match="does not answer"):
        sources.find([faulty])


def test_an_object_that_breaks_off_is_taken_up_again(
    faulty: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Faulty, "breaks", True)
    with Store.open(f"{tmp_path}/s.duckdb") as store:
        first = ingest(store, [faulty], reference.load())
        assert (first.accepted, first.quarantined) == (0, 1)
        monkeypatch.setattr(_Faulty, "breaks", False)
        ingest(store, [faulty], reference.load())
        assert store.count(store.table("measurement")) == 2
