"""Sources are found in folders, patterns and shares, each once and in order."""

from pathlib import Path

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.pipeline.files import sources

LINES = b'{"a":1}\n'


def test_folders_patterns_and_files_each_once_in_order(tmp_path: Path) -> None:
    for name in (
        "raw/20160401/00/KP/webconnectivity/b.jsonl.gz",
        "raw/a.jsonl",
        "raw/.hidden.jsonl",
        "raw/notes",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "raw/x.duckdb.archive/aa").mkdir(parents=True)
    (tmp_path / "raw/x.duckdb.archive/aa/00.jsonl.zst").write_bytes(b"")
    found = sources.find([tmp_path / "raw", tmp_path / "raw/*.jsonl", tmp_path / "raw/a.jsonl"])
    assert [Path(s.name).name for s in found] == ["b.jsonl.gz", "a.jsonl"]


def test_shares_are_disjoint_and_complete(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.jsonl").write_bytes(b"")
    found = sources.find([tmp_path])
    shares = [sources.share_of(found, part, 3) for part in range(3)]
    assert sorted((s for share in shares for s in share), key=lambda s: s.name) == found
    assert all(shares)
    assert sources.parse_share("3/16") == (2, 16)
    for wrong in ("", "0/3", "4/3", "1", "1/0", "a/b"):
        with pytest.raises(BanwatchError, match="no share"):
            sources.parse_share(wrong)


def test_what_is_not_there_is_said_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="there is no file or folder"):
        sources.find([tmp_path / "nothing"])


def test_what_is_a_store_s_own_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "my.db").touch()
    for own in ("my.db.archive/ab", "my.db.inbox", "gone.duckdb.archive/ab", ".hidden"):
        (tmp_path / own).mkdir(parents=True)
        (tmp_path / own / "a.jsonl").write_bytes(LINES)
    (tmp_path / "my.db.reports.jsonl").write_bytes(b"{}")
    (tmp_path / "old.archive").mkdir()
    (tmp_path / "old.archive/a.jsonl").write_bytes(LINES)
    assert [source.name for source in sources.find([tmp_path])] == [f"{tmp_path}/old.archive/a.jsonl"]
