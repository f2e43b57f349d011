"""Lines of measurements for tests, as small as the reader takes them."""

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import msgspec
import zstandard


def line(number: int = 0, *, day: int = 1, **changes: object) -> bytes:
    """Make a line; each number is a measurement of its own, some of them of blocked targets."""
    host = ("youtube.com", "example.com", "facebook.com")[number % 3]
    address = "93.184.216.34"
    failure = "connection_reset" if number % 3 == 0 else None
    value: dict[str, object] = {
        "data_format_version": "0.2.0",
        "input": f"https://{host}/",
        "measurement_start_time": f"2016-04-{day:02} {number // 60 % 24:02}:{number % 60:02}:00",
        "test_start_time": f"2016-04-{day:02} 00:00:00",
        "measurement_uid": f"201604{day:02}235959.{number:06}_KP_webconnectivity_{number:016x}",
        "probe_asn": "AS131279",
        "probe_cc": "KP",
        "report_id": f"report-{number // 4}",
        "software_name": "test",
        "software_version": "1",
        "test_name": "web_connectivity",
        "test_version": "0.5.0",
        "test_runtime": 1.5,
        "annotations": {"access_tier": "visitor"},
        "test_keys": {
            "queries": [
                {
                    "engine": "getaddrinfo",
                    "failure": None,
                    "hostname": host,
                    "query_type": "A",
                    "answers": [{"answer_type": "A", "ipv4": address}],
                    "t": 0.1,
                    "transaction_id": 1,
                }
            ],
            "tcp_connect": [
                {
                    "ip": address,
                    "port": 443,
                    "status": {"failure": None, "success": True},
                    "t": 0.2,
                    "transaction_id": 2,
                }
            ],
            "tls_handshakes": [
                {
                    "address": f"{address}:443",
                    "failure": failure,
                    "server_name": host,
                    "no_tls_verify": False,
                    "peer_certificates": [],
                    "t": 0.3,
                    "transaction_id": 2,
                }
            ],
            "requests": [],
            "control": {
                "dns": {"failure": None, "addrs": [address]},
                "tcp_connect": {f"{address}:443": {"status": True, "failure": None}},
                "tls_handshake": {f"{address}:443": {"server_name": host, "status": True, "failure": None}},
                "http_request": {"failure": None, "status_code": 200, "body_length": 1000, "title": "x"},
                "ip_info": {address: {"asn": 15133, "flags": 11}},
            },
            "control_failure": None,
        },
    }
    value.update(changes)
    return msgspec.json.encode(value)


def uid(number: int, *, day: int = 1) -> str:
    """Return the id of a line."""
    return f"201604{day:02}235959.{number:06}_KP_webconnectivity_{number:016x}"


def joined(lines: Iterable[bytes]) -> bytes:
    """Make the text of a file."""
    return b"".join(part + b"\n" for part in lines)


def write(path: Path, lines: Iterable[bytes]) -> Path:
    """Write a file, compressed by its suffix."""
    data = joined(lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith(".gz"):
        data = gzip.compress(data, 1, mtime=0)
    elif path.name.endswith(".zst"):
        data = zstandard.compress(data)
    path.write_bytes(data)
    return path


def tar(members: dict[str, bytes], mode: str = "w") -> bytes:
    """Make a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]  # a mode in a variable
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
