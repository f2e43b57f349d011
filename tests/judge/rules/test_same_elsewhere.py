"""The very same response at somebody else's address: who reads the name on the way wrote it."""

import json
from typing import Any

import pytest

from banwatch.model.state import State
from tests.judge.judging import judge_line
from tests.judge.scenario import Helper, Page, Scenario

ELSEWHERE = "104.16.120.20:80"
HTTP = Scenario(scheme="http")


def asked_elsewhere(scenario: Scenario, **changes: Any) -> bytes:
    """Ask for the name at another address, too: the same response, but for some changes of it."""
    value = json.loads(scenario.to_line())
    first = value["test_keys"]["requests"][0]
    other = {
        **first,
        "address": ELSEWHERE,
        "tags": ["depth=0", "follow_up=name_elsewhere"],
        "transaction_id": 9,
    }
    other["response"] = {**first["response"], **changes}
    value["test_keys"]["requests"].append(other)
    return json.dumps(value).encode()


def page(status: int, body: str, location: str | None = None) -> Page:
    return Page(status, body=body, title=None, headers=(("content-type", "text/html"),), location=location)


CASES = {
    "403 with a notice": (page(403, "<p>Access denied by order"), "http.blockpage"),
    "451 with a notice": (page(451, "<p>Unavailable for legal reasons"), "http.blockpage"),
    "403 without a word": (page(403, ""), "http.error"),
    "503 with a page": (page(503, "<p>Service unavailable"), "http.error"),
    "a page": (page(200, "<p>This site is closed"), "http.blockpage"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_response_from_two_servers_names_the_block_page(name: str) -> None:
    response, mechanism = CASES[name]
    verdict = judge_line(asked_elsewhere(HTTP.but(page=response)))
    assert verdict.state is State.LIKELY_BLOCKED, verdict
    assert "http.same_elsewhere" in verdict.rules
    assert verdict.mechanisms == (mechanism,)


@pytest.mark.parametrize("status", [403, 451, 503])
def test_a_server_that_refuses_by_itself_is_not_accused(status: int) -> None:
    """Twins: another server answers in its own words, the control is refused too, or nobody asked."""
    refusal = page(status, "<p>Not available in your country")
    own = HTTP.but(page=refusal)
    lines = [
        own.to_line(),
        asked_elsewhere(own, body="<p>No such host here"),
        asked_elsewhere(own, code=404),
        asked_elsewhere(own, headers_list=[["content-type", "text/html"], ["x-other", "1"]]),
        asked_elsewhere(own.but(helper=Helper(page=refusal))),
        asked_elsewhere(Scenario(page=refusal)),
    ]
    for line in lines:
        verdict = judge_line(line)
        assert not verdict.state.accuses, verdict
        assert "http.same_elsewhere" not in verdict.rules
