"""The ladder of words: one word for each state, and no other in anything that is printed."""

import re

import pytest

from banwatch.bulletin.publish import publish_from
from banwatch.model.ban import Measured
from banwatch.model.incident import IncidentKind
from banwatch.model.state import State
from banwatch.pages import live_pages
from banwatch.pages.render import style_sheet
from banwatch.pages.wording import ladder
from banwatch.pages.wording.ladder import LADDER, Rung
from tests.pages.html_page import read
from tests.pages.made_up_country import MadeUpReader, make_country, make_incident, make_row

OTHER_WORDS = (
    r"enforced",
    r"unable to open|cannot open|can(?: still)? (?:be )?open|still opens|could not be reached",
    r"was shut down|has been shut down|network shut down",
    r"no data",
    r"cannot tell",
    r"down for every",
    r"partly blocked|blocked in part|not blocked|blocked only",
    r"not yet",
    r"a witness|witnesses",
    r"regime",
    r"rules that spoke",
    r"cell no-data",
)
"""Words that pages had for states and proofs, beside those of the ladder."""


@pytest.fixture(scope="module")
def reader() -> MadeUpReader:
    made = make_country(days=7, per_day=1)
    made.incident_rows.append(
        make_incident(incident_id="KP-2016-0002", kind=IncidentKind.SHUTDOWN, targets=())
    )
    return made


def test_every_state_has_a_rung_and_every_rung_its_words() -> None:
    assert {ladder.of_state(state).value for state in State} == {state.value for state in State}
    assert set(LADDER) == set(Rung)
    for of in ("word", "symbol", "meaning"):
        assert len({getattr(words, of) for words in LADDER.values()}) == len(Rung)
    assert list(LADDER) == list(Rung), "the order of legends"


def test_every_rung_has_a_class_of_the_style_sheet_or_the_plain_one() -> None:
    plain = {Rung.IMPAIRED, Rung.DOWN, Rung.INSUFFICIENT}
    style = style_sheet()
    assert {rung for rung in Rung if f".cell.{rung.css} {{" not in style} == plain, plain


def test_no_page_has_another_word_for_a_state(reader: MadeUpReader) -> None:
    uid = reader.verdict_rows[0].measurement_uid
    pages = {
        "home": live_pages.render_home(reader, recorded=False),
        "ban": live_pages.render_ban(reader, "kp-test", recorded=False),
        "incident": live_pages.render_incident(reader, "KP-2016-0001", recorded=False),
        "shutdown": live_pages.render_incident(reader, "KP-2016-0002", recorded=False),
        "measurement": live_pages.render_measurement(reader, uid, recorded=False),
        "feed": live_pages.render_feed(reader, "https://x.example").decode(),
    }
    for name, page in pages.items():
        text = re.sub(r"\s+", " ", page if name == "feed" else read(page).text)
        for other in OTHER_WORDS:
            assert not re.search(other, text, re.IGNORECASE), (name, other)


def test_no_bulletin_has_another_word_for_a_state(
    reader: MadeUpReader, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bulletin")
    publish_from(reader, "kp-test", folder)
    for path in [folder / "index.html", *sorted(folder.glob("incidents/*.html"))]:
        text = read(path.read_text()).text
        for other in OTHER_WORDS:
            assert not re.search(other, text, re.IGNORECASE), (path.name, other)


def test_headline_chart_and_table_say_the_same(reader: MadeUpReader) -> None:
    page = live_pages.render_ban(reader, "kp-test", recorded=False)
    headline = page[page.index("<h1>") : page.index("</h1>")]
    for rung in (Rung.LIKELY_BLOCKED, Rung.OK):
        assert LADDER[rung].word in page[page.index("<svg") : page.index("</svg>")]
        assert LADDER[rung].word in page[page.index("<table") : page.index("</table>")]
    assert ladder.in_a_sentence(Rung.LIKELY_BLOCKED) in headline


@pytest.mark.parametrize(
    ("settled", "tampered", "rung"),
    [
        (0, 0, Rung.LIKELY_BLOCKED),
        (36, 0, Rung.BLOCKED),
        (18, 0, Rung.LIKELY_BLOCKED),
        (0, 36, Rung.TAMPERED),
        (18, 18, Rung.TAMPERED),
        (19, 17, Rung.BLOCKED),
    ],
)
def test_a_comparison_claims_what_most_of_its_measurements_show(
    settled: int, tampered: int, rung: Rung
) -> None:
    row = make_row("bbc.com", "visitor", Measured.ENFORCED, settled=settled, tampered=tampered)
    assert ladder.of_comparison(row) is rung


def test_what_coincides_with_an_announcement_is_said_so() -> None:
    assert ladder.against_announcement(Rung.BLOCKED) == "Blocked, as announced"
    assert ladder.against_announcement(Rung.TAMPERED) == "Tampered with, though announced as blocked"
    assert ladder.against_announcement(Rung.NOT_MEASURED) == "Not measured"
