"""Signals are fetched from an address, within limits on what its server may do."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.net import fetch
from banwatch.pipeline.fetch_signals import signals_from
from tests.formats.test_outside_signals import CLOUDFLARE, CSV, IODA

Answer = Callable[[BaseHTTPRequestHandler], None]


def _give(content: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return answer


def _drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.05)


def _drip_header(request: BaseHTTPRequestHandler) -> None:
    for _ in range(100):
        request.wfile.write(b"H")
        request.wfile.flush()
        time.sleep(0.05)


def _break_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(CSV)


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, Answer]], str]]:
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(answers: dict[str, Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                try:
                    answers[self.path](self)
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_each_form_by_address_and_by_file(serve: Callable[[dict[str, Answer]], str], tmp_path: Path) -> None:
    for content in (json.dumps(IODA).encode(), json.dumps(CLOUDFLARE).encode(), CSV):
        (tmp_path / "signals").write_bytes(content)
        root = serve({"/x?cc=UG": _give(content), "/moved": _give(b"", 302, Location="/x?cc=UG")})
        by_file = signals_from(str(tmp_path / "signals"))
        assert signals_from(f"{root}/x?cc=UG") == signals_from(f"{root}/moved") == by_file != ()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_give(b"<html>"), "columns"),
        (_give(b"{"), "not JSON"),
        (_give(b"", 404), "404"),
        (_give(b"", 302, Location="/there"), "redirects more than"),
        (_give(b"", 302), "redirects more than|404"),
        (_give(b"", 302, Location="file:///etc/passwd"), "not an http"),
        (_give(b"", 302, Location="http://[::1"), "not an address"),
        (_give(CSV, Content_Encoding="gzip"), "packed"),
        (_give(b"x" * 5_000), "more than 4000 bytes"),
        (_drip, "took too long|timed out"),
        (_drip_header, "cannot be fetched"),
        (_break_off, "broke off|IncompleteRead"),
    ],
)
def test_a_server_that_does_otherwise_gives_one_message(
    serve: Callable[[dict[str, Answer]], str], answer: Answer, reason: str
) -> None:
    root = serve({"/there": answer})
    began = time.monotonic()
    with pytest.raises(BanwatchError, match=reason):
        signals_from(f"{root}/there", deadline_s=0.5, max_bytes=4_000)
    assert time.monotonic() - began < 5


def test_a_public_server_may_not_send_us_inside(
    serve: Callable[[dict[str, Answer]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = serve({"/moved": _give(b"", 302, Location="/inside"), "/inside": _give(CSV)})
    first = iter([False])
    monkeypatch.setattr(fetch._Origin, "is_inner", property(lambda _: next(first, True)))
    with pytest.raises(BanwatchError, match="not on the public Internet"):
        signals_from(f"{root}/moved")


@pytest.mark.parametrize("address", ["http://", "http://user:word@127.0.0.1/", "http://127.0.0.1:99999/"])
def test_what_is_no_address_is_said(address: str) -> None:
    with pytest.raises(BanwatchError):
        signals_from(address)


def test_nobody_there_is_said() -> None:
    with pytest.raises(BanwatchError, match="cannot be fetched"):
        signals_from("http://127.0.0.1:1/")
