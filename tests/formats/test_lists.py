"""Lists and tables that people keep."""

import zipfile
from collections import Counter
from pathlib import Path

import pytest

from banwatch.formats.fingerprints import is_fingerprint_table, parse_fingerprints_untrusted
from banwatch.formats.test_lists import count_unknown, parse_test_list_untrusted, read_test_lists
from banwatch.model.errors import WireError

LIST = b"""url,category_code,category_description,date_added,source,notes
https://www.example.com/,NEWS,News Media,2014-04-15,citizenlab,
not a url,NEWS,News Media,2014-04-15,citizenlab,
http://b.example/,gmb,Gambling,2020-01-01,someone,"a note, with a comma"
"""
TABLE = b"""name,scope,location_found,pattern_type,pattern,confidence_no_fp,expected_countries,source
one,nat,body,contains,"blocked, by order",5,"KP,KR",s
two,fp,header.Location,prefix,http://x/,,,s
"""


def test_a_list_is_read_without_what_is_no_url() -> None:
    sites = parse_test_list_untrusted(LIST, "kp")
    assert [(site.url, site.category, site.listed_for) for site in sites] == [
        ("https://www.example.com/", "NEWS", "KP"),
        ("http://b.example/", "GMB", "KP"),
    ]


def test_lists_are_found_in_folders_clones_and_zips(tmp_path: Path) -> None:
    lists = tmp_path / "clone" / "lists"
    lists.mkdir(parents=True)
    for name in ("kp.csv", "global.csv", "00-LEGEND-category_codes.csv"):
        (lists / name).write_bytes(LIST)
    packed = tmp_path / "lists.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in lists.iterdir():
            archive.write(path, f"test-lists-master/lists/{path.name}")
    for place in (lists, lists.parent, packed):
        assert [name for name, _ in read_test_lists(place)] == ["global", "kp"]


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    for table in (b"", b"a,b\n1,2\n", b"\xff\xfe", b"x" * (33 * 1024 * 1024)):
        with pytest.raises(WireError):
            parse_test_list_untrusted(table, "kp")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(WireError):
        list(read_test_lists(broken))


def test_a_table_of_fingerprints_is_read() -> None:
    one, two = parse_fingerprints_untrusted(TABLE)
    assert (one.pattern, one.expected_countries) == ("blocked, by order", ("KP", "KR"))
    assert (two.scope, two.location, two.expected_countries) == ("fp", "header.Location", ())
    assert is_fingerprint_table(TABLE)
    assert not is_fingerprint_table(LIST)


@pytest.mark.parametrize(
    "table",
    [
        b"name,scope\n",
        TABLE.replace(b"contains", b"guess"),
        TABLE.replace(b",body,", b",smell,"),
        TABLE.replace(b"http://x/", b""),
        b"\xff" + TABLE,
    ],
    ids=range(5),
)
def test_a_table_that_is_wrong_is_refused(table: bytes) -> None:
    with pytest.raises(WireError):
        parse_fingerprints_untrusted(table)


def test_rows_that_are_passed_over_are_counted_by_reason() -> None:
    table = LIST + b"".join(
        (
            b"url,category_code,category_description,date_added,source,notes\n",
            b"http://b.example/,GMB,Gambling,2020-01-01,again,\n",
            b"https://comma.example/a,b,NEWS,News Media,2014-04-15,citizenlab,\n",
            b"www.noscheme.example,NEWS,News Media,2014-04-15,citizenlab,\n",
            b" https://blank.example/ , REL,Religion,2016-04-29,citizenlab,\n",
            b"https://odd.example/,XYZ,Unknown,2014-04-15,citizenlab,\n",
            b"https://none.example/,,,2014-04-15,citizenlab,\n",
        )
    )
    counts: Counter[str] = Counter()
    sites = parse_test_list_untrusted(table, "bd", counts)
    assert [(site.url, site.category) for site in sites[2:]] == [
        ("https://blank.example/", "REL"),
        ("https://odd.example/", ""),
        ("https://none.example/", ""),
    ]
    assert counts == {
        "no http:// or https:// URL": 2,
        "a second header": 1,
        "a URL that stands there already": 1,
        "cells out of their columns: a comma in a URL needs quotes": 1,
    }
    assert count_unknown(sites) == 2
