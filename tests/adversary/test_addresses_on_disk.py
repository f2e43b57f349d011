"""No address of a person reaches the disk, wherever a submission holds it."""

import base64
import gzip
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard
from fastapi import FastAPI

from banwatch.collector import own
from banwatch.collector.collecting import CollectorSettings, collecting
from banwatch.collector.credential_routes import add_credentials
from banwatch.collector.keys import load_keys
from banwatch.collector.receiver import Receiver
from banwatch.collector.routes import add_collector
from banwatch.collector.services.probe_services import NETTESTS
from banwatch.explorer.guard import Guard, SiteAddress
from banwatch.net.http.clients import Proxies
from banwatch.probe.spool.sealing import seal
from banwatch.store.archive import SUFFIX, Archive
from tests.explorer.asgi_client import ask

SENDERS = {
    "198.51.100.77": ("198.51.100.77", "77.100.51.198", "198-51-100-77", "c633644d", "3325256781"),
    "2001:db9:7:8::77": ("2001:db9:7:8::77", "2001:0db9:0007:0008", "2001:db9:7:8:"),
}
OTHER = "198.51.100.99"


def places(address: str) -> Iterator[dict[str, object]]:
    """Make values of a measurement's keys, with the address in one place each."""
    text = f"you are {address}."
    encoded = {"format": "base64", "data": base64.b64encode(text.encode() + b"\xff").decode()}
    for key in ("probe_ip", "id", "probe_id", "probe_network_name", "software_name", "input", "unknown_key"):
        yield {key: address}
    yield {"annotations": {"wifi": address, address: "x"}}
    yield {"input_hashes": [address], "options": [text]}
    for keys in (
        {"client_resolver": address},
        {"queries": [{"hostname": "whoami.example", "answers": [{"answer_type": "A", "ipv4": address}]}]},
        {"requests": [{"response": {"body": text, "headers": {"X-Client": text}}}]},
        {"requests": [{"response": {"body": encoded}, "request": {"url": f"http://x/?ip={address}"}}]},
        {"network_events": [{"address": f"{address}:1234"}]},
        {"tcp_connect": [{"ip": address, "port": 1}]},
        {"agent": {"deep": [[{address: [text]}]]}},
        {"failure": text},
    ):
        yield {"test_keys": keys}


def measurement(test_name: str, number: int, **more: object) -> bytes:
    content = {
        "test_name": test_name,
        "measurement_start_time": f"2026-01-01 00:{number // 60 % 60:02}:{number % 60:02}",
        "probe_cc": "KP",
        "probe_asn": "AS131279",
        "report_id": "",
        "test_keys": {},
        "number": number,
        **more,
    }
    return json.dumps(content).encode()


def on_disk(folder: Path) -> dict[str, bytes]:
    """Read every file, archive segments unpacked."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.name.endswith(SUFFIX):
                with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
                    data += reader.read()
            found[str(path.relative_to(folder))] = data
    return found


@pytest.mark.slow
@pytest.mark.parametrize("sender", SENDERS)
def test_an_address_in_every_place_of_every_nettest(tmp_path: Path, sender: str) -> None:
    store = tmp_path / "s.duckdb"
    keys = load_keys(tmp_path / "key", make=True)

    with own(store) as owner:
        assert owner is not None
        with collecting(owner, keys, CollectorSettings(per_minute=0)) as receiver:
            taken = submit(receiver, sender, keys.public.sealing)
            before = on_disk(tmp_path)  # in journals
            wait_for_ingest(receiver)
    files = {**before, **on_disk(tmp_path)}
    assert taken == len(NETTESTS) * len(list(places(sender)))
    for name, data in files.items():
        lowered = data.lower()
        for spelling in SENDERS[sender]:
            assert spelling.encode() not in lowered, (name, spelling)
        assert base64.b64encode(f"you are {sender}.".encode() + b"\xff") not in data, name
    assert any(b"whoami.example" in data for data in files.values())  # the rest of the measurement is there


def wait_for_ingest(receiver: Receiver) -> None:
    until = time.monotonic() + 60
    counts = receiver.ingest_thread.counts
    while (
        receiver.inbox.waiting_bytes or counts.new + counts.duplicates + counts.quarantined < counts.received
    ):
        assert time.monotonic() < until
        time.sleep(0.1)
    time.sleep(0.5)  # refusals are noted in the next round


def submit(receiver: Receiver, sender: str, public_key: bytes) -> int:
    """Send a measurement for every place and nettest, and bodies that are refused."""
    app = FastAPI()
    add_collector(app, receiver)
    app.add_middleware(Guard, site=SiteAddress(), proxies=Proxies(["127.0.0.1"]), form_path="/report")
    number = taken = 0
    for test_name in NETTESTS:
        for more in places(sender):
            number += 1
            body = measurement(test_name, number, **more)
            if number % 3 == 0:
                answer = ask(
                    app, "PUT", f"/api/v1/sealed/{number}", seal(body, public_key), x_forwarded_for=sender
                )
            elif number % 3 == 1:
                answer = ask(app, "POST", "/measurement", body, x_forwarded_for=sender)
            else:
                wrapped = b'{"format":"json","content":' + body + b"}"
                answer = ask(app, "POST", "/measurement", wrapped, x_forwarded_for=sender)
            assert answer.status == 200, answer.text
            taken += 1
    twice = measurement("web_connectivity", 999).replace(
        b'"number"',
        f'"annotations":{{"a":"{sender}"}},"probe_ip":"{sender}","probe_ip":"127.0.0.1","number"'.encode(),
    )
    assert ask(app, "POST", "/measurement", twice, x_forwarded_for=sender).status == 200
    for refused in (
        f"I am {sender}".encode(),
        f'{{"probe_ip":"{sender}"'.encode(),
        f'{{"test_name":"{sender}"}}'.encode(),
        b"x" * 500 + sender.encode(),
        b"x" * (512 - 6) + sender.encode(),
    ):
        assert ask(app, "POST", "/measurement", refused, x_forwarded_for=sender).status == 422
    return taken


def test_addresses_of_servers_and_resolvers_stay(tmp_path: Path) -> None:
    """The evidence itself is made of addresses: only those of the person go."""
    keys = load_keys(tmp_path / "key", make=True)
    more = {
        "resolver_ip": OTHER,
        "test_keys": {
            "tcp_connect": [{"ip": OTHER, "port": 443}],
            "queries": [{"answers": [{"ipv4": OTHER}]}],
        },
    }
    with own(tmp_path / "s.duckdb") as owner:
        assert owner is not None
        with collecting(owner, keys, CollectorSettings(per_minute=0)) as receiver:
            app = FastAPI()
            add_collector(app, receiver)
            body = measurement("web_connectivity", 1, **more)
            assert ask(app, "POST", "/measurement", body).status == 200
            wait_for_ingest(receiver)
    (segment,) = tmp_path.rglob(f"[!.]*{SUFFIX}")
    archive = Archive(segment.parent.parent)
    (line,) = [line for name in archive.names() for _, lines in archive.frames(name) for line in lines]
    found = msgspec.json.decode(line)
    assert (found["resolver_ip"], found["test_keys"]) == (OTHER, more["test_keys"])


@pytest.mark.parametrize("sender", SENDERS)
def test_an_address_in_a_file_and_in_text_content(tmp_path: Path, sender: str) -> None:
    """Files of many, sealed ones among them, and OONI's newest form: the measurement as text."""
    keys = load_keys(tmp_path / "key", make=True)
    kinds = ("files", "text", "sealed")
    sent: dict[str, list[bytes]] = {kind: [] for kind in kinds}
    for number, more in enumerate(places(sender)):
        sent[kinds[number % 3]].append(measurement("web_connectivity", number, **more))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, body in enumerate(sent["sealed"]):
            archive.writestr(f"sealed/{number}", seal(body, keys.public.sealing))
    files = [gzip.compress(b"\n".join([*sent["files"], f"I am {sender}".encode()])), buffer.getvalue()]
    with own(tmp_path / "s.duckdb") as owner:
        assert owner is not None
        with collecting(owner, keys, CollectorSettings(per_minute=0)) as receiver:
            app = FastAPI()
            add_collector(app, receiver)
            add_credentials(app, receiver)
            app.add_middleware(Guard, site=SiteAddress(), proxies=Proxies(["127.0.0.1"]), form_path="/report")
            for body in sent["text"]:
                whole = json.dumps({"format": "json", "content": body.decode()}).encode()
                answer = ask(app, "POST", "/api/v1/submit_measurement", whole, x_forwarded_for=sender)
                assert answer.status == 200, answer.text
            for file in files:
                assert ask(app, "POST", "/api/v1/bundles", file, x_forwarded_for=sender).status == 200
            wait_for_ingest(receiver)
            assert receiver.inbox._senders == {}
    for name, data in on_disk(tmp_path).items():
        lowered = data.lower()
        for spelling in SENDERS[sender]:
            assert spelling.encode() not in lowered, (name, spelling)
