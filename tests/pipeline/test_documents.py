"""Documents give the lines of any supported container, and errors name the damage."""

import gzip
import hashlib
import io
import sys
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard

from banwatch.model.errors import WireError
from banwatch.pipeline import sources
from banwatch.pipeline.documents import open_documents
from tests.pipeline.measurement_lines import joined, line, tar

TEXT = b"".join(b'{"n": %d}\n' % n for n in range(1000))


def _contents(path: Path) -> dict[str, bytes]:
    (source,) = sources.find([path])
    return {d.name: b"".join(d.chunks) for d in open_documents(source, lambda size: None)}


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:]),
        gzip.compress(TEXT) + bytes(512),
        zstandard.compress(TEXT),
        zstandard.compress(TEXT[:500]) + zstandard.compress(TEXT[500:]),
    ],
    ids=["plain", "gzip", "gzip members", "gzip padded", "zstd", "zstd frames"],
)
def test_plain_and_packed_whatever_it_is_called(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "strange.name"
    path.write_bytes(data)
    assert _contents(path) == {str(path): TEXT}


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_tar_archives_and_what_is_packed_in_them(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar({"x/1.jsonl": TEXT, "x/2.jsonl.gz": gzip.compress(TEXT), "x/readme": b"no"}, mode))
    assert _contents(path) == {f"{path}!x/1.jsonl": TEXT, f"{path}!x/2.jsonl.gz": TEXT}


def test_tar_in_zstd(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.zst"
    path.write_bytes(zstandard.compress(tar({"1.jsonl": TEXT})))
    assert _contents(path) == {f"{path}!1.jsonl": TEXT}


def test_zip_archives_and_their_damage(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.txt", "no")
        archive.writestr("measurements.jsonl", TEXT)
    assert _contents(path) == {f"{path}!measurements.jsonl": TEXT}
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(WireError, match="zip"):
        _contents(path)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(WireError, match="zip"):
        _contents(path)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b'{\n "a": 1,\n "b": [\n2]\n}\n', [b'{"a":1,"b":[2]}']),
        (b'[{"a":1},\n {"b":2}]', [b'{"a":1}', b'{"b":2}']),
        (b"[1\n", [b"[1"]),
        (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
    ],
)
def test_measurements_spread_over_lines_are_put_on_one_each(
    tmp_path: Path, text: bytes, lines: list[bytes]
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text)
    assert _contents(path)[str(path)].splitlines() == lines


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT))))
    (source,) = sources.find(["-"])
    assert [b"".join(d.chunks) for d in open_documents(source, lambda size: None)] == [TEXT]


CHECKED = zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)


@pytest.mark.parametrize("packed", [gzip.compress(TEXT), CHECKED], ids=["gzip", "zstd"])
def test_cut_short_or_damaged_is_a_wire_error(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(WireError):
        _contents(path)
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 0xFF
    damaged[len(packed) // 2 + 1] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(WireError):
        _contents(path)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_is_unpacked_a_piece_at_a_time(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "bomb.jsonl"
    path.write_bytes(pack(bytes(100 << 20)))
    (source,) = sources.find([path])
    tracemalloc.start()
    try:
        total = sum(len(c) for d in open_documents(source, lambda size: None) for c in d.chunks)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 100 << 20
    assert peak < 32 << 20


def _read(path: Path) -> tuple[bytes, str]:
    """Read all that a file gives, and the reason of its error."""
    data = b""
    try:
        for document in open_documents(
            sources.Source(path.name, path, path.stat().st_size), lambda size: None
        ):
            for chunk in document.chunks:
                data += chunk
    except (WireError, tarfile.TarError) as error:
        return data, str(error)
    return data, ""


LINES = joined(line(n) for n in range(20))


@pytest.mark.parametrize(
    ("name", "data", "trouble"),
    [
        ("garbage behind gzip", gzip.compress(LINES) + b"garbage", "damaged"),
        ("wrong checksum", gzip.compress(LINES)[:-8] + b"12345678", "damaged"),
        ("no checksum", gzip.compress(LINES)[:-8], "cut short"),
        ("garbage behind zstandard", zstandard.compress(LINES) + b"garbage", "damaged"),
        ("a frame to pass over", b"\x53\x2a\x4d\x18\x03\0\0\0abc" + zstandard.compress(LINES), ""),
        ("a tar in gzip, cut at its end", gzip.compress(tar({"a.jsonl": LINES}))[:-8], "cut short"),
    ],
)
def test_what_is_whole_is_read_whatever_comes_behind(
    tmp_path: Path, name: str, data: bytes, trouble: str
) -> None:
    (tmp_path / "file").write_bytes(data)
    read, said = _read(tmp_path / "file")
    assert read == LINES, name
    assert trouble in said


@pytest.mark.parametrize("cut", [3_000, 7_000, 15_000])
def test_a_tar_that_is_cut_gives_all_but_its_last_kilobyte(tmp_path: Path, cut: int) -> None:
    (tmp_path / "a.tar").write_bytes(tar({"a.jsonl": LINES})[:cut])
    read, said = _read(tmp_path / "a.tar")
    assert LINES.startswith(read)
    assert cut - 512 - 1024 <= len(read)
    assert "unexpected end" in said


@pytest.mark.parametrize(
    ("head", "name"), [(b"\xfd7zXZ\0", "xz"), (b"BZh9", "bzip2"), (b"\x04\x22\x4d\x18", "lz4")]
)
def test_what_is_packed_otherwise_is_named(tmp_path: Path, head: bytes, name: str) -> None:
    (tmp_path / "a").write_bytes(head + b"x" * 600)
    assert f"packed with {name}" in _read(tmp_path / "a")[1]


def test_submissions_as_they_came_in_are_named_by_their_files(tmp_path: Path) -> None:
    content = msgspec.json.decode(line(3))
    del content["measurement_uid"]
    post = msgspec.json.encode({"format": "json", "content": content})
    name = "20160401000000.000003_KP_webconnectivity_0000000000000003"
    pretty = msgspec.json.format(post, indent=2)
    (tmp_path / "a.tar.gz").write_bytes(
        gzip.compress(tar({f"h/{name}.post": pretty, "h/x.post": b"no JSON"}))
    )
    first, second = _read(tmp_path / "a.tar.gz")[0].splitlines()
    assert msgspec.json.decode(first) == {**content, "measurement_uid": name}
    assert second == b"no JSON"


def _bundle(path: Path, lines: bytes, digest: str) -> Path:
    members = [{"path": "measurements.jsonl", "size_bytes": len(lines), "sha256": digest}]
    manifest = {"format": "banwatch-bundle", "version": 1, "subject": "x", "title": "x", "members": members}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("verdicts.jsonl", b'{"state":"ok"}\n')
        archive.writestr("rules.json", b"{}")
        archive.writestr("measurements.jsonl", lines)
        archive.writestr("manifest.json", msgspec.json.encode(manifest))
    return path


def test_of_an_evidence_bundle_the_measurements_are_read(tmp_path: Path) -> None:
    path = _bundle(tmp_path / "a.zip", LINES, hashlib.sha256(LINES).hexdigest())
    assert _contents(path) == {f"{path}!measurements.jsonl": LINES}


def test_a_bundle_that_is_not_what_it_says_is_noted(tmp_path: Path) -> None:
    read, said = _read(_bundle(tmp_path / "a.zip", LINES, "0" * 64))
    assert read == LINES
    assert "not those that the bundle's manifest names" in said


def test_what_is_sealed_says_how_to_open_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("sealed/abc", b"secret")
    assert "banwatch spool open" in _read(tmp_path / "a.zip")[1]
