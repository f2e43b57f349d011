"""Incidents as values, and a receiver of messages on this machine."""

import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from banwatch.model.ids import Asn, CountryCode, IncidentId, TargetName
from banwatch.model.incident import Incident, IncidentKind

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def incident(**changes: Any) -> Incident:
    """Return an incident that began a day before `NOW`, and lasts."""
    onset = NOW - timedelta(days=1)
    values: dict[str, Any] = {
        "incident_id": IncidentId("KP-2026-0001"),
        "kind": IncidentKind.BLOCKING,
        "probe_cc": CountryCode("KP"),
        "asns": (Asn(131279),),
        "access_tiers": ("",),
        "targets": (TargetName("youtube.com"),),
        "mechanisms": ("dns.injection",),
        "onset_earliest": onset - timedelta(hours=1),
        "onset_latest": onset,
        "onset_known": True,
        "end_earliest": None,
        "end_latest": None,
        "measurements": 40,
        "probes": 4,
        "confidence": 0.95,
        "witnesses": (),
        "sentence": "youtube.com was blocked.",
    }
    return Incident(**(values | changes))


ENDED = {"end_earliest": NOW - timedelta(hours=2), "end_latest": NOW - timedelta(hours=1)}
GROWN = {"targets": (TargetName("voanews.com"), TargetName("youtube.com"))}


@dataclass
class Received:
    """Requests that came, and how the next ones are answered."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """Statuses of the next answers; 200 past their end, and 0 closes the connection without one."""


@contextmanager
def receiver() -> Iterator[Received]:
    """Receive messages on a port of this machine."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            received.headers.append({k.lower(): v for k, v in self.headers.items()})
            status = received.statuses.pop(0) if received.statuses else 200
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def is_png(base64_text: str) -> bool:
    """Tell whether a text is a PNG picture in base64."""
    return base64.b64decode(base64_text).startswith(b"\x89PNG")
