"""Segments give back their lines, and any damage to them is noticed."""

import subprocess
from contextlib import suppress
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.model.errors import BanwatchError, WireError
from banwatch.store.archive import (
    Archive,
    Frame,
    pack_frame,
    pack_segment,
    read_index_untrusted,
    unpack_frame,
)

LINES = [b'{"a":1}', b"", b"\xff\x00 not even text", b"x" * 100_000]


def _frames() -> list[Frame]:
    return [pack_frame("a.jsonl", [1, 2], LINES[:2]), pack_frame("b.jsonl", [7, 9], LINES[2:])]


def test_every_line_comes_back(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    segment, size = archive.write(5, _frames())
    assert archive.path_of(segment).stat().st_size == size
    assert [archive.line(segment, i) for i in range(4)] == LINES
    assert [line for _, lines in archive.frames(segment) for line in lines] == LINES
    index = archive.index(segment)
    assert (index.ordinal, index.frame_sources, index.line_numbers) == (
        5,
        ["a.jsonl", "b.jsonl"],
        [1, 2, 7, 9],
    )
    with pytest.raises(WireError, match="4 lines"):
        archive.line(segment, 4)


def test_the_same_lines_make_the_same_segment(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert archive.write(0, _frames()) == archive.write(0, _frames())
    assert len(archive.names()) == 1
    assert not list(tmp_path.rglob("*.part"))


def test_the_name_is_the_hash_of_the_bytes(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    segment, _ = archive.write(0, _frames())
    assert archive.sha256_of(segment) == segment
    archive.path_of(segment).unlink()
    assert archive.sha256_of(segment) is None


@pytest.mark.skipif(which("zstd") is None, reason="the zstd program is not installed")
def test_the_zstd_program_reads_it(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    segment, _ = archive.write(0, _frames())
    out = subprocess.run(["zstd", "-dc", archive.path_of(segment)], check=True, capture_output=True).stdout
    assert out == b"\n".join(LINES) + b"\n"


@pytest.mark.parametrize("keep", [0, 1, 8, 20, -1])
def test_a_segment_cut_short_is_noticed(tmp_path: Path, keep: int) -> None:
    archive = Archive(tmp_path)
    segment, _ = archive.write(0, _frames())
    data = archive.path_of(segment).read_bytes()
    archive.path_of(segment).write_bytes(data[:keep])
    with pytest.raises(WireError):
        Archive(tmp_path).line(segment, 0)


def test_a_flipped_bit_in_a_line_is_noticed(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    segment, _ = archive.write(0, _frames())
    data = bytearray(archive.path_of(segment).read_bytes())
    data[12] ^= 1
    archive.path_of(segment).write_bytes(data)
    with pytest.raises(WireError):
        Archive(tmp_path).line(segment, 0)


def test_a_missing_segment_is_a_wire_error(tmp_path: Path) -> None:
    with pytest.raises(WireError, match="cannot be read"):
        Archive(tmp_path).line("00" * 32, 0)


def test_where_nothing_can_be_written_one_message_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(BanwatchError, match="cannot write to the archive"):
        Archive(blocked / "archive").write(0, _frames())


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400), at=st.integers(0, 400))
def test_no_bytes_break_the_index_reader(data: bytes, at: int) -> None:
    whole = pack_segment(0, _frames())
    for candidate in (data, whole[: -1 - at], whole[: -at - 9] + data + whole[-8:]):
        with suppress(WireError):
            read_index_untrusted(candidate, len(candidate))


def test_a_frame_that_lies_about_its_size_is_refused() -> None:
    frame = pack_frame("a", [1], [b"x" * 1000])
    with pytest.raises(WireError):
        unpack_frame(frame.data, [10])
    with pytest.raises(WireError, match="at most"):
        unpack_frame(frame.data, [1 << 40])
