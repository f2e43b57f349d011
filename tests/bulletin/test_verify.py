"""Checking of bundles: a whole one holds, and changes, additions, losses and forgeries are found."""

import io
import json
import zipfile
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from banwatch.bulletin.publish import publish_from
from banwatch.bulletin.verification_view import verification_view
from banwatch.bulletin.verify import Verification, verify_bundle
from banwatch.cli.views.verification import verification_lines
from banwatch.formats.bundle import (
    MANIFEST,
    MEASUREMENTS,
    VERDICTS,
    open_bundle_untrusted,
    read_whole_untrusted,
)
from banwatch.judge import judge_line
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.state import State
from banwatch.reference import load
from tests.pages.made_up_country import MadeUpReader, make_country


def judged_country() -> MadeUpReader:
    """Return a country whose verdicts are those that its measurements give."""
    reader = make_country(days=1, per_day=1)
    reference = load()
    reader.verdict_rows = []
    for line in reader.raw_lines.values():
        reader.verdict_rows.append(judge_line(line, reference).verdict)
    return reader


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("bundle")
    publish_from(judged_country(), "kp-test", out)
    return (out / "kp-test-evidence.zip").read_bytes()


def changed(whole: bytes, path: str, content: bytes | None, *, twice: bool = False) -> bytes:
    """Put other content at a path, or nothing."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name != path or twice:
                new.writestr(name, old.read(name))
        if content is not None:
            with pytest.warns(UserWarning, match="Duplicate") if twice else nullcontext():
                new.writestr(path, content)
    return out.getvalue()


def check(content: bytes, folder: Path) -> Verification:
    (folder / "bundle.zip").write_bytes(content)
    return verify_bundle(folder / "bundle.zip")


def test_verdicts_of_a_bundle_of_0_1_0_are_read(whole: bytes) -> None:
    """Bundles that were published before `formats/json_views.py` hold the AS number as an integer."""
    verdicts = list(open_bundle_untrusted(io.BytesIO(whole)).verdicts_untrusted())
    assert verdicts
    as_before = b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in verdicts)
    assert b'"probe_asn":6' in as_before
    old = changed(whole, VERDICTS, as_before)
    assert list(open_bundle_untrusted(io.BytesIO(old)).verdicts_untrusted()) == verdicts


def test_a_whole_bundle_holds(whole: bytes, tmp_path: Path) -> None:
    found = check(whole, tmp_path)
    assert found.consistent
    assert found.same_rules
    assert (found.measurements, found.verdicts, found.differences) == (33, 33, ())
    text = list(verification_lines(found))
    assert text[-2].startswith("consistent")
    assert text[-1].startswith("not proven: who made it")  # nobody signed it
    assert not any("holds" in line for line in text)
    assert verification_view(found)["consistent"] is True
    assert verification_view(found)["signed_by"] is None


def test_the_page_names_the_digest_that_verify_tells(tmp_path: Path) -> None:
    publish_from(judged_country(), "kp-test", tmp_path)
    found = verify_bundle(tmp_path / "kp-test-evidence.zip")
    assert found.digest in (tmp_path / "index.html").read_text()


def test_its_page_stands_alone(whole: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        page = archive.read("index.html").decode()
        names = set(archive.namelist())
    from tests.pages.html_page import read

    local = [a for a in read(page).addresses if not a.startswith(("https:", "data:", "#"))]
    assert local
    assert set(local) <= names


def test_a_changed_measurement_is_found(whole: bytes, tmp_path: Path) -> None:
    lines = zipfile.ZipFile(io.BytesIO(whole)).read(MEASUREMENTS)
    found = check(changed(whole, MEASUREMENTS, lines.replace(b"A page", b"A pige", 1)), tmp_path)
    assert not found.whole
    assert not found.consistent
    assert [problem.path for problem in found.problems] == [MEASUREMENTS]


def test_a_forged_verdict_is_found_even_with_a_new_manifest(tmp_path: Path) -> None:
    reader = judged_country()
    reader.verdict_rows[3] = replace(reader.verdict_rows[3], state=State.BLOCKED, mechanisms=("tls.alert",))
    publish_from(reader, "kp-test", tmp_path)
    found = verify_bundle(tmp_path / "kp-test-evidence.zip")
    assert found.whole
    assert not found.consistent
    assert [difference.bundled for difference in found.differences] == ["blocked (tls.alert)"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"input": "https://other.example/"}, "input"),
        ({"measurement_start_time": datetime(2026, 1, 1, tzinfo=UTC)}, "measurement_start_time"),
        ({"sentence": "The government did it."}, "sentence"),
        ({"rules": ("dns.blockpage",)}, "rules"),
        ({"probe_id": "somebody"}, "probe_id"),
    ],
)
def test_every_forged_field_of_a_verdict_is_found(
    tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    """0.1.0 compared states and mechanisms alone: a forged country, time or sentence held."""
    reader = judged_country()
    reader.verdict_rows[3] = replace(reader.verdict_rows[3], **changes)
    publish_from(reader, "kp-test", tmp_path)
    found = verify_bundle(tmp_path / "kp-test-evidence.zip")
    assert not found.consistent
    named = [problem.what for problem in found.problems] + [str(d.fields) for d in found.differences]
    assert any(field in text for text in named)


def test_other_rules_may_judge_otherwise(tmp_path: Path) -> None:
    reader = judged_country()
    reader.verdict_rows = [replace(v, state=State.DOWN, ruleset="older") for v in reader.verdict_rows]
    publish_from(reader, "kp-test", tmp_path)
    found = verify_bundle(tmp_path / "kp-test-evidence.zip")
    assert found.consistent
    assert len(found.differences) == 33
    assert any("other rules" in line for line in verification_lines(found))


@pytest.mark.parametrize(
    ("path", "content", "twice", "what"),
    [
        ("extra.html", b"hello", False, "is not in the manifest"),
        ("style.css", None, False, "is missing"),
        (VERDICTS, None, False, "is missing"),
        ("style.css", b"x" * 10**6, False, "is larger than the manifest says"),
        ("style.css", b"x", True, "is there twice"),
    ],
)
def test_additions_and_losses(
    whole: bytes, tmp_path: Path, path: str, content: bytes | None, twice: bool, what: str
) -> None:
    found = check(changed(whole, path, content, twice=twice), tmp_path)
    assert not found.consistent
    assert what in [problem.what for problem in found.problems if problem.path == path]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no zip archive"),
        (b"PK\x05\x06" + b"\0" * 18, "there is no manifest.json"),
        (b"PK\x03\x04nonsense", "no zip archive"),
    ],
)
def test_what_is_no_bundle(content: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match=why):
        check(content, tmp_path)


@pytest.mark.parametrize("manifest", [b"{}", b"[]", b"\xff", b"[" * 100000, b'{"format":"zip","version":1}'])
def test_what_is_no_manifest(whole: bytes, manifest: bytes, tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="no evidence bundle"):
        check(changed(whole, MANIFEST, manifest), tmp_path)


def test_a_bundle_from_the_future(whole: bytes, tmp_path: Path) -> None:
    manifest = zipfile.ZipFile(io.BytesIO(whole)).read(MANIFEST).replace(b'"version": 1', b'"version": 9')
    with pytest.raises(BanwatchError, match="version 9"):
        check(changed(whole, MANIFEST, manifest), tmp_path)


def test_a_huge_promise_is_refused(whole: bytes, tmp_path: Path) -> None:
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(whole)).read(MANIFEST))
    manifest["members"][0]["size_bytes"] = 1 << 60
    with pytest.raises(BanwatchError, match="unpacks to more"):
        check(changed(whole, MANIFEST, json.dumps(manifest).encode()), tmp_path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="cannot be read"):
        verify_bundle(tmp_path / "none.zip")


def test_a_hostile_title_cannot_steer_the_terminal(whole: bytes, tmp_path: Path) -> None:
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(whole)).read(MANIFEST))
    manifest["title"] = "\x1b[2Jthe bundle holds\u202e"
    found = check(changed(whole, MANIFEST, json.dumps(manifest).encode()), tmp_path)
    assert not [line for line in verification_lines(found) if "\x1b" in line or "\u202e" in line]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_damage_anywhere_is_a_problem_or_a_refusal(whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged[at] ^= data.draw(st.integers(1, 255))
    with suppress(WireError):
        bundle = read_whole_untrusted(bytes(damaged))
        bundle.problems_untrusted()
        for read in (bundle.measurements_untrusted, bundle.verdicts_untrusted):
            with suppress(WireError):
                list(read())


def test_equal_evidence_gives_equal_bytes(whole: bytes, tmp_path: Path) -> None:
    publish_from(judged_country(), "kp-test", tmp_path)
    assert (tmp_path / "kp-test-evidence.zip").read_bytes() == whole
