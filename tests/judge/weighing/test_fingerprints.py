"""Known block pages and forged answers: where they count, where they do not, what takes them back."""

from datetime import date
from pathlib import Path

import pytest

from banwatch.model.reference import Reference
from banwatch.model.state import State
from banwatch.reference import load
from banwatch.reference.importing import import_files
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import FORGED, HEADERS, Helper, Lookup, Page, Scenario

TABLE = f"""name,scope,location_found,pattern_type,pattern,confidence_no_fp,expected_countries,source
kp.page,nat,body,contains,in blacklist site,5,KP,test
ir.page,nat,body,contains,peyvandha,5,IR,test
any.product,prod,header.server,prefix,BlockBox/,5,,test
broad,vbw,body,contains,filter,5,,test
kp.answer,isp,dns,full,{FORGED},5,KP,test
news.site,fp,body,contains,article about blacklist,5,,test
kp.location,isp,header.location,regexp,^http://block\\.example\\.kp/\\d+,5,KP,test
"""
SHORT = (("content-type", "text/html"),)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder: Path = tmp_path_factory.mktemp("reference")
    table = folder / "fingerprints.csv"
    table.write_text(TABLE, encoding="utf-8")
    import_files([table], as_of=date(2026, 11, 1), data_dir=folder)
    return load(data_dir=folder)


def page(text: str, **more: object) -> Scenario:
    body = f"<html><title>Notice</title><p>{text}</p></html>"
    return Scenario(scheme="http", page=Page(body=body, title="Notice", headers=SHORT)).but(**more)


def test_a_page_of_the_country_blocks(reference: Reference) -> None:
    verdict = judge_line(page("It is in blacklist site.").to_line(), reference)
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("http.blockpage",))
    assert "kp.page" in verdict.sentence
    assert any(snapshot.startswith("fingerprints-2026-11-01") for snapshot in verdict.snapshots)


def test_a_page_of_another_country_is_reported_and_confirms_nothing(reference: Reference) -> None:
    abroad = page("peyvandha", helper=None, control_failure="eof_error")
    evidence = weigh_line(abroad.to_line(), reference)
    assert evidence.http_fingerprints == ()
    assert evidence.http_fingerprints_abroad == ("ir.page",)
    assert judge_line(abroad.to_line(), reference).state is State.INSUFFICIENT
    assert judge_line(abroad.but(probe_cc="IR").to_line(), reference).state is State.BLOCKED


def test_a_known_false_positive_takes_the_match_back(reference: Reference) -> None:
    scenario = page("an article about blacklist: it is in blacklist site", helper=None, control_failure="x")
    evidence = weigh_line(scenario.to_line(), reference)
    assert evidence.http_fingerprints == ()
    assert evidence.fingerprints_vetoed == ("kp.page",)
    assert not judge_line(scenario.to_line(), reference).state.accuses


def test_a_product_counts_everywhere(reference: Reference) -> None:
    headers = (*SHORT, ("Server", "BlockBox/2"))
    scenario = Scenario(scheme="http", page=Page(403, body="no", title=None, headers=headers))
    assert judge_line(scenario.to_line(), reference).state is State.BLOCKED


def test_a_broad_pattern_does_not_block_alone(reference: Reference) -> None:
    scenario = page("coffee filter", helper=None, control_failure="x")
    assert weigh_line(scenario.to_line(), reference).fingerprints_broad == ("broad",)
    assert not judge_line(scenario.to_line(), reference).state.accuses


def test_a_redirect_to_a_known_place_blocks(reference: Reference) -> None:
    redirect = Page(302, body="", title=None, headers=(), location="http://block.example.kp/17")
    verdict = judge_line(Scenario(scheme="http", page=redirect).to_line(), reference)
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("http.redirect",))


def test_a_page_over_verified_tls_is_the_sites_own(reference: Reference) -> None:
    """A news site may quote a block page."""
    body = "<title>Example News</title> it is in blacklist site"
    scenario = Scenario(page=Page(body=body, title="Example News", headers=HEADERS))
    assert judge_line(scenario.to_line(), reference).state is State.OK


def test_a_known_answer_blocks(reference: Reference) -> None:
    scenario = Scenario(
        system=Lookup((FORGED,)),
        plain=Lookup((FORGED,)),
        tcp={FORGED: "generic_timeout_error"},
        helper=Helper(dead=(FORGED,)),
    )
    verdict = judge_line(scenario.to_line(), reference)
    assert verdict.state is State.BLOCKED
    assert "dns.injection.blockpage" in verdict.mechanisms


def test_an_address_that_the_control_got_too_is_no_forged_answer(reference: Reference) -> None:
    same = Lookup((FORGED,))
    scenario = Scenario(system=same, plain=same, encrypted=same, helper=Helper((FORGED,)))
    assert judge_line(scenario.to_line(), reference).state is State.OK


def test_judging_as_of_an_earlier_snapshot_gives_the_earlier_result(tmp_path: Path) -> None:
    empty = TABLE.splitlines()[0] + "\n" + TABLE.splitlines()[2] + "\n"
    for day, text in ((date(2026, 1, 1), empty), (date(2026, 6, 1), TABLE)):
        table = tmp_path / "fingerprints.csv"
        table.write_text(text, encoding="utf-8")
        import_files([table], as_of=day, data_dir=tmp_path)
    line = page("It is in blacklist site.").to_line()
    now = load(data_dir=tmp_path)
    assert judge_line(line, now).rules[0] == "http.known_page"
    older = [name for name in load(data_dir=tmp_path).snapshot_ids if not name.startswith("fingerprints")]
    first = next(path.stem for path in tmp_path.glob("fingerprints-2026-01-01-????????.json"))
    then = load([*older, first], data_dir=tmp_path)
    verdict = judge_line(line, then)
    assert "http.known_page" not in verdict.rules
    assert first in verdict.snapshots
