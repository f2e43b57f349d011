"""Kinds of interference that real regimes showed and the lab did not, each with its twin."""

import msgspec
import pytest

from banwatch.formats.ooni import wire as w
from banwatch.judge import judge
from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import FORGED, HEADERS, SAME_AS, Helper, Lookup, Page, Scenario
from tests.judge.weighing.test_follow_ups import with_keys
from tests.judge.weighing.test_throughput import download

S = Scenario()
HTTP = Scenario(scheme="http")
LIED = Lookup((FORGED,))


@pytest.mark.parametrize("failure", ["connection_reset", "generic_timeout_error", "eof_error"])
def test_a_false_address_where_tls_dies_for_everybody_is_a_forgery(failure: str) -> None:
    lie = S.but(system=LIED, tls={FORGED: failure}, retries=True, helper=Helper(mute=(FORGED,)))
    verdict = judge_line(lie.to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.injection.other",)), verdict
    assert verdict.rules[0] == "dns.mute_host"


MUTE_TWINS = {
    "a broken machine of the site's own network": S.but(
        system=Lookup((SAME_AS[0],)),
        tls={SAME_AS[0]: "connection_reset"},
        helper=Helper(mute=(SAME_AS[0],)),
    ),
    "TLS dies for the control everywhere": S.but(
        system=LIED,
        tls={"*": "connection_reset"},
        helper=Helper(tls="connection_reset", page=Page(None, "connection_reset")),
    ),
}


@pytest.mark.parametrize("name", MUTE_TWINS)
def test_a_site_s_own_broken_machine_is_no_forgery(name: str) -> None:
    verdict = judge_line(MUTE_TWINS[name].to_line())
    assert "dns.mute_host" not in verdict.rules
    assert not verdict.state.accuses, verdict


@pytest.mark.parametrize(
    "vague", ["dns_temporary_failure", "dns_server_misbehaving", "dns_non_recoverable_failure"]
)
@pytest.mark.parametrize(
    ("said", "state", "mechanisms"),
    [
        ("dns_refused_error", State.LIKELY_BLOCKED, ("dns.refused",)),
        ("dns_nxdomain_error", State.LIKELY_BLOCKED, ("dns.nxdomain",)),
        ("dns_servfail_error", State.IMPAIRED, None),  # one resolver may break down
    ],
)
def test_what_the_resolver_said_itself_goes_before_libc_s_word(
    vague: str, said: str, state: State, mechanisms: tuple[str, ...] | None
) -> None:
    raw = [
        w.Query(
            hostname=S.host,
            query_type=kind,
            engine="udp",
            resolver_address="",
            failure=said,
            tags=["depth=0"],
        )
        for kind in ("A", "AAAA")
    ]
    line = with_keys(S.but(system=Lookup((), vague)).to_line(), queries=raw)
    evidence, verdict = weigh_line(line), judge_line(line)
    assert evidence.dns_system_failure == said
    assert verdict.state is state, verdict
    if mechanisms is not None:
        assert verdict.mechanisms == mechanisms


BLOCKED_451 = Page(
    451, body="<html><title>Unavailable</title>By order</html>", title="Unavailable", headers=()
)
OWN_451 = Page(
    451, body="<html><title>Unavailable</title>In your region</html>", title="Unavailable", headers=HEADERS
)


def test_a_refusal_without_the_server_s_marks_is_not_called_the_site_s() -> None:
    verdict = judge_line(HTTP.but(page=BLOCKED_451).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.IMPAIRED, ("http.error",))
    assert "cannot be told" in verdict.sentence
    assert "not the network's doing" not in verdict.sentence


@pytest.mark.parametrize("scenario", [HTTP.but(page=OWN_451), S.but(page=OWN_451), S.but(page=BLOCKED_451)])
def test_a_refusal_by_the_site_itself_is_said_to_be(scenario: Scenario) -> None:
    verdict = judge_line(scenario.to_line())
    assert (verdict.state, verdict.mechanisms) == (State.IMPAIRED, ())
    assert "not the network's doing" in verdict.sentence


def test_a_slow_page_beside_a_block_is_no_second_mechanism() -> None:
    """Without the control's rate a slow site looks like a slowed one: what acted already is not doubled."""
    slow = weigh_line(download(4.0, 0.05))
    blocked = msgspec.structs.replace(
        slow, dns_system_failure="dns_nxdomain_error", http_goodput_control_bps=None, throttle_kind=""
    )
    assert judge(blocked).mechanisms == ("dns.nxdomain",)
    policed = msgspec.structs.replace(blocked, throttle_kind="policing")
    assert judge(policed).mechanisms == ("dns.nxdomain", "tls.throttle.sni")
    measured = msgspec.structs.replace(blocked, http_goodput_control_bps=8_000_000.0)
    assert judge(measured).mechanisms == ("dns.nxdomain", "tls.throttle.sni")


CLEAR_TEXT = "unknown_failure: tls: first record does not look like a TLS handshake"


@pytest.mark.parametrize("words", [CLEAR_TEXT, "ssl_error: wrong version number", "ssl_wrong_version_number"])
def test_clear_text_in_place_of_a_handshake_is_somebody_s_on_the_way(words: str) -> None:
    verdict = judge_line(S.but(tls={"*": words}).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("tls",)), verdict
    assert verdict.rules[0] == "tls.clear_text"


PLAIN_TWINS = {
    "a server that answers the control so too": S.but(
        tls={"*": CLEAR_TEXT}, helper=Helper(tls="ssl_failed_handshake", page=Page(None, "unknown_error"))
    ),
    "one of two machines": S.but(tls={SAME_AS[0]: CLEAR_TEXT}),
    "another failure that nobody knows": S.but(tls={"*": "unknown_failure: tls: internal"}),
}


@pytest.mark.parametrize("name", PLAIN_TWINS)
def test_a_server_that_speaks_no_tls_is_not_accused(name: str) -> None:
    verdict = judge_line(PLAIN_TWINS[name].to_line())
    assert "tls.clear_text" not in verdict.rules
    assert not verdict.state.accuses, verdict


SILENT = Lookup((), "generic_timeout_error")
EMPTY = Lookup((), "dns_no_answer")


def test_no_address_counts_where_no_other_resolver_can_be_asked() -> None:
    verdict = judge_line(S.but(system=EMPTY, plain=SILENT, encrypted=None).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns",)), verdict
    for honest in (
        S.but(system=EMPTY, plain=EMPTY, encrypted=None),  # another says the same
        S.but(system=EMPTY, plain=SILENT, encrypted=None, helper=Helper(addresses=(), page=Page(None, "x"))),
        S.but(system=Lookup((), "android_dns_cache_no_data"), plain=SILENT, encrypted=None),
        S.but(system=Lookup((), "dns_servfail_error"), plain=SILENT, encrypted=None),
    ):
        assert not judge_line(honest.to_line()).state.accuses


def test_a_page_held_back_until_time_is_up_is_slowed_and_not_cut() -> None:
    """Policed to 40 kbit/s not one record of TLS arrives in time: the kernel's counts tell the rate."""
    cut = weigh_line(S.but(page=Page(None, "generic_timeout_error")).to_line())
    held = msgspec.structs.replace(
        cut,
        http_again_failed=True,
        http_other_name_ok=True,
        throttle_kind="policing",
        throttle_slowdown=500.0,
        http_goodput_control_bps=3_000_000.0,
    )
    verdict = judge(held)
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("tls.throttle.sni",)), verdict
    assert "500 times faster" in verdict.sentence
    assert judge(msgspec.structs.replace(held, throttle_kind="")).mechanisms == ("tls.timeout.sni",)
    slow_by_itself = msgspec.structs.replace(
        held, http_goodput_control_bps=60_000.0, http_other_name_ok=False, http_again_failed=False
    )
    assert not judge(slow_by_itself).state.accuses
    unknown = msgspec.structs.replace(slow_by_itself, http_goodput_control_bps=None)
    assert not judge(unknown).state.accuses
    like_its_twin = msgspec.structs.replace(
        slow_by_itself, http_goodput_control_bps=3e6, throttle_slowdown=2.0
    )
    assert not judge(like_its_twin).state.accuses


def test_a_lost_lookup_beside_lost_hops_is_no_forgery() -> None:
    """At 5 % loss two innocents were `blocked`: nothing false had been answered at all."""
    lost = weigh_line(S.but(system=SILENT).to_line())
    hops = msgspec.structs.replace(
        lost, dns_forger_hops=2, dns_resolver_hops=5, dns_answers=(), dns_unvouched=()
    )
    assert "dns.before_resolver" not in judge(hops).rules
    denied = msgspec.structs.replace(hops, dns_system_failure="dns_nxdomain_error")
    assert "dns.before_resolver" in judge(denied).rules
