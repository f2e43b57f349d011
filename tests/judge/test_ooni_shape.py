"""Judge on OONI's own probe's data: recall of 0.90 or more, and nobody accused. Prints the table with `-s`.

`python -m bench.ooni_probe FOLDER` prints the same of any play.
"""

import json
from pathlib import Path

import pytest

from banwatch.lab.recordings import unpack
from banwatch.model.state import State
from tests.judge.judging import judge_line, shipped_reference
from tests.judge.ooni_shape import print_head, print_row, score_folder
from tests.judge.scenario import Lookup, Scenario

ONE_OF = 19
"""Part of the recording that is judged here: rounds have 18 sites, so every site and tier comes."""


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("play")
    unpack(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("encrypted", [True, False], ids=["with DoH", "without DoH"])
def test_recall_on_the_recording(play: Path, encrypted: bool) -> None:
    found = score_folder(play, shipped_reference(), matrix=False, encrypted=encrypted, every=ONE_OF)
    print()
    print_head()
    print_row("dprk-2016", encrypted, found)
    assert found.interfered > 50
    assert found.recall >= 0.90
    assert (found.false_blocked, found.mechanism_precision) == (0, 1.0)


NO_NAME: dict[str, object] = {"system_v4": [], "udp_v4": {}}
ANSWERED = {"system_v4": [{"address": "175.45.176.15"}], "udp_v4": {}}


def with_whoami(failure: str, whoami: object) -> bytes:
    """Line of a probe whose resolvers fail for the name; the page comes by the control's addresses."""
    nothing = Lookup((), failure)
    line = Scenario(system=nothing, plain=nothing, encrypted=Lookup((), "generic_timeout_error")).to_line()
    value = json.loads(line)
    value["test_keys"]["x_dns_whoami"] = whoami
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("failure", "mechanism"),
    [
        ("dns_refused_error", "dns.refused"),
        ("dns_servfail_error", "dns.servfail"),
        ("generic_timeout_error", "dns.timeout"),
    ],
)
def test_a_resolver_that_answers_for_another_name_fails_for_this_one(failure: str, mechanism: str) -> None:
    """OONI's probe asks for `whoami.v4.powerdns.org` beside the site's name."""
    verdict = judge_line(with_whoami(failure, ANSWERED))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (mechanism,))
    without: tuple[object, ...] = (NO_NAME, None, {"system_v4": None}, {"system_v4": [{}]}, "odd", [1])
    for absent in without:
        assert judge_line(with_whoami(failure, absent)).state is State.IMPAIRED
