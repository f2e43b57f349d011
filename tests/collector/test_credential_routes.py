"""OONI's probes submit, unmodified: verified, unverified or failed, and always taken."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI

from banwatch.collector.credential_routes import add_credentials
from banwatch.collector.credentials.issuer import Issuer, load_issuer, rotate, today
from banwatch.collector.credentials.voice_book import GROWN_AGE_DAYS, GROWN_MEASUREMENTS, VoiceBook
from banwatch.collector.inbox import Inbox
from banwatch.collector.ingest_thread import Counts
from banwatch.collector.keys import load_keys
from banwatch.collector.limits.rate_limit import RateLimit
from banwatch.collector.receipts.issue import Receipts
from banwatch.collector.receiver import Receiver
from banwatch.explorer.guard import Guard, SiteAddress
from banwatch.model.receipt import Receipt, SourceClass
from banwatch.net.http.clients import Proxies
from banwatch.pipeline.trust.receipts import split_receipts
from tests.collector.credentials.ooni_client import NAMES, OoniClient
from tests.explorer.asgi_client import ask


class NoIngest:
    """Stand-in for the ingest thread: what was taken stays in the inbox."""

    def __init__(self) -> None:
        self.counts = Counts()

    def refuse(self, refusal: object) -> None:
        self.counts.refused += 1


@contextmanager
def collector(folder: Path, issuer: Issuer | None, voices: VoiceBook | None = None) -> Iterator[FastAPI]:
    """Run the routes over an inbox."""
    keys = load_keys(folder / "key", make=True)
    with Inbox(folder / "s.inbox", max_bytes=1 << 24) as inbox:
        receiver = Receiver(
            inbox,
            NoIngest(),  # type: ignore[arg-type]  # has what the receiver uses
            keys,
            RateLimit(0),
            Receipts(voices=voices),
            issuer,
        )
        app = FastAPI()
        add_credentials(app, receiver)
        app.add_middleware(Guard, site=SiteAddress(), proxies=Proxies(["127.0.0.1"]), form_path="/report")
        yield app
        receiver.close()


def receipts(folder: Path) -> list[Receipt]:
    """Read the receipts of all lines in the inbox, in the order of their files."""
    files = [path for path in (folder / "s.inbox").iterdir() if path.name != "lock"]
    lines = [one for path in sorted(files) for one in path.read_bytes().splitlines() if one]
    return list(split_receipts(lines)[1])


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return load_issuer(tmp_path / "s.archive", today)


def test_probe_submits_verified(tmp_path: Path, issuer: Issuer) -> None:
    with collector(tmp_path, issuer) as app:
        probe = OoniClient(app)
        assert probe.register().status == 200
        first, second = probe.submit(1), probe.submit(2)
        assert (first["verification_status"], first["error"], first["is_verified"]) == (
            "verified",
            None,
            True,
        )
        assert first["measurement_uid"] != second["measurement_uid"]
        assert first["report_id"]
        shown = str(probe.prove("{}")["nym"]).encode()
        assert first["protocol_version"] == probe.manifest["meta"]["protocol_version"]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "s.inbox").iterdir())
    assert b"zkp_request" not in kept
    assert shown not in kept


def test_probe_without_credential_is_unverified_and_taken(tmp_path: Path, issuer: Issuer) -> None:
    """Without a credential all four fields are null; that is no error."""
    with collector(tmp_path, issuer) as app:
        probe = OoniClient(app)
        sent = {"format": "json", "content": probe.content(1), **dict.fromkeys(NAMES)}
        answer = json.loads(probe.post("/api/v1/submit_measurement", sent).text)
        assert (answer["verification_status"], answer["error"]) == ("unverified", None)
        sent["manifest_version"] = "of-another-backend"
        answer = json.loads(probe.post("/api/v1/submit_measurement", sent).text)
        assert (answer["verification_status"], answer["error"]) == ("unverified", "manifest_not_found")
        assert probe.post("/api/v1/submit_measurement", {"content": "no JSON"}).status == 422
    with collector(tmp_path, None) as app:
        assert ask(app, "GET", "/api/v1/manifest").status == 404
        sent = {"format": "json", "content": probe.content(2), "nym": "x", "zkp_request": "y"}
        probe.app = app
        answer = json.loads(probe.post("/api/v1/submit_measurement", sent).text)
        assert answer["verification_status"] == "unverified"


def test_forged_proof_fails_and_the_measurement_is_anonymous(tmp_path: Path, issuer: Issuer) -> None:
    with collector(tmp_path, issuer) as app:
        probe = OoniClient(app)
        probe.register()
        sound = probe.prove(probe.content(1))
        nym, request = str(sound["nym"]), str(sound["zkp_request"])
        for change in (
            {"content": probe.content(2)},  # another measurement under the same proof
            {"content": probe.content(1) + " "},
            {"nym": nym[:-4] + "AAA="},
            {"nym": "x"},
            {"zkp_request": "AAAA"},
            {"zkp_request": request[:600] + ("A" if request[600] != "A" else "B") + request[601:]},
            {"zkp_request": request * 3},
            {"zkp_request": "\ud7ff"},
            {"nym": None},
            probe.prove(probe.content(3), "VE", "AS8048")
            | {"content": probe.content(3)},  # of another network
        ):
            answer = probe.post("/api/v1/submit_measurement", sound | change)
            found = json.loads(answer.text)
            assert (answer.status, found["verification_status"]) == (200, "failed"), change
            assert found["error"]
            assert found["submit_response"] is None
        assert json.loads(probe.post("/api/v1/submit_measurement", sound).text)["is_verified"]
    assert {one.source_class for one in receipts(tmp_path)} == {SourceClass.ANONYMOUS}


def test_voice_that_grew_is_verified(tmp_path: Path, issuer: Issuer) -> None:
    """Days and measurements make a voice; a newcomer with a sound proof is anonymous still."""
    day = today()
    voices = VoiceBook(tmp_path / "s.voices.json", lambda: day)
    with collector(tmp_path, issuer, voices) as app:
        probe = OoniClient(app)
        probe.register()
        nym = str(probe.prove("{}")["nym"])
        for _ in range(GROWN_AGE_DAYS):
            voices.hear(nym, probe.address, origin_agrees=True)
            day += 1
        while voices.hear(nym, probe.address, origin_agrees=True).measurements < GROWN_MEASUREMENTS - 1:
            pass
        newcomer = OoniClient(app, address="175.45.177.9")
        newcomer.register()
        newcomer.submit(1)
        probe.submit(4)
    kept = receipts(tmp_path)
    assert sorted(one.source_class for one in kept) == [SourceClass.ANONYMOUS, SourceClass.VERIFIED]
    assert all(one.origin_agrees for one in kept)
    assert len({one.voice for one in kept}) == 2


def test_credential_is_updated_to_a_new_key(tmp_path: Path, issuer: Issuer) -> None:
    with collector(tmp_path, issuer) as app:
        probe = OoniClient(app)
        probe.register()
        nym = probe.prove("{}")["nym"]
        probe.submit(1)
    renewed = rotate(tmp_path / "s.archive", today())
    with collector(tmp_path, renewed) as app:
        probe.app = app
        assert probe.submit(2)["verification_status"] == "verified"  # both keys are checked for a while
        old = probe.version
        newcomer = OoniClient(app)
        assert newcomer.version != old
        probe.manifest = newcomer.manifest
        probe.user.set_public_params(probe.manifest["manifest"]["public_parameters"])
        request = probe.user.make_credential_update_request()
        asked = {"credential_update_request": request, "manifest_version": old}
        answer = json.loads(probe.post("/api/v1/update_credential", asked).text)
        probe.user.handle_credential_update_response(answer["credential_update_response"])
        assert probe.submit(3)["verification_status"] == "verified"
        assert probe.prove("{}")["nym"] == nym  # the voice is the same one


def test_requests_for_credentials_that_are_none(tmp_path: Path, issuer: Issuer) -> None:
    with collector(tmp_path, issuer) as app:
        probe = OoniClient(app)
        version = {"manifest_version": probe.version}
        for path, value, status in (
            ("sign_credential", {"credential_sign_request": "AAAA", **version}, 400),
            ("sign_credential", {"credential_sign_request": "\x00", **version}, 400),
            ("sign_credential", {"credential_sign_request": "A" * 20_000, **version}, 400),
            ("sign_credential", {"credential_sign_request": "AAAA", "manifest_version": "x"}, 404),
            ("sign_credential", [], 400),
            ("update_credential", {"credential_update_request": "AAAA", **version}, 400),
            ("update_credential", {"credential_update_request": "AAAA", "manifest_version": ""}, 404),
            ("sign_credential", {"credential_sign_request": "A" * 70_000, **version}, 413),
        ):
            answer = probe.post(f"/api/v1/{path}", value)
            assert answer.status == status, (path, answer.text)
            assert status == 413 or json.loads(answer.text)["detail"]["error"]
