"""Pages of places answer in one sentence, count since a block began, and claim no more than was measured."""

from dataclasses import replace
from datetime import timedelta

import pytest

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.incident import IncidentKind
from banwatch.model.member import Member
from banwatch.pages import live_places
from banwatch.pages.days import DayCount
from banwatch.pages.links import LiveLinks
from banwatch.pages.shell import Imprint, Shell
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.places.country import view_country
from banwatch.pages.views.places.found import view_search
from banwatch.pages.views.places.recent import rung_of_days
from banwatch.pages.wording.ladder import Rung
from tests.pages.html_page import read
from tests.pages.made_up_country import ANNOUNCED, KP, MECHANISMS, MadeUpReader, make_country, make_incident

EVIL = "<script>alert(1)</script>"


def make_member(target: str, **changed: object) -> Member:
    values: dict[str, object] = {
        "target": TargetName(target),
        "probe_asn": Asn(64512),
        "access_tier": "visitor",
        "onset_earliest": ANNOUNCED - timedelta(hours=6),
        "onset_latest": ANNOUNCED,
        "onset_known": True,
        "end_earliest": None,
        "end_latest": None,
        "last_at": ANNOUNCED + timedelta(days=5),
        "mechanisms": ("tcp.timeout",),
        "phases": (),
        "hours": (0,),
        "share": 1.0,
        "interfered": 5,
        "measurements": 5,
        "probes": 4,
        "windows": (),
        "witnesses": (MeasurementUid("x"),),
    }
    return Member(**{**values, **changed})  # type: ignore[arg-type]  # tests give each field what it takes


@pytest.fixture(scope="module")
def reader() -> MadeUpReader:
    made = make_country(days=8, per_day=1)
    made.incident_rows = [make_incident(members=tuple(make_member(name) for name in sorted(MECHANISMS)))]
    return made


def test_the_sentence_answers(reader: MadeUpReader) -> None:
    page = view_country(reader, KP, LiveLinks(), recorded=False)
    assert page.sentence == (
        "In the lab’s model of North Korea, ten of 11 targets that could be measured are likely blocked on "
        "at least one of three networks: bbc.com, bet365.com, facebook.com and seven others, the first since "
        "1 April 2016 (as of 3 April 2016)."
    )


def test_days_before_a_block_do_not_soften_it(reader: MadeUpReader) -> None:
    page = view_country(reader, KP, LiveLinks(), recorded=False)
    row = next(row for row in page.matrix.rows if row.name == "facebook.com")
    cells = {column.people: cell for column, cell in zip(page.matrix.columns, row.cells, strict=True)}
    assert cells["foreign visitors"].rung is Rung.LIKELY_BLOCKED
    assert cells["foreign visitors"].count == "3 of 3 since 1 Apr"
    assert cells["officials"].rung is Rung.OK
    assert cells["officials"].count == "0 of 8"


def test_what_ended_is_counted_over_all_days(reader: MadeUpReader) -> None:
    ended = make_member(
        "facebook.com", end_earliest=ANNOUNCED + timedelta(days=1), end_latest=ANNOUNCED + timedelta(days=2)
    )
    made = replace(reader, incident_rows=[make_incident(members=(ended,))])
    page = view_country(made, KP, LiveLinks(), recorded=False)
    row = next(row for row in page.matrix.rows if row.name == "facebook.com")
    assert "3 of 8" in [cell.count for cell in row.cells]


@pytest.mark.parametrize(
    ("count", "rung"),
    [
        (DayCount(likely_blocked=1, reachable=99), Rung.OK),
        (DayCount(likely_blocked=10, reachable=90), Rung.AT_TIMES),
        (DayCount(likely_blocked=95, reachable=5), Rung.LIKELY_BLOCKED),
        (DayCount(tampered=95, reachable=5), Rung.TAMPERED),
        (DayCount(unclear=5), Rung.INSUFFICIENT),
        (DayCount(), Rung.NOT_MEASURED),
    ],
)
def test_single_failures_among_many_accuse_nobody(count: DayCount, rung: Rung) -> None:
    assert rung_of_days(count) is rung


def test_a_country_without_measurements_is_not_called_free(reader: MadeUpReader) -> None:
    page = view_country(reader, CountryCode("BR"), LiveLinks(), recorded=False)
    assert page.sentence == "We have no measurements from Brazil."
    assert page.coverage is None
    assert not page.matrix.rows
    assert "reachable" not in read(live_places.render_country(reader, "BR", recorded=False)).text.lower()


def test_a_silence_that_lasts_comes_first(reader: MadeUpReader) -> None:
    silent = make_incident(kind=IncidentKind.SHUTDOWN, targets=(), members=())
    made = replace(reader, incident_rows=[*reader.incident_rows, silent])
    sentence = view_country(made, KP, LiveLinks(), recorded=False).sentence
    assert sentence.endswith("no measurement has got any answer since 1 April 2016 (as of 3 April 2016).")


def test_few_days_are_said_to_be_few(reader: MadeUpReader) -> None:
    page = view_country(reader, KP, LiveLinks(), recorded=False)
    assert page.coverage is not None
    assert (page.coverage.level, page.coverage.word) == ("thin", "Measured at times")
    assert "8 of the last 30 days, from three networks" in page.coverage.detail


def test_the_operators_note_is_text_and_not_markup(reader: MadeUpReader) -> None:
    notes = {"KP": f"A [law](https://law.example/x) and {EVIL} and [bad](javascript:alert(1))"}
    shell = Shell(imprint=Imprint(notes=notes))
    page = read(live_places.render_country(reader, "KP", recorded=False, shell=shell))
    assert page.scripts == []
    assert "https://law.example/x" in page.addresses
    assert EVIL in page.text


def test_pages_of_places_lead_to_each_other(reader: MadeUpReader) -> None:
    network = read(live_places.render_network(reader, "KP", 64512, recorded=False))
    assert {"/countries/KP", "/targets/bbc.com"} <= set(network.addresses)
    series = next(address for address in network.addresses if address.startswith("/series?"))
    assert "asn=64512" in series
    page = read(
        live_places.render_series(reader, Vantage(KP, Asn(64512), "visitor"), "bbc.com", recorded=False)
    )
    assert len([address for address in page.addresses if address.startswith("/days/")]) == 8
    target = read(live_places.render_target(reader, "youtube.com", recorded=False))
    assert {"/countries/KP", "/bans/kp-test", "/incidents/KP-2016-0001"} <= set(target.addresses)
    assert "유튜브" in target.text


def test_a_search_says_at_once_what_is_known(reader: MadeUpReader) -> None:
    lines = view_search(reader, "facebok", LiveLinks(), recorded=False).lines
    assert (lines[0].href, lines[0].summary) == (
        "/targets/facebook.com",
        "one incident of interference, not seen to end",
    )
    brazil = view_search(reader, "brasil", LiveLinks(), recorded=False).lines[0]
    assert (brazil.label, brazil.summary, brazil.by) == ("Brazil", "not measured", "Brasil")
    koryolink = view_search(reader, "korylink", LiveLinks(), recorded=False).lines[0]
    assert koryolink.label == "Koryolink (AS64512), North Korea"


def test_a_strange_question_is_only_text(reader: MadeUpReader) -> None:
    page = live_places.render_search(reader, f"{EVIL}\u202e" * 50, recorded=False)
    assert read(page).scripts == []
    assert "\u202e" not in page
    assert EVIL not in page


def test_glossary_has_every_mechanism_and_state() -> None:
    page = read(live_places.render_text("glossary"))
    assert {"tcp.timeout", "dns", "network.shutdown", "likely-blocked", "not-measured"} <= set(page.ids)
