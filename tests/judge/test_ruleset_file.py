"""Other tables than ours, and defects of the instrument."""

import pytest
from msgspec.structs import replace

from banwatch.judge import judge
from banwatch.judge.defects import find_defects
from banwatch.judge.ruleset_file import CURRENT, parse_ruleset_untrusted
from banwatch.model.errors import WireError
from banwatch.model.evidence import Evidence
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.state import State
from tests.judge.judging import weigh_line
from tests.judge.scenario import Page, Scenario

BLOCKED = Scenario(tcp={"*": "generic_timeout_error"})
PAGE = Page(body="<title>Notice</title>", title="Notice", headers=())
FILE = b"""
version = "ours.1"
without = ["tcp.timeout"]

[state]
"http.another_page" = "impaired"

[[rule]]
id = "local.page"
layer = "http"
state = "blocked"
mechanism = "http.blockpage"
when = [
  { column = "http_title", is = "contains", value = "Notice" },
  { column = "http_status", is = "==", value = 200 },
]
sentence = "The operator's own page came."
why = "it says so"
source = "a letter"
"""


def test_a_file_takes_rules_away_changes_and_adds_them() -> None:
    ruleset = parse_ruleset_untrusted(FILE)
    blocked = weigh_line(BLOCKED.to_line())
    assert judge(blocked).state is State.LIKELY_BLOCKED
    assert ruleset.judge(blocked).state is State.IMPAIRED
    assert ruleset.judge(blocked).ruleset == "ours.1"
    page = weigh_line(Scenario(scheme="http", page=PAGE).to_line())
    verdict = ruleset.judge(page)
    assert (verdict.state, verdict.rules[0]) == (State.BLOCKED, "local.page")
    assert verdict.sentence == "The operator's own page came."


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"version = 1",
        b'version = "%s"' % CURRENT.version.encode(),
        b'version = "x"\nwithout = ["no.such.rule"]',
        b'version = "x"\nnonsense = 1',
        FILE.replace(b"local.page", b"tcp.timeout"),
        FILE.replace(b"http_title", b"no_such_column"),
        FILE.replace(b'"http.blockpage"', b'"http.nonsense"'),
        FILE.replace(b"why =", b'kinds = ["wep"]\nwhy ='),
        b"x" * 2_000_000,
    ],
    ids=range(11),
)
def test_a_file_that_is_wrong_says_so(text: bytes) -> None:
    with pytest.raises(WireError):
        parse_ruleset_untrusted(text)


def rows(software: str, failing: bool, networks: int, each: int = 5) -> list[Evidence]:
    evidence = weigh_line((BLOCKED if failing else Scenario()).to_line())
    return [
        replace(
            evidence,
            software=software,
            probe_asn=Asn(1000 + n),
            probe_cc=CountryCode("FR" if n % 2 else "DE"),
        )
        for n in range(networks)
        for _ in range(each)
    ]


def test_what_follows_a_version_is_a_defect() -> None:
    evidence = [*rows("probe 1.0", False, 6), *rows("probe 1.1", True, 6)]
    (suspect,) = find_defects((row, judge(row)) for row in evidence)
    assert (suspect.software, suspect.networks, suspect.countries) == ("probe 1.1", 6, 2)
    assert (suspect.failing, suspect.measurements, suspect.other_failing) == (30, 30, 0)


def test_what_follows_a_network_is_none() -> None:
    both = [*rows("probe 1.0", True, 6), *rows("probe 1.1", True, 6)]
    assert find_defects((row, judge(row)) for row in both) == []
    few = [*rows("probe 1.0", False, 6), *rows("probe 1.1", True, 2)]
    assert find_defects((row, judge(row)) for row in few) == []
