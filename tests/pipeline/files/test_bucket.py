"""A public bucket is listed page by page and read without an account, from a server on loopback."""

import gzip
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch import reference
from banwatch.model.errors import BanwatchError, WireError
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


class _Server(BaseHTTPRequestHandler):
    """Server that lists two keys a page, is busy at times, and breaks off one object."""

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        options = dict(urllib.parse.parse_qsl(parts.query))
        server = self.server
        assert isinstance(server, _Bucket)
        server.requests += 1
        if server.requests in server.busy_at:
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if options.get("list-type") == "2":
            body = self._page(options)
        else:
            name = urllib.parse.unquote(parts.path).removeprefix("/open-data/")
            if name not in OBJECTS:
                self.send_error(404)
                return
            body = OBJECTS[name]
            if name == server.broken:
                body = body[:-40]  # some of its last line too, however far an unpacker gets with the rest
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _page(self, options: dict[str, str]) -> bytes:
        names = sorted(name for name in OBJECTS if name.startswith(options["prefix"]))
        start = int(options.get("continuation-token", 0))
        shown = "".join(
            f'<Contents><Key>{n}</Key><Size>{len(OBJECTS[n])}</Size><ETag>"{hash(n)}"</ETag></Contents>'
            for n in names[start : start + 2]
        )
        more = start + 2 < len(names)
        token = f"<NextContinuationToken>{start + 2}</NextContinuationToken>" if more else ""
        return (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{shown}</ListBucketResult>"
        ).encode()


class _Bucket(ThreadingHTTPServer):
    requests = 0
    busy_at: frozenset[int] = frozenset()
    broken = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Bucket]:
    """Serve a bucket on loopback."""
    monkeypatch.setattr(bucket, "_FIRST_WAIT_S", 0.01)
    with _Bucket(("127.0.0.1", 0), _Server) as made:
        monkeypatch.setenv("BANWATCH_S3_ENDPOINT", f"http://127.0.0.1:{made.server_address[1]}")
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_what_ooni_lays_out_is_found_and_read_and_not_fetched_twice(
    server: _Bucket, tmp_path: object
) -> None:
    server.busy_at = frozenset({1, 4})
    with Store.open(f"{tmp_path}/s.duckdb") as store:
        report = ingest(store, ["s3://open-data/raw/20160401/"], reference.load())
        assert (report.accepted, report.files, report.quarantined) == (6, 3, 0)
        before = server.requests
        again = ingest(store, ["s3://open-data/raw/20160401/"], reference.load())
        assert (again.accepted, again.duplicates) == (0, 6)
        assert server.requests == before + 2  # the two pages of the listing, and nothing else


def test_an_object_that_breaks_off_is_taken_up_again(server: _Bucket, tmp_path: object) -> None:
    server.broken = next(iter(OBJECTS))
    with Store.open(f"{tmp_path}/s.duckdb") as store:
        first = ingest(store, ["s3://open-data/raw/"], reference.load())
        assert (first.accepted, first.quarantined) == (5, 1)
        server.broken = ""
        ingest(store, ["s3://open-data/raw/"], reference.load())
        assert store.count(store.table("measurement")) == 6


def test_what_is_wrong_is_said(server: _Bucket) -> None:
    with pytest.raises(BanwatchError, match="nothing to read"):
        sources.find(["s3://open-data/none/"])
    with pytest.raises(BanwatchError, match="no address of a bucket"):
        sources.find(["s3://Open_Data"])
    with pytest.raises(BanwatchError, match="404"):
        list(bucket.read_key(bucket.Key("open-data", "gone", 1, "")))


def test_a_server_that_stays_busy_is_said(server: _Bucket) -> None:
    server.busy_at = frozenset(range(100))
    with pytest.raises(BanwatchError, match="does not answer"):
        sources.find(["s3://open-data/raw/"])


@given(st.binary(max_size=200) | st.text(alphabet="<>/&;!ENTITYKey Contents1", max_size=200).map(str.encode))
def test_no_bytes_break_the_reader_of_listings(page: bytes) -> None:
    try:
        keys, token = bucket.parse_listing_untrusted(page, "b")
    except WireError:
        return
    assert isinstance(token, str)
    assert all(key.bucket == "b" for key in keys)
