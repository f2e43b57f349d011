"""Recordings: what ships is whole, and comes out as a play left it."""

import gzip
from pathlib import Path

import pytest

from banwatch.formats.ooni import decode_untrusted
from banwatch.lab.play import PlayResult
from banwatch.lab.recordings import pack, recorded, unpack
from banwatch.lab.recordings.recording import RECORDINGS
from banwatch.lab.truth.truth_file import load_truth
from banwatch.model.errors import BanwatchError

MAX_SHIPPED_BYTES = 4 << 20


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> PlayResult:
    return unpack(tmp_path_factory.mktemp("story"))


def test_the_story_ships_small():
    assert "dprk-2016" in recorded()
    assert sum(path.stat().st_size for path in (RECORDINGS / "dprk-2016").iterdir()) < MAX_SHIPPED_BYTES


def test_the_story_is_whole(story: PlayResult):
    lines = gzip.decompress(story.measurement_files[0].read_bytes()).splitlines()
    assert len(lines) == story.measurements == 3 * 57 * 18
    first = decode_untrusted(lines[0])
    assert first.annotations is not None
    assert first.annotations["lab"] == "dprk-2016"
    flows = load_truth(story.truth_files)
    assert len(flows) == story.flows
    assert {flow.mechanism for flow in flows if flow.acted_on} >= {
        "dns.injection.other",
        "http.blockpage",
        "network.shutdown",
        "tcp.timeout",
        "tls.reset.sni",
    }


def test_a_play_comes_out_as_it_went_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("a", "b"):
        for folder, suffix, content in (
            ("measurements", "jsonl.gz", gzip.compress(f'{{"m": "{name}"}}\n'.encode())),
            ("truth", "jsonl", f'{{"t": "{name}"}}\n'.encode()),
        ):
            (tmp_path / "play" / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / "play" / folder / f"{name}.{suffix}").write_bytes(content)
    monkeypatch.setattr("banwatch.lab.recordings.recording.RECORDINGS", tmp_path / "kept")
    pack(tmp_path / "play", "mine", tmp_path / "kept")
    result = unpack(tmp_path / "out", "mine")
    assert (result.measurements, result.flows) == (2, 2)
    assert gzip.decompress(result.measurement_files[0].read_bytes()) == b'{"m": "a"}\n{"m": "b"}\n'
    (tmp_path / "kept" / "mine" / "truth.jsonl.zst").write_bytes(b"damaged")
    with pytest.raises(BanwatchError, match="cannot be read"):
        unpack(tmp_path / "out", "mine")


def test_what_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(BanwatchError, match=r"no recording of nowhere.*dprk-2016"):
        unpack(tmp_path, "nowhere")
    with pytest.raises(BanwatchError, match="no play in"):
        pack(tmp_path, "nowhere", tmp_path)
