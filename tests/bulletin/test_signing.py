"""Signed bundles: forged countries, selections and signatures are found, and `verify` says by whom."""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from banwatch.bulletin.publish import publish_from
from banwatch.bulletin.signing import PublisherKey, load_publisher_key, parse_public_key
from banwatch.bulletin.verification_view import verification_view
from banwatch.bulletin.verify import Verification, verify_bundle
from banwatch.cli.views.verification import verification_lines
from banwatch.formats.bundle import MANIFEST, Subject, read_whole_untrusted, write_bundle
from banwatch.formats.signed_manifest import SIGNATURE, leaf_of, merkle_root
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import CountryCode
from banwatch.model.verdict import Verdict
from tests.bulletin.test_verify import changed, judged_country

KEY = PublisherKey(b"k" * 32)
OTHER = PublisherKey(b"o" * 32)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("signed")
    publish_from(judged_country(), "kp-test", out, sign=KEY.sign)
    return (out / "kp-test-evidence.zip").read_bytes()


def rewritten(
    whole: bytes,
    verdict: Callable[[Verdict], Verdict] = lambda one: one,
    keep: Callable[[Verdict], bool] = lambda one: True,
    sign: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """Make another bundle of the same evidence, with a manifest that fits it."""
    bundle = read_whole_untrusted(whole)
    lines: dict[str, bytes] = {}
    verdicts = list(bundle.verdicts_untrusted())
    for one, line in zip(verdicts, bundle.measurements_untrusted(), strict=True):
        lines[one.measurement_uid] = line
    kept: Sequence[Verdict] = [one for one in verdicts if keep(one)]
    old = bundle.manifest
    out = io.BytesIO()
    subject = Subject(
        id=old.subject,
        title=old.title,
        ruleset=old.ruleset,
        snapshots=old.snapshots,
        labs=old.labs,
        recorded=old.recorded,
    )
    chosen = [lines[one.measurement_uid] for one in kept]
    write_bundle(out, subject, chosen, [verdict(one) for one in kept], [], {}, sign)
    return out.getvalue()


def verify(content: bytes, folder: Path, publisher: str | None = None) -> Verification:
    path = folder / "b.zip"
    path.write_bytes(content)
    return verify_bundle(path, publisher=publisher)


def test_signed_bundle_says_by_whom(signed: bytes, tmp_path: Path) -> None:
    found = verify(signed, tmp_path, KEY.public)
    assert (found.problems, found.consistent, found.signed_by) == ((), True, KEY.public)
    text = "\n".join(verification_lines(found))
    assert f"signed by: {KEY.public}" in text
    assert "nobody signed it" not in text
    assert verification_view(found)["signed_by"] == KEY.public
    bare = verify(rewritten(signed), tmp_path)
    assert (bare.consistent, bare.signed_by) == (True, "")
    assert "nobody signed it" in "\n".join(verification_lines(bare))


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"probe_cc": CountryCode("US")}, "probe_cc"), ({"probe_asn": 7018}, "probe_asn")],
)
def test_forged_country_is_found_though_the_manifest_fits(
    signed: bytes, tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    forged = rewritten(signed, lambda one: replace(one, **changes), sign=OTHER.sign)
    found = verify(forged, tmp_path)
    assert not found.consistent
    assert any(field in problem.what for problem in found.problems)


def test_rules_that_the_manifest_does_not_name_are_found(signed: bytes, tmp_path: Path) -> None:
    for changes in ({"ruleset": "9999"}, {"snapshots": ("none",)}):
        found = verify(rewritten(signed, lambda one, c=changes: replace(one, **c)), tmp_path)  # type: ignore[misc]  # the default binds the loop's value
        assert any("are not the manifest" in problem.what for problem in found.problems)


def test_selection_is_visible_against_what_the_publisher_signed(signed: bytes, tmp_path: Path) -> None:
    """Whoever keeps only what accuses has to drop the signature, or to sign with a key of his own."""
    accusing = rewritten(signed, keep=lambda one: one.state.accuses)
    assert (
        read_whole_untrusted(accusing).manifest.measurements
        < read_whole_untrusted(signed).manifest.measurements
    )
    bare = verify(accusing, tmp_path, KEY.public)
    assert not bare.consistent
    assert "did not sign it" in bare.problems[0].what
    own = rewritten(signed, keep=lambda one: one.state.accuses, sign=OTHER.sign)
    assert "is that of" in verify(own, tmp_path, KEY.public).problems[0].what
    signature = KEY.sign(b"another manifest")
    moved = changed(accusing, SIGNATURE, signature)
    assert "does not hold" in verify(moved, tmp_path).problems[0].what
    root = read_whole_untrusted(signed).manifest.merkle_root.encode()
    with zipfile.ZipFile(io.BytesIO(signed)) as archive:
        manifest = archive.read(MANIFEST).replace(root, b"0" * 64)
    other_root = changed(changed(signed, SIGNATURE, None), MANIFEST, manifest)
    assert any("Merkle" in problem.what for problem in verify(other_root, tmp_path).problems)


@pytest.mark.parametrize("member", [b"", b"{}", b"[", b'{"public_key":"x","signature":"y"}', b"\xff" * 2_000])
def test_damaged_signatures_do_not_hold(signed: bytes, tmp_path: Path, member: bytes) -> None:
    found = verify(changed(signed, SIGNATURE, member), tmp_path)
    assert not found.consistent
    assert found.signed_by == ""


def test_merkle_root_is_that_of_rfc_6962() -> None:
    """Known answers of the RFC's tree over the leaves of certificate-transparency's own tests."""
    leaves = [leaf_of(bytes.fromhex(text)) for text in ("", "00", "10", "2021", "3031")]
    roots = {
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    }
    assert {n: merkle_root(leaves[:n]) for n in roots} == roots


def test_keys_are_private_and_public(tmp_path: Path) -> None:
    path = tmp_path / "publisher.key"
    key = load_publisher_key(path, make=True)
    assert path.stat().st_mode & 0o077 == 0
    assert load_publisher_key(path, make=True).public == key.public
    (tmp_path / "public").write_text(key.public + "\n")
    assert parse_public_key(str(tmp_path / "public")) == parse_public_key(key.public) == key.public
    with pytest.raises(BanwatchError, match="no public key"):
        parse_public_key("nonsense")
    path.chmod(0o644)
    with pytest.raises(BanwatchError, match="by others"):
        load_publisher_key(path, make=False)
