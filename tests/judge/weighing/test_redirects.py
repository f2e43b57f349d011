"""The page is the site's own: for a reason, and not because a server was called the same."""

import pytest

from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import BODY, HOST, TITLE, Helper, Page, Scenario

OFF = "https://zablokowane.operator.pl/why"
HTTP = Scenario(scheme="http")
COMMON = (("content-type", "text/html"), ("server", "nginx"), ("date", "today"), ("vary", "*"))
NOTICE = Page(
    body="<html><title>Komunikat</title>" + "Strona została zablokowana. " * 20,
    title="Komunikat",
    headers=(("content-type", "text/html"), ("server", "Apache")),
)


def sent_off(to: str = OFF, headers: tuple[tuple[str, str], ...] = ()) -> tuple[Page, ...]:
    return (Page(302, body="", title=None, headers=headers, location=to),)


def test_a_redirect_in_the_clear_to_somebody_elses_https_page_is_interference() -> None:
    verdict = judge_line(HTTP.but(redirects=sent_off(), page=NOTICE).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("http.redirect",))


@pytest.mark.parametrize(
    "page", [Page(), Page(body=BODY + "more " * 300), Page(headers=COMMON)], ids=["same", "longer", "plain"]
)
def test_a_site_that_moved_and_took_the_control_along_is_its_own(page: Page) -> None:
    assert judge_line(HTTP.but(redirects=sent_off(), page=page).to_line()).state is State.OK


@pytest.mark.parametrize(
    "redirect",
    [
        sent_off("https://www.example.pl/"),
        sent_off("https://example.de/start"),
        sent_off(OFF, (("x-served-by", "cache-7"),)),
    ],
    ids=["same name, other suffix", "without www", "the site's own server sent it"],
)
def test_a_site_may_send_visitors_away_itself(redirect: tuple[Page, ...]) -> None:
    verdict = judge_line(HTTP.but(redirects=redirect, page=NOTICE).to_line())
    assert not verdict.state.accuses, verdict


def test_over_tls_the_site_sent_them_itself() -> None:
    assert judge_line(Scenario(redirects=sent_off(), page=NOTICE).to_line()).state is State.OK


def test_without_a_control_another_sites_page_is_nobodys() -> None:
    """Neither accused nor cleared (law 2)."""
    alone = HTTP.but(redirects=sent_off(), page=NOTICE, helper=None, control_failure="x")
    assert judge_line(alone.to_line()).state is State.INSUFFICIENT


def test_a_refusal_after_a_redirect_is_not_accused() -> None:
    page = Page(403, body="<title>no</title>", title="no", headers=())
    assert judge_line(HTTP.but(redirects=sent_off(), page=page).to_line()).state is State.IMPAIRED


@pytest.mark.parametrize("server", ["nginx", "Apache", "cloudflare", "nginx/1.18.0", "Microsoft-IIS/10.0"])
def test_common_headers_prove_nothing(server: str) -> None:
    """A notice is not the site's because both servers are of the same make."""
    headers = (("content-type", "text/html"), ("server", server), ("date", "x"), ("set-cookie", "a=b"))
    scenario = HTTP.but(
        page=Page(body="<title>Sorry</title>no", title="Sorry", headers=headers),
        helper=Helper(page=Page(headers=headers)),
    )
    verdict = judge_line(scenario.to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("http.blockpage",))


@pytest.mark.parametrize("header", [("x-mamba-node", "w1"), ("cf-ray", "1"), ("server", "ECS (dcb/7F3B)")])
def test_uncommon_headers_do(header: tuple[str, str]) -> None:
    scenario = HTTP.but(
        page=Page(body="<title>Different</title>today", title="Different", headers=(*COMMON[:1], header)),
        helper=Helper(page=Page(headers=(*COMMON[:1], header))),
    )
    assert judge_line(scenario.to_line()).state is State.OK


SHORT = "a line of text, no more"


@pytest.mark.parametrize(
    ("ours", "theirs", "cleared"),
    [
        ("", "", True),
        (SHORT, SHORT, True),
        (SHORT, SHORT + " of it", False),
        ("<p>log in here</p>" * 40, "", False),
        ("x" * 900, "y" * 700, False),
        ("x" * 4000, "y" * 3600, True),
        ("x" * 4000, "y" * 2100, False),
    ],
    ids=["both empty", "same", "short", "in place of nothing", "two short ones", "long", "half"],
)
def test_lengths_are_weighed_by_what_they_can_tell(ours: str, theirs: str, cleared: bool) -> None:
    scenario = HTTP.but(
        page=Page(body=ours, title=None, headers=COMMON),
        helper=Helper(page=Page(body=theirs, title=None, headers=COMMON)),
    )
    verdict = judge_line(scenario.to_line())
    assert verdict.state is (State.OK if cleared else State.INSUFFICIENT), verdict


@pytest.mark.parametrize("title", ["403 Forbidden", "Error", "Access Denied", "Not Found"])
def test_titles_of_errors_prove_nothing(title: str) -> None:
    def refused(text: str) -> Page:
        return Page(403, body=f"<title>{title}</title>{text}", title=title, headers=COMMON)

    blocked = HTTP.but(page=refused("by order"), helper=Helper(page=refused("by the server " * 30)))
    assert judge_line(blocked.to_line()).state is not State.OK
    same = HTTP.but(page=refused("no"), helper=Helper(page=refused("no")))
    assert judge_line(same.to_line()).state is State.OK


def test_a_title_that_only_names_the_site_proves_nothing() -> None:
    title = f"{HOST} is not available"
    page = Page(body=f"<title>{title}</title>{'no ' * 900}", title=title, headers=COMMON)
    evidence = weigh_line(HTTP.but(page=page, helper=Helper(page=Page(headers=COMMON))).to_line())
    assert evidence.http_title_match is None
    assert TITLE.startswith("Example")
