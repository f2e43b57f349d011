"""Snapshots: imported, listed, compared, chosen, checked."""

import json
import pickle
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.reference import load, snapshots
from banwatch.reference.comparing import compare_snapshots
from banwatch.reference.fingerprint_index import MAX_BODY_BYTES
from banwatch.reference.importing import import_files, read_sites
from banwatch.reference.suffixes import target_of
from banwatch.reference.suggesting import SharedPage, suggest

HEAD = "name,scope,location_found,pattern_type,pattern,expected_countries\n"
NETWORKS = "10.0.0.0,10.0.0.255,64500,First\n2001:db8::,2001:db8::ffff,64501,Second\n"
SHARED = Path(__file__).parents[3] / "shared" / "data"


def imported(folder: Path, text: str, name: str = "table.csv", day: str = "2026-01-01") -> snapshots.Snapshot:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return import_files([path], as_of=date.fromisoformat(day), data_dir=folder / "data")


def test_the_same_import_is_the_same_snapshot(tmp_path: Path) -> None:
    row = HEAD + "one,nat,body,contains,blocked,KP\n"
    assert imported(tmp_path, row) == imported(tmp_path, row)
    assert len(list(snapshots.list_imported(tmp_path / "data"))) == 1


def test_the_newest_of_each_kind_is_used(tmp_path: Path) -> None:
    new = imported(tmp_path, HEAD + "new,nat,dns,full,1.2.3.4,\n", day="2026-02-01")
    imported(tmp_path, HEAD + "old,nat,dns,full,1.2.3.4,\n", day="2026-01-01")
    networks = imported(tmp_path, NETWORKS)
    reference = load(data_dir=tmp_path / "data")
    assert {new.id, networks.id} <= set(reference.snapshot_ids)
    assert [f.name for f in reference.match_dns("1.2.3.4")] == ["new"]
    found = reference.network_of("10.0.0.9")
    assert found is not None
    assert (found.asn, found.name) == (64500, "First")
    assert reference.network_of("8.8.8.8") is None


def test_a_reference_can_be_sent_to_another_process(tmp_path: Path) -> None:
    imported(tmp_path, HEAD + "one,nat,dns,full,1.2.3.4,\n")
    reference = load(data_dir=tmp_path / "data")
    sent = pickle.loads(pickle.dumps(reference))
    assert sent.snapshot_ids == reference.snapshot_ids
    assert [f.name for f in sent.match_dns("1.2.3.4")] == ["one"]


def test_what_is_not_here_or_not_right_is_said(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="no reference snapshot"):
        load(["fingerprints-1999-01-01-00000000"], data_dir=tmp_path)
    with pytest.raises(BanwatchError, match="There is no"):
        import_files([tmp_path / "nothing.csv"], as_of=date(2026, 1, 1), data_dir=tmp_path)
    with pytest.raises(BanwatchError, match="Nothing was imported"):
        imported(tmp_path, HEAD + "one,nat,body,regexp,(unclosed,KP\n")
    with pytest.raises(BanwatchError, match="Nothing was imported"):
        imported(tmp_path, "rubbish\nmore rubbish\n")


def test_a_snapshot_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    snapshot = imported(tmp_path, HEAD + "one,nat,dns,full,1.2.3.4,\n")
    (tmp_path / "data" / f"{snapshot.id}.data.json").write_text("[]")
    with pytest.raises(BanwatchError, match="not what was imported"):
        load(data_dir=tmp_path / "data").match_dns("1.2.3.4")


def test_differences_are_told(tmp_path: Path) -> None:
    one = imported(tmp_path, HEAD + "a,nat,body,contains,x,\nb,nat,body,contains,y,\n", day="2026-01-01")
    two = imported(tmp_path, HEAD + "b,nat,body,contains,z,\nc,nat,body,contains,y,\n", day="2026-02-01")
    found = compare_snapshots(one.id, two.id, data_dir=tmp_path / "data")
    assert (found.added, found.removed, found.changed) == (("c (body)",), ("a (body)",), ("b (body)",))
    nets = imported(tmp_path, NETWORKS)
    more = imported(
        tmp_path, NETWORKS.replace("64500", "64511") + "10.9.0.0,10.9.0.1,64512,New\n", day="2026-02-01"
    )
    moved = compare_snapshots(nets.id, more.id, data_dir=tmp_path / "data")
    assert moved.added == ("10.9.0.0 AS64512",)
    assert moved.changed == ("10.0.0.0 AS64500 ZZ -> AS64511 ZZ",)
    with pytest.raises(BanwatchError, match="same kind"):
        compare_snapshots(one.id, nets.id, data_dir=tmp_path / "data")


def test_patterns_are_found_wherever_they_stand(tmp_path: Path) -> None:
    rows = [
        "full,nat,body,full,whole,",
        "prefix,nat,body,prefix,begins,",
        "contains,nat,body,contains,ça va,",
        "regexp,nat,body,regexp,a.*z[0-9]+,",
        "header,nat,header.Server,prefix,Box/,",
    ]
    imported(tmp_path, HEAD + "\n".join(rows) + "\n")
    match = load(data_dir=tmp_path / "data").match_http

    def names(body: str, *headers: tuple[str, str]) -> list[str]:
        return sorted(f.name for f in match(body.encode(), headers))

    assert names("whole") == ["full"]
    assert names("not the whole") == []
    assert names("begins here") == ["prefix"]
    assert names("it begins") == []
    assert names("oh ça va bien") == ["contains"]
    assert names("xaxxz12") == ["regexp"]
    assert names("", ("server", "Box/2")) == ["header"]
    assert names("", ("server", "a Box/2")) == []
    assert match(b"\xff" * MAX_BODY_BYTES + "ça va".encode(), ()) == [], "only the first MiB is searched"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the tables lie outside the repository")
def test_the_fields_own_tables_are_read(tmp_path: Path) -> None:
    tables = [SHARED / "fingerprints" / f"fingerprints_{kind}.csv" for kind in ("dns", "http")]
    found = import_files(tables, as_of=date(2026, 1, 1), data_dir=tmp_path)
    assert found.entries > 1_900
    reference = load(data_dir=tmp_path)
    assert any("CN" in f.expected_countries for f in reference.match_dns("8.7.198.45"))
    sites = import_files([SHARED / "test-lists"], as_of=date(2026, 1, 1), data_dir=tmp_path)
    assert sites.entries > 30_000
    assert {"KP", "GLOBAL"} <= {site.listed_for for site in read_sites(tmp_path, sites)}


def page(number: int, **more: object) -> SharedPage:
    given: dict[str, object] = {
        "measurement_uid": f"m{number}",
        "target": TargetName(f"site{number}.example"),
        "probe_cc": CountryCode("KP"),
        "probe_asn": Asn(131279),
        "title": "You may not see this",
        "body_sha256": "aa",
        "body_length": 700,
        "location": None,
        "like_control": False,
        **more,
    }
    return SharedPage(**given)  # type: ignore[arg-type]  # its fields


def test_a_page_that_many_sites_share_is_suggested() -> None:
    (found,) = suggest([page(n) for n in range(4)])
    assert (found.location, found.pattern) == ("body", "<title>You may not see this</title>")
    assert len(found.targets) == 4
    (moved,) = suggest([page(n, location=f"http://stop.example/?u={n}") for n in range(3)])
    assert (moved.location, moved.pattern) == ("header.location", "http://stop.example/")


def test_pages_with_another_reason_are_not() -> None:
    assert suggest([page(n) for n in range(2)]) == []
    assert suggest([page(n, probe_asn=Asn(n)) for n in range(9)]) == []
    assert suggest([page(n, like_control=True) for n in range(9)]) == []
    assert suggest([page(n, title="404 Not Found") for n in range(9)]) == []
    assert suggest([page(1, measurement_uid=f"m{n}") for n in range(9)]) == []


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("www.example.com", "example.com"),
        ("WWW.Example.CO.UK.", "example.co.uk"),
        ("a.b.github.io", "b.github.io"),
        ("localhost", "localhost"),
        ("93.184.216.34", "93.184.216.34"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("com", "com"),
    ],
)
def test_a_target_is_the_registrable_domain(name: str, target: str) -> None:
    assert target_of(name) == target


def test_the_command_imports_lists_and_compares(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(HEAD + "one,nat,body,contains,blocked,KP\n", encoding="utf-8")
    run, app = CliRunner(), create_app()
    where = ["--data-dir", str(tmp_path / "data"), "--json"]
    done = run.invoke(app, ["reference", "import", str(table), "--as-of", "2026-01-01", *where])
    assert done.exit_code == 0, done.output
    new = json.loads(done.stdout)["id"]
    listed = run.invoke(app, ["reference", "ls", *where])
    kinds = {json.loads(line)["kind"] for line in listed.stdout.splitlines()}
    assert kinds == {
        "networks",
        "roots",
        "suffixes",
        "special-addresses",
        "resolvers",
        "device-authorities",
        "fingerprints",
    }
    same = run.invoke(app, ["reference", "diff", new, new, *where])
    assert json.loads(same.stdout) == {"kind": "fingerprints", "added": [], "removed": [], "changed": []}
