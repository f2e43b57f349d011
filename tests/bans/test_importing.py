"""Drafts from the tables of others."""

from datetime import date
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from banwatch.bans.countries import country_code
from banwatch.bans.importing import MAX_DRAFTS, Draft, parse_date, read_drafts
from banwatch.bans.register import load_bans, save_drafts
from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError

FIELD = Path(__file__).parents[3] / "shared" / "data" / "field" / "stop-2020-csv"
STOP = """\
start_date,country,shutdown_type,shutdown_extent,ordered_by,end_date,facebook_affected,twitter_affected,event,info_source_link
9/21/2022,Iran (Islamic Republic of),Shutdown,Service-based,Executive government,10/7/2022,Yes,No,"Protests,
nationwide",https://one.example/x; https://two.example/y
2023-05-01,Nowhere,Shutdown,Full network,,,,,,
2023-05-01,Iraq,Shutdown,Full network,,,No,,Exams,
2023-05-01,Iraq,Shutdown,Full network,,,No,,Exams again,
"""
OUTAGES = """\
ID,Begin time,End time,Country,Scope (granularity),Cause,,,
1,"Thursday, June 17, 2021, 12:55:00 AM","Thursday, June 17, 2021, 6:30:00 AM",Syria,Country,Exams,,,
2,7/28/2020  17:00:00 PM,7/28/2020  18:00:00 PM,Turkey,Region (X),Cable cut,,,
"""


def test_rows_of_stop_become_drafts(tmp_path: Path) -> None:
    (tmp_path / "stop.csv").write_text(STOP)
    drafts = list(read_drafts(tmp_path / "stop.csv"))
    assert [draft.ban_id for draft in drafts] == ["ir-2022-09-21", "iq-2023-05-01", "iq-2023-05-01-2"]
    iran = yaml.safe_load(drafts[0].text)
    assert iran["targets"] == ["facebook.com"]
    assert not iran["shutdown"]
    assert (iran["begins"], iran["ends"]) == ("2022-09-21", "2022-10-07")
    assert iran["sources"][0]["url"] == "https://one.example/x"
    assert yaml.safe_load(drafts[1].text)["shutdown"]


def test_of_outages_only_orders_are_taken(tmp_path: Path) -> None:
    (tmp_path / "outages.csv").write_text(OUTAGES)
    (draft,) = read_drafts(tmp_path / "outages.csv")
    assert draft.ban_id == "sy-2021-06-17"


def test_a_draft_is_no_ban_until_it_has_a_second_source(tmp_path: Path) -> None:
    (tmp_path / "stop.csv").write_text(STOP)
    out = tmp_path / "drafts"
    assert save_drafts(read_drafts(tmp_path / "stop.csv"), out) == 3
    assert save_drafts(read_drafts(tmp_path / "stop.csv"), out) == 0
    with pytest.raises(BanwatchError, match="too few with an address"):
        load_bans(out)


def test_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BanwatchError, match="neither"):
        list(read_drafts(tmp_path / "x.csv"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-06-17", date(2021, 6, 17)),
        ("6/17/2021", date(2021, 6, 17)),
        ("Thursday, June 17, 2021, 12:55:00 AM", date(2021, 6, 17)),
        ("7/28/2020  16:1:00 PM", date(2020, 7, 28)),
        ("2021-06-17T00:55:00Z", date(2021, 6, 17)),
        ("2021-06-17 00:55:00.000", date(2021, 6, 17)),
        ("17-Jun-2021", date(2021, 6, 17)),
        ("17.06.2021", date(2021, 6, 17)),
        ("17/6/2021", None),
        ("2021-13-44", None),
        ("ongoing", None),
    ],
)
def test_dates_as_tables_write_them(text: str, expected: date | None) -> None:
    assert parse_date(text) == expected


def test_countries_by_their_names() -> None:
    assert [
        country_code(name)
        for name in ("Uganda", "Turkey", "Iran (Islamic Republic of)", "Côte d'Ivoire", "X")
    ] == [
        "UG",
        "TR",
        "IR",
        "CI",
        None,
    ]


HEAD = "start_date,end_date,country,shutdown_type"
ROW = "2021-01-13,2021-01-18,Uganda,Shutdown"


def _read(raw: bytes, path: Path) -> tuple[list[Draft], list[tuple[str, int]]]:
    path.write_bytes(raw)
    refused: list[tuple[str, int]] = []
    drafts = list(read_drafts(path, lambda reason, line: refused.append((reason, line))))
    return drafts, refused


@pytest.mark.parametrize(
    "raw",
    [
        f"{HEAD}\n{ROW}\n".encode(),
        f"{HEAD.upper()}\r\n{ROW}\r\n".encode("utf-8-sig"),
        f"{HEAD}\n{ROW}\n".encode("utf-16"),
        f"{HEAD}\n{ROW}\n".replace(",", ";").encode(),
        f"{HEAD}\n{ROW}\n".replace(",", "\t").encode(),
        f"note,{HEAD}\n\u00e9lection,{ROW},more\n".encode("latin-1"),
    ],
    ids=["plain", "upper case", "UTF-16", "semicolons", "tabs", "latin-1, other columns"],
)
def test_tables_as_they_come(raw: bytes, tmp_path: Path) -> None:
    (draft,), _ = _read(raw, tmp_path / "x.csv")
    assert draft.ban_id == "ug-2021-01-13"
    assert yaml.safe_load(draft.text)["ends"] == "2021-01-18"


def test_rows_that_are_no_ban_are_told_of_with_their_line(tmp_path: Path) -> None:
    rows = ["soon,,Uganda,S", "0201-01-13,,Uganda,S", "2021-01-13,,Nowhere,S", ROW]
    drafts, refused = _read("\n".join([HEAD, *rows]).encode(), tmp_path / "x.csv")
    assert len(drafts) == 1
    assert [line for _, line in refused] == [2, 3, 4]
    assert "date" in refused[0][0]
    assert "country" in refused[2][0]


def test_an_end_before_the_beginning_is_left_to_a_person(tmp_path: Path) -> None:
    (draft,), _ = _read(f"{HEAD}\n2021-02-10,2021-01-01,Uganda,S\n".encode(), tmp_path / "x.csv")
    ban = yaml.safe_load(draft.text)
    assert ban["ends"] == "unspecified"
    assert "before it begins" in ban["notes"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n\n", b"\xff\xfe\x00", f'{HEAD}\n"never closed,{ROW}\n{ROW}\n'.encode(), b"\x00" * 100],
    ids=["empty", "blank", "half UTF-16", "a quote never closed", "zeros"],
)
def test_what_cannot_be_read_is_said(raw: bytes, tmp_path: Path) -> None:
    with pytest.raises(BanwatchError):
        _read(raw, tmp_path / "x.csv")


def test_a_table_of_ever_the_same_day_is_bounded_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(HEAD + f"\n{ROW}" * (MAX_DRAFTS + 1))
    out = tmp_path / "out"
    with pytest.raises(BanwatchError, match="Split it"):
        CliRunner().invoke(
            create_app(),
            ["bans", "import", str(tmp_path / "x.csv"), "--out", str(out)],
            catch_exceptions=False,
        )
    assert not out.exists()


def test_what_steers_a_terminal_is_left_out(tmp_path: Path) -> None:
    raw = f"{HEAD},event\n{ROW},E\x1b[31mvil\n".encode()
    (draft,), _ = _read(raw, tmp_path / "x.csv")
    assert yaml.safe_load(draft.text)["facts"][0]["fact"] == "E [31mvil"


YEARS = {
    "2016": "ID,start_date,end_date,Country,Shutdown_type,Shutdown_extent,ordered_by,News_link",
    "2018": "S.No;Start Date;End Date;Country;Ordered by;Shutdown type;Facebook affected;Info source link",
    "2020": "ID,start_date,end_date ,country ,shutdown_type_new,full or service-based,ordered_by,news_link",
    "2021": "start_date\tend_date\tcountry\tordered_by\tshutdown_type\tshutdown_extent\tinfo_source_link",
}
VALUES = {
    "ID": "1",
    "S.No": "1",
    "Country": "Myanmar/Burma",
    "end": "2/1/2021",
    "start": "1/31/2021",
    "scope": "Level 3",
    "link": "https://news.example/1",
    "affected": "No",
}


def _row_for(header: str, separator: str) -> str:
    """Fill a header's columns by the words in their names."""
    cells = []
    for column in header.split(separator):
        found = [value for word, value in VALUES.items() if word.lower() in column.lower()]
        cells.append(found[-1] if found else "Full network")
    return separator.join(cells)


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("banner", ["", "A sentence above the header, with commas.,,,\n\nSource: x; y\n"])
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_columns_of_every_year(year: str, banner: str, codec: str, tmp_path: Path) -> None:
    separator = max(",;\t", key=YEARS[year].count)
    text = f"{banner}{YEARS[year]}\r\n{_row_for(YEARS[year], separator)}\r\n"
    (tmp_path / "x.csv").write_bytes(text.encode(codec))
    (draft,) = read_drafts(tmp_path / "x.csv")
    ban = yaml.safe_load(draft.text)
    assert (ban["country"], ban["begins"], ban["ends"]) == ("MM", "2021-01-31", "2021-02-01")
    assert ban["sources"][0]["url"] == "https://news.example/1"
    assert ban["shutdown"]


@pytest.mark.skipif(not FIELD.is_dir(), reason="the tables lie outside the repository")
@pytest.mark.parametrize("name", ["as-published", "without-banner", "type-column-renamed"])
def test_the_table_of_2020_as_published(name: str) -> None:
    refused: list[str] = []
    drafts = list(read_drafts(FIELD / f"stop-2020-{name}.csv", lambda reason, line: refused.append(reason)))
    bans = [yaml.safe_load(draft.text) for draft in drafts]
    countries = ["PK", "IN", "VE", "IN", "IR", "VN", "BY", "SY", "TZ", "ET", "CU", "TD"]
    assert [ban["country"] for ban in bans] == countries
    assert refused == ["no beginning that is a date, month first"]
    assert bans[0]["ends"] == "unspecified"
    assert bans[2]["targets"] == ["facebook.com", "twitter.com", "instagram.com"]
    assert not bans[2]["shutdown"]
    assert bans[3]["sources"][0]["url"] == "http://gov.example/106of2020.pdf"


def test_a_table_without_any_ban_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(STOP.partition("\n")[0] + "\n,Nowhere,Shutdown,,,,,,,\n")
    command = ["bans", "import", str(tmp_path / "x.csv"), "--out", str(tmp_path / "drafts")]
    result = CliRunner().invoke(create_app(), command)
    assert result.exit_code == 1
    assert "No row of" in str(result.exception)


def test_days_of_a_spreadsheet() -> None:
    assert parse_date("44227") == date(2021, 1, 31)
    assert parse_date("12") is None


ERAS = {
    "start_date,end_date,country,shutdown_type_group,shutdown_type,services_affected,area_name,geo_scope": (
        ("service-based", "service-based", "Facebook & WhatsApp", False, ["facebook.com", "whatsapp.com"]),
        ("throttling", "slowdown", "mobile", False, []),
        ("mobile internet", "mobile", "mobile internet", True, []),
    ),
    "start_date,end_date,country,shutdown_type_new,full or service-based,service_details,area_name,year": (
        ("Throttle", "Full Network", "", False, []),
        ("Shutdown", "Service-based", "TikTok", False, ["tiktok.com"]),
        ("Shutdown", "Full Network", "", True, []),
    ),
    "start_date,end_date,country,shutdown_type,shutdown_extent,services,areas_affected,geo_scope": (
        ("shutdown", "The shutdown was service-based", "", False, []),
        ("shutdown; throttle", "Full network", "", True, []),
    ),
}


@pytest.mark.parametrize("header", ERAS)
def test_each_era_of_stop_says_in_its_words_what_was_cut(header: str, tmp_path: Path) -> None:
    rows = [
        f"3/{n + 1}/2018,3/9/2018,India,{a},{b},{c},Kashmir,Level 2"
        for n, (a, b, c, _, _) in enumerate(ERAS[header])
    ]
    (tmp_path / "x.csv").write_text("\n".join((header, *rows)))
    bans = [yaml.safe_load(draft.text) for draft in read_drafts(tmp_path / "x.csv")]
    assert [(ban["shutdown"], ban["targets"]) for ban in bans] == [row[3:] for row in ERAS[header]]
    assert all(ban["regions"] == ["Kashmir"] for ban in bans)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Kyrgyz Republic (Kyrgyzstan)", "KG"),
        ("Ivory Coast (Cote d'Ivoire)", "CI"),
        ("United States of America (USA)", "US"),
        ("Bonaire/Sint Eustatius/Saba", None),
        ("Bonaire, Sint Eustatius and Saba", "BQ"),
        ("European Union", None),
        ("Myanmar (Thailand)", None),
    ],
)
def test_names_of_the_sigcomm_list(name: str, code: str | None) -> None:
    assert country_code(name) == code
