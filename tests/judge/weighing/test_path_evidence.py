"""What follow-ups show of the path: who resets, from where, how soon; and when that counts for nothing."""

import base64

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization

from banwatch.formats.ooni import wire as w
from banwatch.formats.ooni.extensions import Localization, TcpInfoRecord
from banwatch.model.reference import Reference
from banwatch.model.state import State
from banwatch.reference import load
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import GENUINE, HOST, Lookup, Scenario
from tests.judge.test_certificates import make
from tests.judge.weighing.test_follow_ups import shake, with_keys

RESET = "connection_reset"
IP = GENUINE[0]
ONE = Lookup((IP,))
CUT = Scenario(system=ONE, plain=ONE, encrypted=ONE, tls={"*": RESET}, annotations=(("lab", "test"),))
ALONE = CUT.but(helper=None, control_failure="unknown_failure: no helper", encrypted=None)
"""The same without a control."""


@pytest.fixture(scope="module")
def site() -> tuple[Reference, list[w.Text]]:
    """Who is trusted, and the site's own chain."""
    authority, key = make("an authority of this test")
    chain, _ = make(HOST, "an authority of this test", key)
    data = base64.b64encode(chain.public_bytes(serialization.Encoding.DER)).decode()
    reference = load(lab_roots=[authority.public_bytes(serialization.Encoding.PEM)])
    return reference, [w.Binary(data=data)]


def again(
    follow_up: str, failure: str | None, number: int, chain: list[w.Text] | None = None
) -> w.TlsHandshake:
    one = shake(IP, HOST, follow_up, failure)
    return msgspec.structs.replace(one, transaction_id=number, peer_certificates=chain)


def kernel(number: int, follow_up: str = "", **values: float | int) -> TcpInfoRecord:
    tags = ["depth=0", *([f"follow_up={follow_up}"] if follow_up else [])]
    return TcpInfoRecord(address=f"{IP}:443", transaction_id=number, tags=tags, **values)  # type: ignore[arg-type]  # by name


def outlived(chain: list[w.Text] | None, ignored: int, failure: str | None = None) -> bytes:
    return with_keys(
        ALONE.to_line(),
        tls_handshakes=[again("resets_ignored", failure, 60007, chain)],
        x_tcp_info=[kernel(60007, "resets_ignored", segments_ignored=ignored, bytes_acked=517)],
    )


def test_an_answer_after_resets_proves_that_they_were_forged(site: tuple[Reference, list[w.Text]]) -> None:
    reference, chain = site
    verdict = judge_line(outlived(chain, 2), reference)
    assert (verdict.state, verdict.rules[0], verdict.mechanisms) == (
        State.BLOCKED,
        "tls.outlived",
        ("tls.reset",),
    )


@pytest.mark.parametrize("ignored", [0, 2])
def test_it_proves_nothing_without_resets_or_with_somebody_elses_certificate(
    site: tuple[Reference, list[w.Text]], ignored: int
) -> None:
    reference, chain = site
    stranger, _ = make(HOST, "nobody")
    theirs: list[w.Text] = [
        w.Binary(data=base64.b64encode(stranger.public_bytes(serialization.Encoding.DER)).decode())
    ]
    shown = theirs if ignored else chain
    assert judge_line(outlived(shown, ignored), reference).state is State.INSUFFICIENT


def test_a_server_that_acknowledges_and_resets_is_not_somebody_on_the_path() -> None:
    evidence = weigh_line(outlived(None, 2, "generic_timeout_error"))
    assert (evidence.reset_place, evidence.reset_outlived) == ("", False)


def located(cut: int, server: int) -> bytes:
    return with_keys(
        ALONE.to_line(),
        x_localization=[
            Localization(step=step, address=f"{IP}:443", hops=hops, tags=[f"follow_up={step}_hops"])
            for step, hops in (("tls", cut), ("tcp", server))
        ],
    )


@pytest.mark.parametrize(("cut", "accused"), [(3, True), (7, True), (8, False), (9, False), (12, False)])
def test_a_cut_before_the_server_is_nobody_elses(cut: int, accused: bool) -> None:
    """The server is nine hops away; a difference of one is the path's own."""
    verdict = judge_line(located(cut, 9))
    assert (verdict.state is State.BLOCKED) is accused
    assert ("tls.before_server" in verdict.rules) is accused


def timed(took_s: tuple[float, float], rtt_ms: float, other_rtt_ms: float = 500.0) -> bytes:
    """Two resets so long after their ClientHellos, on connections with these round trips."""
    plain = msgspec.structs.replace(shake(IP, HOST, "x", RESET), tags=["depth=0"], transaction_id=1)
    shakes = (
        msgspec.structs.replace(plain, t0=1.0, t=1.0 + took_s[0]),
        msgspec.structs.replace(again("retry", RESET, 60001), t0=2.0, t=2.0 + took_s[1]),
    )
    infos = [kernel(1, min_rtt_ms=other_rtt_ms), kernel(60001, "retry", min_rtt_ms=rtt_ms)]
    return with_keys(ALONE.to_line(), tls_handshakes=shakes, x_tcp_info=infos)


@pytest.mark.parametrize(
    ("took_s", "rtt_ms", "accused"),
    [
        ((0.02, 0.03), 100.0, True),
        ((0.02, 0.09), 100.0, False),  # one of them had the time
        ((0.11, 0.12), 100.0, False),
        ((0.02, 0.03), 40.0, False),  # the shortest round trip counts
        ((0.0001, 0.0001), 0.5, False),  # too short to tell
    ],
)
def test_a_reset_that_comes_too_soon_is_not_the_servers(
    took_s: tuple[float, float], rtt_ms: float, accused: bool
) -> None:
    assert judge_line(timed(took_s, rtt_ms)).state.accuses is accused


def test_one_early_reset_is_not_enough() -> None:
    line = with_keys(ALONE.to_line(), x_tcp_info=[kernel(1, min_rtt_ms=900.0)])
    assert not judge_line(line).state.accuses


def asked(follow_up: str, engine: str, answers: tuple[str, ...], failure: str | None = None) -> w.Query:
    resolver = "8.8.8.8:53" if engine == "udp" else "https://8.8.8.8/dns-query"
    return w.Query(
        hostname=HOST,
        query_type="A",
        engine=engine,
        resolver_address=resolver,
        failure=failure,
        answers=[w.DnsAnswer(answer_type="A", ipv4=ip) for ip in answers] or None,
        tags=["depth=0", f"follow_up={follow_up}"],
    )


FORGED = Scenario(
    system=Lookup(("31.13.94.37",)),
    plain=Lookup(("31.13.94.37",)),
    encrypted=None,
    helper=None,
    tcp={"*": "connection_refused"},
)


def test_a_sibling_that_is_answered_only_in_the_clear_is_forged() -> None:
    there = asked("sibling", "udp", ("31.13.94.37",))
    nowhere = asked("sibling_doh", "doh", (), "dns_nxdomain_error")
    everywhere = asked("sibling_doh", "doh", ("31.13.94.37",))
    assert judge_line(with_keys(FORGED.to_line(), queries=[there, nowhere])).rules[0] == "dns.impossible"
    assert not judge_line(with_keys(FORGED.to_line(), queries=[there, everywhere])).state.accuses
    assert not judge_line(with_keys(Scenario().to_line(), queries=[there, nowhere])).state.accuses


def test_a_resolver_that_compares_letters_is_none() -> None:
    denied = FORGED.but(
        system=Lookup((), "dns_nxdomain_error"), plain=Lookup((), "dns_nxdomain_error"), silent_aaaa=False
    )
    mixed = msgspec.structs.replace(asked("mixed_case", "udp", GENUINE), resolver_address="1.1.1.1:53")
    verdict = judge_line(with_keys(denied.to_line(), queries=[mixed]))
    assert (verdict.state, verdict.rules[0], verdict.mechanisms) == (
        State.LIKELY_BLOCKED,
        "dns.case",
        ("dns.nxdomain",),
    )
    same = msgspec.structs.replace(mixed, answers=None, failure="dns_nxdomain_error")
    assert not judge_line(with_keys(denied.to_line(), queries=[same])).state.accuses


def test_a_name_answered_before_its_resolver_is_answered_by_somebody_else() -> None:
    def line(name: int, resolver: int) -> bytes:
        return with_keys(
            FORGED.to_line(),
            x_localization=[
                Localization(step=step, address="8.8.8.8:53", hops=hops, tags=["follow_up=dns_hops"])
                for step, hops in (("dns", name), ("resolver", resolver))
            ],
        )

    verdict = judge_line(line(4, 9))
    assert (verdict.state, verdict.rules[0]) == (State.BLOCKED, "dns.before_resolver")
    for name, resolver in ((9, 9), (8, 9), (4, 4)):  # the last: somebody answers in place of every resolver
        assert not judge_line(line(name, resolver)).state.accuses


def test_a_name_that_is_cut_at_two_places_is_cut_between() -> None:
    def elsewhere(innocent: str | None, name: str | None) -> bytes:
        shakes = [
            shake("1.1.1.1", "example.org", "innocent_elsewhere", innocent),
            shake("1.1.1.1", HOST, "name_elsewhere", name),
        ]
        return with_keys(ALONE.to_line(), tls_handshakes=shakes)

    verdict = judge_line(elsewhere(None, RESET))
    assert (verdict.rules[0], verdict.mechanisms) == ("tls.anywhere", ("tls.reset.sni",))
    for innocent, name in ((RESET, RESET), (None, None), (None, "unknown_failure: remote error: tls: x")):
        assert judge_line(elsewhere(innocent, name)).state is State.INSUFFICIENT
