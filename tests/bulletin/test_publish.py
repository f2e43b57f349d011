"""A bulletin: its links lead to its own files, and the same store gives the same bytes."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from banwatch.bulletin.publish import publish_from
from banwatch.model.ban import Measured
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import MeasurementUid
from banwatch.model.state import State
from banwatch.pages.links import anchor
from tests.pages.html_page import read
from tests.pages.made_up_country import ANNOUNCED, make_country, make_raw, make_row, make_verdict


@pytest.fixture(scope="module")
def bulletin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bulletin") / "report"
    score = {"measurements": 297, "false_blocked": 0, "mechanism_precision": 1.0, "mechanism_recall": 0.9871}
    publish_from(make_country(days=7, per_day=1), "kp-test", out, recorded=True, score=score)
    return out


def pages_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def test_every_link_leads_to_a_file_in_the_folder(bulletin: Path) -> None:
    pages = {path.resolve(): read(path.read_text()) for path in pages_of(bulletin)}
    checked = 0
    for path, page in pages.items():
        for address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme in ("https", "data"):
                assert address in ("https://agency.example/story", "data:,")
                continue
            assert not parts.scheme, address
            assert not parts.path.startswith("/"), address
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path}: {address}"
            assert target.is_relative_to(bulletin.resolve())
            if parts.fragment:
                assert parts.fragment in pages[target].ids, address
            checked += 1
    assert checked > 1000


def test_ids_are_unique_and_nothing_runs(bulletin: Path) -> None:
    for path in pages_of(bulletin):
        page = read(path.read_text())
        assert len(set(page.ids)) == len(page.ids), path
        assert page.scripts == []


def test_every_page_is_marked(bulletin: Path) -> None:
    for path in pages_of(bulletin):
        text = path.read_text()
        assert "Made in a lab." in text, path
        assert "Recording." in text, path


def test_the_front_has_what_a_reader_came_for(bulletin: Path) -> None:
    text = (bulletin / "index.html").read_text()
    said = (
        "six of the seven sites covered by the country’s announced ban have been likely blocked for foreign"
    )
    assert said in text
    assert text.count('<tr role="row">') == 1 + 11
    exact = "between 1 April 2016, 02:30 and 08:30 in Pyongyang (2016-03-31 18:00 to 2016-04-01 00:00 UTC)"
    assert f'title="{exact}"' in text
    assert "0.987" in text
    assert text.count("<svg") == 6  # each for a screen and for a phone
    assert "beyond what was announced" in text
    assert 'It was said so. <span class="cites">(Agency and Ministry)</span>' in text
    assert "javascript:" not in text
    assert len(list((bulletin / "pictures").iterdir())) == 6


def test_measurements_are_read_in_batches(tmp_path: Path) -> None:
    reader = make_country(days=5, per_day=2)
    steps: list[tuple[int, int]] = []
    publish_from(reader, "kp-test", tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert reader.batches <= 6
    assert steps[-1] == (3 * 11 * 5 + 1, 3 * 11 * 5 + 1)
    assert [done for done, _ in steps] == list(range(1, 3 * 11 * 5 + 2))


def test_the_same_store_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        publish_from(make_country(days=1, per_day=1), "kp-test", tmp_path / name)
    one, two = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()}
        for n in ("one", "two")
    )
    assert one == two


def test_a_hostile_target_stays_inside_the_folder(tmp_path: Path) -> None:
    reader = make_country(days=6, per_day=1)
    target = "../../<script>alert(1)</script>"
    reader.raw_lines[MeasurementUid("u")] = make_raw("u", target, "visitor", ANNOUNCED)
    reader.verdict_rows.append(make_verdict("u", target, "visitor", ANNOUNCED, State.OK))
    reader.rows.append(make_row(target, "visitor", Measured.NOT_ENFORCED, witness=MeasurementUid("u")))
    out = tmp_path / "a" / "b"
    publish_from(reader, "kp-test", out)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.parent in (tmp_path, tmp_path / "a")) == ["a", "b"]
    assert "<script" not in (out / "index.html").read_text().lower()


def test_too_many_measurements_leave_some_out_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banwatch.bulletin.contents.MAX_MEASUREMENTS", 40)
    reader = make_country(days=6, per_day=1)
    publish_from(reader, "kp-test", tmp_path)
    days = list((tmp_path / "measurements").rglob("*.html"))
    assert len(days) == 40
    text = (tmp_path / "index.html").read_text()
    assert f"{6 * 33 - 40} more measurements, for want of room" in text
    for uid in reader.incident_rows[0].witnesses:
        assert anchor(uid) in "".join(path.read_text() for path in days)


def test_a_whole_test_list_is_shown_as_far_as_something_was_found(tmp_path: Path) -> None:
    reader = make_country(days=1, per_day=1)
    reader.rows += [make_row(f"site{n}.example", "visitor", Measured.NOT_ENFORCED) for n in range(100)]
    publish_from(reader, "kp-test", tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert "Not announced (101 more were measured and are not shown)" in text
    assert "site7.example" not in text
    assert "bbc.com" in text


def test_errors_for_people(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="Known are: kp-test"):
        publish_from(make_country(days=1, per_day=1), "none", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BanwatchError, match="cannot be written"):
        publish_from(make_country(days=1, per_day=1), "kp-test", tmp_path / "file" / "x")
