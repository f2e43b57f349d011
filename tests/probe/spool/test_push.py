"""Addresses of a collector that a spool may be delivered to."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from banwatch.collector.limits.proof_of_work import ProofOfWork
from banwatch.model.errors import BanwatchError
from banwatch.net.http.work import WORK_HEADER, find_proof
from banwatch.probe.spool.push import parse_collector, push_now
from banwatch.probe.spool.sealing import make_keys
from banwatch.probe.spool.spool import Spool


@pytest.mark.parametrize(
    "url", ["https://c.example", "http://127.0.0.1:8080", "http://abc.onion", "http://localhost"]
)
def test_a_collector_is_reached_without_being_overheard(url: str) -> None:
    assert parse_collector(url, proxy="127.0.0.1:9050", ca_file=None).proxy is not None


@pytest.mark.parametrize("url", ["http://c.example", "http://192.0.2.1", "ftp://c.example"])
def test_an_address_that_others_can_read_is_refused(url: str) -> None:
    with pytest.raises(BanwatchError):
        parse_collector(url, proxy=None, ca_file=None)


def test_a_proxy_is_an_address() -> None:
    with pytest.raises(BanwatchError, match="No proxy"):
        parse_collector("https://c.example", proxy="tor", ca_file=None)


class Asking(BaseHTTPRequestHandler):
    """Collector that takes nothing without a proof of work, as a busy onion service."""

    work = ProofOfWork(b"k" * 32, lambda: 0.0, bits=10)
    seen: ClassVar[list[tuple[str, str]]] = []

    key: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        about = b'{"public_key":"%s"}' % self.key.hex().encode()
        self.send_response(200 if self.path.endswith("/api/v1/collector") else 404)
        self.send_header("Content-Length", str(len(about)))
        self.end_headers()
        self.wfile.write(about)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        proof = self.headers.get(WORK_HEADER, "")
        self.seen.append((self.headers.get("Authorization", ""), proof))
        taken = self.work.accept_untrusted(proof, self.path)
        self.send_response(200 if taken else 429)
        if not taken:
            self.send_header(WORK_HEADER, f"{self.work.challenge()} {self.work.bits}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def test_proof_of_work_is_found_and_the_token_is_sent(tmp_path: Path) -> None:
    Asking.key = make_keys()[1]
    spool = Spool(tmp_path / "spool", Asking.key.hex())
    for number in range(3):
        spool.put(b"{}%d" % number)
    (tmp_path / "token").write_text("t" * 43 + "\n")
    server = HTTPServer(("127.0.0.1", 0), Asking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/behind"
        to = parse_collector(url, proxy=None, ca_file=None, token_file=tmp_path / "token")
        result = push_now(spool, to, lambda done, of: None)
    finally:
        server.shutdown()
        server.server_close()
    assert (result.accepted, result.left, list(spool.waiting())) == (3, 0, [])
    assert {token for token, _ in Asking.seen} == {"Bearer " + "t" * 43}
    assert [bool(proof) for _, proof in Asking.seen] == [False, True] * 3


def test_server_that_asks_for_too_much_work_is_left() -> None:
    assert find_proof("a" * 32 + " 40", "/") is None


def test_file_that_holds_no_token_is_named(tmp_path: Path) -> None:
    for text in ("", "two\nlines", "short"):
        (tmp_path / "token").write_text(text)
        with pytest.raises(BanwatchError, match="token"):
            parse_collector("https://c.example", proxy=None, ca_file=None, token_file=tmp_path / "token")
