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

import lz4.frame
import msgspec
import pytest
import zstandard
from typer.testing import CliRunner

from banwatch import reference
from banwatch.cli.main import create_app
from banwatch.model.errors import WireError
from banwatch.pipeline.files import sources
from banwatch.pipeline.files.documents import open_documents
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store, queries
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
        ("garbage behind gzip", gzip.compress(LINES, mtime=0) + b"garbage", "damaged"),
        ("wrong checksum", gzip.compress(LINES, mtime=0)[:-8] + b"12345678", "damaged"),
        ("no checksum", gzip.compress(LINES, mtime=0)[:-8], "cut short"),
        ("garbage behind zstandard", zstandard.compress(LINES) + b"garbage", "damaged"),
        ("a frame to pass over", b"\x53\x2a\x4d\x18\x03\0\0\0abc" + zstandard.compress(LINES), ""),
        ("a tar in gzip, cut at its end", gzip.compress(tar({"a.jsonl": LINES}), mtime=0)[:-8], "cut short"),
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
    ("head", "name"), [(b"\xfd7zXZ\0", "xz"), (b"BZh9", "bzip2"), (b"7z\xbc\xaf", "7-Zip")]
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


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_text_of_any_program_is_read(tmp_path: Path, codec: str) -> None:
    text = b'{"name": "\xd1\x8f\xd0\xbd"}\r\n{"n": 2}\r\n'
    (tmp_path / "a").write_bytes(lz4.frame.compress(text.decode().encode(codec)))
    (content,) = _contents(tmp_path / "a").values()
    assert content.removeprefix(b"\xef\xbb\xbf") == text


def test_lz4_of_many_frames_and_its_damage(tmp_path: Path) -> None:
    packed = lz4.frame.compress(TEXT[:500]) + lz4.frame.compress(TEXT[500:])
    (tmp_path / "a.jsonl.lz4").write_bytes(packed)
    assert _contents(tmp_path / "a.jsonl.lz4") == {str(tmp_path / "a.jsonl.lz4"): TEXT}
    for broken in (packed[:-4], lz4.frame.compress(TEXT, content_checksum=True)[:-4] + b"oops"):
        (tmp_path / "b").write_bytes(broken)
        with pytest.raises(WireError, match="lz4 stream is"):
            _contents(tmp_path / "b")


def test_answers_of_the_api_are_unwrapped(tmp_path: Path) -> None:
    wrapped = [{"measurement_uid": f"u{n}", "raw_measurement": f'{{"n": {n}}}'} for n in range(2)]
    (tmp_path / "a").write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in wrapped))
    (tmp_path / "b").write_bytes(msgspec.json.format(msgspec.json.encode(wrapped), indent=2))
    expected = b'{"n":0,"measurement_uid":"u0"}\n{"n":1,"measurement_uid":"u1"}\n'
    for name in ("a", "b"):
        assert _contents(tmp_path / name) == {str(tmp_path / name): expected}


def test_what_holds_no_measurements_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(
        b"measurement_start_day,anomaly_count,measurement_count\n" + b"2026,1,1\n" * 99
    )
    with pytest.raises(WireError, match="counts measurements and holds none"):
        _contents(tmp_path / "a")


FIELD = Path(__file__).parents[4] / "shared" / "data" / "field" / "api-wrappers"


@pytest.mark.skipif(not FIELD.is_dir(), reason="the files lie outside the repository")
def test_the_published_files(tmp_path: Path) -> None:
    reference_data = reference.load()
    counts = {}
    with Store.open(tmp_path / "s.duckdb") as store:
        for path in sorted(FIELD.iterdir()):
            if path.suffix != ".md" and path.name != "truth.jsonl":
                report = ingest(store, [path], reference_data)
                came = report.accepted + report.duplicates + report.conflicts
                counts[path.name] = (came, report.quarantined, report.first_reason)
        measured = queries.measurement(store, "01202003021e9c3479a45c0947aa3e43ee920c29")
    assert measured is not None
    assert measured.input == "http://prachatai.com"
    for name in ("measurement_meta.json", "measurement_meta.jsonl", "crlf-bom.jsonl", "utf16.jsonl"):
        assert counts[name][:2] == (1, 0), name
    assert counts["legacy-report.yaml"][:2] == (1, 0)
    assert all(count[0] for name, count in counts.items() if name.endswith(".lz4"))
    for name, words in {
        "measurements-list.json": "list of summaries",
        "aggregation.csv": "aggregation",
        "explorer-search.csv": "Explorer's search",
    }.items():
        assert counts[name][:2] == (0, 1), name
        assert words in counts[name][2]


def test_the_command_ends_with_one_where_nothing_came(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("measurement_start_day,anomaly_count,measurement_count\n")
    (tmp_path / "b.jsonl").write_text("")
    (tmp_path / "c.jsonl").write_bytes(line(1) + b"\nno line\n")
    for name, words in (("a.csv", "holds none"), ("b.jsonl", "holds no line"), ("a.csv", "cannot be read")):
        command = ["ingest", str(tmp_path / name), "--store", str(tmp_path / "s.duckdb"), "--jobs", "1"]
        result = CliRunner().invoke(create_app(), command)
        assert result.exit_code == 1
        assert words in str(result.exception)
    for _ in range(2):
        command = ["ingest", str(tmp_path / "c.jsonl"), "--store", str(tmp_path / "s.duckdb"), "--jobs", "1"]
        assert CliRunner().invoke(create_app(), command).exit_code == 0
