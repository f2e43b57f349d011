"""Twins: the same content as JSON, CSV, SVG and PNG, without surprises for a spreadsheet."""

import csv
import io
import json
from dataclasses import dataclass, replace
from datetime import date

import pytest

from banwatch.pages import live_pages, live_places
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.shell import Shell
from banwatch.pages.twins import split_twin, write_twin
from banwatch.pages.views.happened.citation import cite
from tests.pages.made_up_country import MadeUpReader, make_country, make_incident
from tests.pages.views.places.test_country import make_member

PUBLIC = Shell(canonical="https://banwatch.example/incidents/KP-2016-0001", published=date(2016, 5, 1))


@pytest.fixture(scope="module")
def reader() -> MadeUpReader:
    made = make_country(days=7, per_day=1)
    made.incident_rows = [make_incident(members=(make_member("bbc.com"), make_member("facebook.com")))]
    return made


def test_a_country_has_every_twin(reader: MadeUpReader) -> None:
    made = {
        form: live_places.twin_of_country(reader, "KP", form, recorded=False)
        for form in ("json", "csv", "svg", "png")
    }
    content = json.loads(made["json"])
    assert content["sentence"].startswith("In the lab")
    assert "links" not in content
    rows = list(csv.reader(io.StringIO(made["csv"].decode())))
    assert rows[0][:2] == ["target", "network"]
    assert [
        "bbc.com",
        "Koryolink",
        "AS64512",
        "foreign visitors",
        "likely_blocked",
        "2 of 2 since 1 Apr",
        "100",
    ] in rows
    assert made["svg"].startswith(b"<svg")
    assert made["png"].startswith(b"\x89PNG")


def test_every_number_of_the_table_of_an_incident_is_in_its_twin(reader: MadeUpReader) -> None:
    made = live_pages.twin_of_incident(reader, "KP-2016-0001", "csv", recorded=False)
    rows = list(csv.reader(io.StringIO(made.decode())))
    assert [row[0] for row in rows] == ["target", "bbc.com", "facebook.com"]
    assert rows[1][6] == "5 of 5"
    picture = live_pages.twin_of_incident(reader, "KP-2016-0001", "svg", recorded=False)
    assert b"by the hour" in picture


def test_what_a_page_does_not_have_is_missing(reader: MadeUpReader) -> None:
    for form in ("svg", "png"):
        with pytest.raises(NotFoundError):
            live_places.twin_of_target(reader, "bbc.com", form, recorded=False)
    with pytest.raises(NotFoundError):
        live_pages.twin_of_incident(reader, "XX-1", "json", recorded=False)
    with pytest.raises(NotFoundError):
        live_pages.twin_of_incident(reader, "XX-1", "bib", recorded=False)


@dataclass(frozen=True)
class Evil:
    title: str = "x"

    def table(self) -> list[list[str]]:
        return [["=1+1", "@x", "-2", "plain", 'a"b,c']]


def test_no_cell_is_a_formula() -> None:
    assert write_twin(Evil(), "csv") == b'\'=1+1,\'@x,\'-2,plain,"a""b,c"\r\n'


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("KP", ("KP", "")),
        ("KP.json", ("KP", "json")),
        ("youtube.com", ("youtube.com", "")),
        ("youtube.com.csv", ("youtube.com", "csv")),
        (".json", (".json", "")),
    ],
)
def test_names_and_forms(name: str, parts: tuple[str, str]) -> None:
    assert split_twin(name) == parts


def test_citations() -> None:
    incident = replace(make_incident(), targets=("a_b.example",))  # type: ignore[arg-type]  # a name
    said = cite(incident, PUBLIC, "bib", day=date(2016, 5, 1))
    assert said.startswith("@misc{KP-2016-0001,\n")
    assert "Interference with a\\_b.example" in said
    assert "url = {https://banwatch.example/incidents/KP-2016-0001}" in said
    ris = cite(incident, PUBLIC, "ris", day=date(2016, 5, 1)).splitlines()
    assert ris[0] == "TY  - DATA"
    assert ris[-1] == "ER  - "
    import yaml

    cff = yaml.safe_load(cite(incident, PUBLIC, "cff", day=date(2016, 5, 1)))
    assert cff["identifiers"][0]["value"] == "KP-2016-0001"
    assert cff["date-released"] == "2016-05-01"
    assert "url" not in yaml.safe_load(cite(incident, Shell(), "cff", day=date(2016, 5, 1)))


def test_data_for_search_engines_cannot_end_their_element() -> None:
    shell = replace(PUBLIC, twins=())
    said = shell.dataset("</script><script>alert(1)</script>", "")
    assert "<" not in said
    assert json.loads(said)["name"].startswith("</script>")
