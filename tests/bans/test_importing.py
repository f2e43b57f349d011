"""Drafts from the tables of others."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from banwatch.bans.importing import country_code, parse_date, read_drafts
from banwatch.bans.register import load_bans, save_drafts
from banwatch.model.errors import BanwatchError

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
        ("ongoing", None),
    ],
)
def test_dates_as_tables_write_them(text: str, expected: date | None) -> None:
    assert parse_date(text) == expected


def test_countries_by_their_names() -> None:
    assert [country_code(name) for name in ("Uganda", "Turkey", "Iran (Islamic Republic of)", "X")] == [
        "UG",
        "TR",
        "IR",
        None,
    ]
