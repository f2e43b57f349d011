"""Observations sorted by hop, step and resolver."""

from typing import Any

from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.judge.weighing.facts.hops import SortedSteps
from banwatch.model.ids import MeasurementUid
from banwatch.model.observation import Observation, Step
from tests.judge.nettest_lines import line


def seen(step: Step, **fields: Any) -> Observation:
    return Observation(measurement_uid=MeasurementUid("m"), ordinal=0, step=step, **fields)


def sort(*observations: Observation, test_name: str = "web_connectivity") -> SortedSteps:
    return SortedSteps(observations, observe(decode_untrusted(line(test_name, {})), str).measurement)


def test_a_measurement_without_steps_has_the_inputs_own_hop() -> None:
    steps = sort()
    assert [hop.covered for hop in steps.hops] == [True]
    assert (steps.plain, steps.follow_ups, steps.is_answered, steps.is_connected) == ([], [], False, False)


def test_lookups_are_sorted_by_the_resolver_that_was_asked() -> None:
    system, named = seen(Step.DNS, engine="system"), seen(Step.DNS, engine="odd", answers=("192.0.2.1",))
    late = seen(Step.DNS, engine="system", late=True)
    outside = seen(Step.DNS, engine="udp", resolver_address="192.0.2.53:53")
    encrypted = seen(Step.DNS, engine="doh", resolver_address="https://dns.example/")
    own = seen(Step.DNS, engine="system", failure="permission_denied")
    (hop,) = sort(system, named, late, outside, encrypted, own).hops
    assert hop.dns == [system, named, late, outside, encrypted, own]
    assert (hop.system, hop.outside, hop.encrypted) == ([system, named], [late, outside], [encrypted])


def test_steps_are_sorted_by_kind_and_hop_and_follow_ups_stand_apart() -> None:
    connect, shake = seen(Step.TCP, hop=1), seen(Step.TLS, hop=1, failure="eof_error")
    quic, again = seen(Step.QUIC), seen(Step.TCP, follow_up="retry")
    doh = seen(Step.DNS, engine="doh", follow_up="doh")
    steps = sort(shake, quic, again, connect, doh)
    assert steps.follow_ups == [again]
    assert steps.plain == [shake, quic, connect, doh]
    assert [(hop.tcp, hop.tls, hop.quic, hop.encrypted) for hop in steps.hops] == [
        ([], [], [quic], [doh]),
        ([connect], [shake], [], []),
    ]
    assert steps.failures == {"eof_error"}
    assert steps.is_answered
    assert not steps.is_connected


def test_lookups_alone_connect_to_nothing() -> None:
    assert not sort(seen(Step.DNS)).is_connected
    assert sort(seen(Step.DNS, failure="dns_no_answer"), seen(Step.TCP)).is_connected


def test_a_hop_of_another_name_is_not_covered_by_the_control() -> None:
    names = ("site.example", "site.example", "www.site.example", None)
    steps = sort(*(seen(Step.HTTP, hop=at, hostname=name) for at, name in enumerate(names)))
    assert [hop.covered for hop in steps.hops] == [True, True, False, False]


def test_hops_past_the_limit_are_left_out_and_still_count_as_plain() -> None:
    steps = sort(seen(Step.HTTP, hop=9_999, failure="eof_error"), seen(Step.HTTP, hop=31))
    assert len(steps.hops) == 32
    assert [len(hop.http) for hop in steps.hops] == [0] * 31 + [1]
    assert len(steps.plain) == 2


def test_what_a_nettest_ignores_is_no_step_of_it() -> None:
    ignored = seen(Step.DNS, hostname="uptime.signal.org", failure="dns_nxdomain_error")
    assert sort(ignored, test_name="signal").plain == []
    assert sort(ignored, test_name="web_connectivity").plain == [ignored]


def test_a_lookup_that_failed_twice_was_made_again_in_vain() -> None:
    assert sort(seen(Step.DNS, follow_up="retest", failure="dns_servfail_error")).is_retested
    assert not sort(seen(Step.DNS, follow_up="retest")).is_retested
