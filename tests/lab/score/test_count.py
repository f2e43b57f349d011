"""The score: verdicts against what a censor wrote down."""

from datetime import datetime, timedelta

import msgspec
import pytest

from banwatch.lab.score import Score, score
from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.observation import Observation, Step
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.lab.flows import AT, PUBLIC, SYSTEM, flow_truth


def _steps(uid: str, name: str = "a.example", ip: str = "23.192.0.1", port: int = 443) -> list[Observation]:
    at = MeasurementUid(uid)
    return [
        Observation(
            measurement_uid=at, ordinal=0, step=Step.DNS, hostname=name, engine="getaddrinfo", t_s=0.3
        ),
        Observation(
            measurement_uid=at,
            ordinal=1,
            step=Step.DNS,
            hostname=name,
            engine="udp",
            resolver_address=f"{PUBLIC}:53",
        ),
        Observation(measurement_uid=at, ordinal=2, step=Step.TCP, ip=ip, port=port, t_s=0.5),
        Observation(measurement_uid=at, ordinal=3, step=Step.TLS, ip=ip, port=port, hostname=name, t_s=0.6),
    ]


def _verdict(uid: str, state: State, *mechanisms: str, at: datetime = AT) -> Verdict:
    return Verdict(
        measurement_uid=MeasurementUid(uid),
        target=TargetName("a.example"),
        test_name="web_connectivity",
        input="https://a.example/",
        probe_cc=CountryCode("KP"),
        probe_asn=Asn(64512),
        access_tier="visitor",
        report_id="r",
        probe_id="",
        measurement_start_time=at,
        state=state,
        mechanisms=mechanisms,
        layer=None,
        hop=None,
        rules=(),
        vetoed=(),
        sentence="",
        ruleset="1",
        snapshots=(),
    )


def _score(state: State, mechanisms: tuple[str, ...], *flows: FlowTruth, name: str = "a.example") -> Score:
    return score([_verdict("m", state, *mechanisms)], {MeasurementUid("m"): _steps("m", name)}, flows)


ASKED = flow_truth(SYSTEM, 53, None, ("qname", "a.example"))
SNI_RESET = flow_truth("23.192.0.1", 443, "tls.reset.sni", ("sni", "a.example"))


def test_right_about_an_innocent():
    got = _score(State.OK, (), ASKED)
    assert (got.measurements, got.false_blocked, got.missed, got.unmatched) == (1, 0, 0, 0)
    assert (got.mechanism_precision, got.mechanism_recall, got.recall) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("state", [State.BLOCKED, State.LIKELY_BLOCKED, State.TAMPERED])
def test_an_accusation_of_an_innocent_is_false(state: State):
    got = _score(state, ("tls.reset.sni",), ASKED)
    assert (got.false_blocked, got.missed) == (1, 0)
    assert got.mechanism_precision == 0.0
    assert got.mistakes[0].said == ("tls.reset.sni",)


@pytest.mark.parametrize("state", [State.OK, State.IMPAIRED, State.DOWN, State.INSUFFICIENT])
def test_silence_about_interference_is_a_miss(state: State):
    got = _score(state, (), ASKED, SNI_RESET)
    assert (got.false_blocked, got.missed, got.recall, got.mechanism_recall) == (0, 1, 0.0, 0.0)


def test_the_deepest_node_costs_nothing_and_a_shallower_one_costs_recall():
    assert _score(State.LIKELY_BLOCKED, ("tls.reset.sni",), ASKED, SNI_RESET).mechanism_recall == 1.0
    shallow = _score(State.LIKELY_BLOCKED, ("tls.reset",), ASKED, SNI_RESET)
    assert shallow.mechanism_precision == 1.0
    assert shallow.mechanism_recall == pytest.approx(2 / 3)
    wrong = _score(State.LIKELY_BLOCKED, ("tls.timeout.sni",), ASKED, SNI_RESET)
    assert wrong.mechanism_precision == pytest.approx(1 / 3)
    assert wrong.mechanism_recall == pytest.approx(1 / 3)
    assert wrong.confusion == (("tls.reset.sni", "likely_blocked: tls.timeout.sni", 1),)
    assert wrong.missed == 0


def test_a_neighbour_s_flow_at_the_same_address_is_not_ours():
    theirs = flow_truth("23.192.0.1", 443, "tls.reset.sni", ("sni", "b.example"))
    assert _score(State.OK, (), ASKED, theirs).missed == 0


def test_a_flow_that_named_nobody_is_everybody_s_at_that_address():
    dropped = flow_truth("23.192.0.1", 443, "tcp.timeout")
    assert _score(State.LIKELY_BLOCKED, ("tcp.timeout",), ASKED, dropped).mechanism_recall == 1.0


def test_another_hour_and_another_tier_are_not_ours():
    later = msgspec.structs.replace(SNI_RESET, started_at=AT + timedelta(hours=6))
    elsewhere = msgspec.structs.replace(SNI_RESET, tier="official")
    assert _score(State.OK, (), ASKED, later, elsewhere).missed == 0


def test_a_dropped_question_to_a_public_resolver_is_beside():
    beside = flow_truth(PUBLIC, 53, "dns.timeout", ("qname", "a.example"))
    for state, said in ((State.OK, ()), (State.LIKELY_BLOCKED, ("dns.timeout",))):
        got = _score(state, said, ASKED, beside)
        assert (got.false_blocked, got.missed, got.beside) == (0, 0, 1)
        assert got.mechanism_precision == 1.0
    own = flow_truth(SYSTEM, 53, "dns.timeout", ("qname", "a.example"))
    assert _score(State.OK, (), own).missed == 1


def test_what_is_down_for_everybody_is_moot_where_it_is_blocked_too():
    dropped = flow_truth("23.192.0.1", 443, "tcp.timeout")
    observations = {MeasurementUid("m"): _steps("m")}
    for state, said in ((State.DOWN, ()), (State.LIKELY_BLOCKED, ("tcp.timeout",))):
        got = score([_verdict("m", state, *said)], observations, [ASKED, dropped], down={"a.example"})
        assert (got.missed, got.false_blocked, got.interfered_and_down, got.interfered) == (0, 0, 1, 0)
    accused = score([_verdict("m", State.BLOCKED)], observations, [ASKED], down={"a.example"})
    assert (accused.false_blocked, accused.interfered_and_down) == (1, 0)
    assert score([_verdict("m", State.OK)], observations, [ASKED, dropped], down=()).missed == 1


def test_a_shutdown_is_counted_apart():
    shut = flow_truth(SYSTEM, 53, "network.shutdown", ("qname", "a.example"))
    got = _score(State.INSUFFICIENT, (), shut)
    assert (got.in_shutdown, got.silent_in_shutdown, got.missed, got.interfered) == (1, 1, 0, 0)
    assert _score(State.OK, (), shut).silent_in_shutdown == 0


def test_a_question_that_was_dropped_unread_is_anybody_s():
    unread = flow_truth(SYSTEM, 53, "network.shutdown")
    assert _score(State.INSUFFICIENT, (), unread).in_shutdown == 1
    assert _score(State.OK, (), unread, ASKED).in_shutdown == 0  # ours was read, and passed
    public = flow_truth(PUBLIC, 53, "tcp.timeout")
    got = _score(State.OK, (), ASKED, public)
    assert (got.beside, got.missed) == (1, 0)


def test_a_port_that_two_questions_shared_accuses_nobody_and_clears_nobody():
    shared = flow_truth(SYSTEM, 53, "dns.timeout", ("qname", "a.example"), ("qname", "b.example"))
    for state, said in ((State.OK, ()), (State.LIKELY_BLOCKED, ("dns.timeout",))):
        got = _score(state, said, ASKED, shared)
        assert (got.missed, got.false_blocked, got.beside) == (0, 0, 1)


def test_follow_ups_ask_other_questions():
    steps = _steps("m")
    other = Observation(
        measurement_uid=MeasurementUid("m"),
        ordinal=9,
        step=Step.TCP,
        ip="9.9.9.9",
        port=443,
        follow_up="retry",
    )
    acted = flow_truth("9.9.9.9", 443, "tcp.timeout")
    got = score([_verdict("m", State.OK)], {MeasurementUid("m"): [*steps, other]}, [ASKED, acted])
    assert got.missed == 0


def test_missing_truth_is_said():
    assert _score(State.OK, ()).unmatched == 1


def test_several_verdicts_of_one_measurement_count_once():
    verdicts = [_verdict("m", State.OK), _verdict("m", State.LIKELY_BLOCKED, "tls.reset.sni")]
    got = score(verdicts, {MeasurementUid("m"): _steps("m")}, [ASKED, SNI_RESET])
    assert (got.measurements, got.missed, got.mechanism_precision) == (1, 0, 1.0)


def test_by_mechanism_and_order_do_not_depend_on_the_order_of_input():
    verdicts = [
        _verdict(f"m{i}", State.LIKELY_BLOCKED, "tls.reset.sni", at=AT + timedelta(hours=i)) for i in range(5)
    ]
    observations = {MeasurementUid(f"m{i}"): _steps(f"m{i}") for i in range(5)}
    flows = [
        flow
        for i in range(5)
        for flow in (
            flow_truth(SYSTEM, 53, None, ("qname", "a.example"), at=AT + timedelta(hours=i)),
            flow_truth("23.192.0.1", 443, "tls.reset.sni", ("sni", "a.example"), at=AT + timedelta(hours=i)),
        )
    ]
    forwards, backwards = (
        score(verdicts, observations, flows),
        score(verdicts[::-1], observations, flows[::-1]),
    )
    assert forwards == backwards
    assert [(m.mechanism, m.measurements, m.recall) for m in forwards.by_mechanism] == [
        ("tls.reset.sni", 5, 1.0)
    ]
