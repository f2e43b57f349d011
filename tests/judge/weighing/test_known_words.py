"""Known block pages as witnesses: whose page the words stand in, how much they prove, and where."""

from datetime import date

import pytest

from banwatch.model.reference import Reference
from banwatch.model.state import State
from banwatch.reference import load
from banwatch.reference.importing import import_files
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import BODY, FORGED, HEADERS, TITLE, Helper, Lookup, Page, Scenario

SENTENCE = "Access to this website has been denied by order of the competent authority"
PHRASE = "Доступ заблокирован"
TABLE = f"""name,scope,location_found,pattern_type,pattern,confidence_no_fp,expected_countries,source
kp.sentence,nat,body,contains,{SENTENCE},5,KP,test
kp.phrase,isp,body,contains,Zugang gesperrt,5,KP,test
cp.e_unk_kp_blocked_4,nat,body,contains,{PHRASE},5,,test
cp.e_unk_blk_9,nat,body,contains,禁止访问,5,,test
cp.a_prod_filter,prod,body,contains,Application Blocked,5,,test
kp.server,isp,dns,full,{FORGED},5,KP,test
kp.answer,nat,dns,full,10.10.34.34,5,KP,test
kp.place,isp,header.location,prefix,https://notice.ministry.gov.kp/,5,KP,test
"""
PLAIN = (("content-type", "text/html"),)
FILLING = "<p>" + "An ordinary paragraph on ordinary things, some of them blocked. " * 60 + "</p>"
ALL_WORDS = [SENTENCE, "Zugang gesperrt", PHRASE, "禁止访问", "Application Blocked"]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    table = folder / "fingerprints.csv"
    table.write_text(TABLE, encoding="utf-8")
    import_files([table], as_of=date(2026, 11, 1), data_dir=folder)
    return load(data_dir=folder)


def notice(words: str) -> Page:
    return Page(body=f"<html><title>Notice</title><p>{words}</p></html>", title="Notice", headers=PLAIN)


def own(words: str, **more: object) -> Page:
    """The site's own page, made anew with words in it."""
    body = BODY.replace("<body>", f"<body><script>var messages = ['{words}'];</script><p>{words}</p>")
    return Page(body=body, title=TITLE, headers=HEADERS, **more)  # type: ignore[arg-type]  # fields of Page


def http(page: Page, **more: object) -> Scenario:
    return Scenario(scheme="http", page=page).but(**more)


NO_CONTROL = {"helper": None, "control_failure": "generic_timeout_error"}


@pytest.mark.parametrize("words", ALL_WORDS)
def test_words_in_the_controls_own_page_accuse_nobody(words: str, reference: Reference) -> None:
    evidence = weigh_line(http(own(words)).to_line(), reference)
    assert evidence.fingerprints_quoted
    assert (evidence.http_fingerprints, evidence.http_fingerprints_weak) == ((), ())
    assert judge_line(http(own(words)).to_line(), reference).state is State.OK


@pytest.mark.parametrize("words", ALL_WORDS)
def test_the_same_words_in_another_page_accuse(words: str, reference: Reference) -> None:
    verdict = judge_line(http(notice(words)).to_line(), reference)
    assert verdict.state in (State.BLOCKED, State.LIKELY_BLOCKED)
    assert verdict.mechanisms == ("http.blockpage",)
    assert words[:12] in verdict.sentence


@pytest.mark.parametrize("title", [TITLE, "another every time"])
def test_two_signs_make_a_page_the_controls(title: str, reference: Reference) -> None:
    page = own(SENTENCE)
    changed = Page(body=page.body.replace(TITLE, title), title=title, headers=HEADERS)
    assert judge_line(http(changed).to_line(), reference).state is State.OK


def test_one_sign_alone_does_not(reference: Reference) -> None:
    """A notice that writes the site's name into its title is a notice."""
    body = f"<html><title>{TITLE}</title><p>{SENTENCE}</p></html>"
    verdict = judge_line(http(Page(body=body, title=TITLE, headers=PLAIN)).to_line(), reference)
    assert verdict.state is State.BLOCKED


@pytest.mark.parametrize("words", [PHRASE, "禁止访问", "Application Blocked"])
def test_words_of_everybody_are_likely_at_most(words: str, reference: Reference) -> None:
    assert judge_line(http(notice(words)).to_line(), reference).state is State.LIKELY_BLOCKED


@pytest.mark.parametrize("words", [SENTENCE, "Zugang gesperrt"])
def test_a_notice_of_this_country_settles_it_without_a_control(words: str, reference: Reference) -> None:
    verdict = judge_line(http(notice(words), **NO_CONTROL).to_line(), reference)
    assert (verdict.state, verdict.rules[0]) == (State.BLOCKED, "http.known_page")


@pytest.mark.parametrize("words", [PHRASE, "禁止访问", "Application Blocked"])
def test_words_of_everybody_settle_nothing_without_a_control(words: str, reference: Reference) -> None:
    assert judge_line(http(notice(words), **NO_CONTROL).to_line(), reference).state is State.INSUFFICIENT


@pytest.mark.parametrize("words", ALL_WORDS)
def test_a_long_page_without_a_control_may_quote(words: str, reference: Reference) -> None:
    page = Page(body=f"<title>News</title>{FILLING}<p>{words}</p>", title="News", headers=PLAIN)
    scenario = http(page, **NO_CONTROL)
    assert weigh_line(scenario.to_line(), reference).fingerprints_quoted
    assert judge_line(scenario.to_line(), reference).state is State.INSUFFICIENT


def test_a_long_notice_stays_accused_beside_a_control(reference: Reference) -> None:
    page = Page(body=f"<title>Notice</title>{FILLING}<p>{SENTENCE}</p>", title="Notice", headers=PLAIN)
    helper = Helper(page=Page(body=BODY * 9))
    assert judge_line(http(page, helper=helper).to_line(), reference).state is State.BLOCKED


@pytest.mark.parametrize(
    "where",
    [{"probe_cc": "DE"}, {"probe_cc": "ZZ"}, {"probe_asn": "AS0"}, {"probe_cc": "ZZ", "probe_asn": "AS0"}],
    ids=["another country", "unknown country", "no AS", "nowhere"],
)
@pytest.mark.parametrize("words", [SENTENCE, "Zugang gesperrt", PHRASE])
def test_a_nations_page_elsewhere_confirms_nothing(
    words: str, where: dict[str, str], reference: Reference
) -> None:
    evidence = weigh_line(http(notice(words), **where).to_line(), reference)
    assert evidence.http_fingerprints_abroad
    assert (evidence.http_fingerprints, evidence.http_fingerprints_weak) == ((), ())
    assert judge_line(http(notice(words), **where).to_line(), reference).state is not State.BLOCKED
    alone = http(notice(words), **where, **NO_CONTROL)
    assert judge_line(alone.to_line(), reference).state is State.INSUFFICIENT


MOVED_AWAY = Page(302, body="", title=None, headers=(), location="https://notice.ministry.gov.kp/why")


def test_a_known_page_behind_a_redirect_names_both(reference: Reference) -> None:
    """Over TLS too: the page is genuine, but of another site than was asked for."""
    verdict = judge_line(http(notice(SENTENCE), redirects=(MOVED_AWAY,)).to_line(), reference)
    assert verdict.state is State.BLOCKED
    assert set(verdict.mechanisms) == {"http.redirect", "http.blockpage"}


@pytest.mark.parametrize(
    ("where", "settles"),
    [({}, True), ({"probe_cc": "DE"}, False), ({"probe_cc": "ZZ"}, False), ({"probe_asn": "AS0"}, False)],
    ids=["here", "another country", "unknown country", "no AS"],
)
def test_a_nations_forged_answer_elsewhere_confirms_nothing(
    where: dict[str, str], settles: bool, reference: Reference
) -> None:
    forged = Scenario(
        system=Lookup((FORGED,)),
        plain=Lookup((FORGED,)),
        tcp={FORGED: "generic_timeout_error"},
        helper=Helper(dead=(FORGED,)),
    ).but(**where)
    assert bool(weigh_line(forged.to_line(), reference).dns_fingerprints) is settles


def test_a_known_forged_answer_is_no_portals(reference: Reference) -> None:
    """A gateway answers with a private address and redirects there; so do censors with known addresses."""
    moved_away = Page(302, body="", title=None, headers=(), location="http://10.10.34.34/?type=5")
    forged = http(
        notice("no"), redirects=(moved_away,), system=Lookup(("10.10.34.34",)), plain=Lookup(("10.10.34.34",))
    )
    assert judge_line(forged.to_line(), reference).state is State.BLOCKED
    portal = forged.but(system=Lookup(("192.168.7.1",)), plain=Lookup(("192.168.7.1",)))
    portal = portal.but(
        redirects=(Page(302, body="", title=None, headers=(), location="http://192.168.7.1/"),)
    )
    assert judge_line(portal.to_line(), reference).state is State.INSUFFICIENT


def test_a_known_place_that_was_not_reached_names_the_redirect(reference: Reference) -> None:
    assert judge_line(http(MOVED_AWAY).to_line(), reference).mechanisms == ("http.redirect",)


def test_a_redirect_that_the_control_followed_too_accuses_nobody(reference: Reference) -> None:
    page = own("a page of the ministry")
    moved = http(page, redirects=(MOVED_AWAY,), helper=Helper(page=own("a page of the ministry")))
    assert judge_line(moved.to_line(), reference).state is State.OK


def test_the_deciding_match_is_shown_without_control_characters(reference: Reference) -> None:
    evidence = weigh_line(http(notice(f"\x1b[31mbefore\n{SENTENCE}\tafter")).to_line(), reference)
    assert evidence.fingerprint_context.startswith("body: ")
    assert f"before {SENTENCE} after" in evidence.fingerprint_context
    assert evidence.fingerprint_context.isprintable()
