"""What the follow-ups of our probe settle: a second try, another name, another address, a slow machine."""

import msgspec
import pytest

from banwatch.formats.ooni import decode_untrusted, encode
from banwatch.formats.ooni import wire as w
from banwatch.model.state import State
from tests.judge.judging import judge_line
from tests.judge.scenario import FORGED, Helper, Lookup, Page, Scenario

TIMEOUT = "generic_timeout_error"
CUT = Scenario(tls={"*": "connection_reset"})
BLACKHOLE = Scenario(tcp={"*": TIMEOUT})


def with_keys(line: bytes, **more: object) -> bytes:
    """Add to lists of test keys, or set others."""
    wire = decode_untrusted(line)
    keys = wire.test_keys
    assert keys is not None
    changes = {}
    for name, value in more.items():
        old = getattr(keys, name)
        changes[name] = [*(old or ()), *value] if isinstance(value, list) else value
        if isinstance(value, tuple):
            changes[name] = list(value)  # in place of what was there
    return encode(msgspec.structs.replace(wire, test_keys=msgspec.structs.replace(keys, **changes)))


def shake(ip: str, name: str, follow_up: str, failure: str | None = None) -> w.TlsHandshake:
    return w.TlsHandshake(
        network="tcp",
        address=f"{ip}:443",
        server_name=name,
        failure=failure,
        no_tls_verify=True,
        tags=["depth=0", f"follow_up={follow_up}"],
    )


def test_a_name_cut_at_somebody_elses_address_is_cut_by_name() -> None:
    line = with_keys(
        CUT.to_line(),
        tls_handshakes=[
            shake("1.1.1.1", "innocent.example.org", "innocent_elsewhere"),
            shake("1.1.1.1", CUT.host, "name_elsewhere", "connection_reset"),
        ],
    )
    assert judge_line(line).mechanisms == ("tls.reset.sni",)


def test_an_address_cut_for_every_name_is_not_cut_by_name() -> None:
    line = with_keys(
        CUT.to_line(),
        tls_handshakes=[
            shake("1.1.1.1", "innocent.example.org", "innocent_elsewhere", "connection_reset"),
            shake("1.1.1.1", CUT.host, "name_elsewhere", "connection_reset"),
        ],
    )
    assert judge_line(line).mechanisms == ("tls.reset",)


@pytest.mark.parametrize("follow_up", ["retry", "retest"])
def test_a_second_try_that_succeeds_takes_the_accusation_back(follow_up: str) -> None:
    again = [
        w.TcpConnect(
            ip=ip, port=443, status=w.TcpStatus(success=True), tags=["depth=0", f"follow_up={follow_up}"]
        )
        for ip in ("151.101.1.164", "151.101.65.164")
    ]
    assert judge_line(BLACKHOLE.to_line()).state is State.LIKELY_BLOCKED
    assert judge_line(with_keys(BLACKHOLE.to_line(), tcp_connect=again)).state is State.IMPAIRED


def test_a_slow_machine_accuses_nobody_by_time_outs() -> None:
    short = BLACKHOLE.but(annotations=(("timeouts", "dns=1,tcp=1,tls=1,http=2"),), retries=True)
    assert judge_line(with_keys(short.to_line(), x_probe_lag_s=0.05)).state is State.LIKELY_BLOCKED
    assert judge_line(with_keys(short.to_line(), x_probe_lag_s=0.4)).state is State.IMPAIRED
    assert judge_line(with_keys(CUT.to_line(), x_probe_lag_s=9.0)).state is State.LIKELY_BLOCKED


def test_one_short_time_out_alone_accuses_nobody() -> None:
    one = {"151.101.1.164": TIMEOUT}
    short = Scenario(
        system=Lookup(("151.101.1.164",)),
        plain=Lookup(("151.101.1.164",)),
        encrypted=Lookup(("151.101.1.164",)),
        helper=Helper(("151.101.1.164",)),
        tcp=one,
        annotations=(("timeouts", "tcp=1,tls=1"),),
    )
    assert judge_line(short.to_line()).state is State.IMPAIRED
    assert judge_line(short.but(annotations=()).to_line()).state is State.LIKELY_BLOCKED
    assert judge_line(short.but(retries=True).to_line()).state is State.LIKELY_BLOCKED


def test_an_answer_from_where_no_resolver_is_settles_an_injection() -> None:
    forged = Scenario(system=Lookup((FORGED,)), plain=Lookup((FORGED,)), tcp={FORGED: TIMEOUT})
    query = w.Query(
        hostname=forged.host,
        query_type="A",
        engine="udp",
        resolver_address="151.101.1.164:53",
        answers=[w.DnsAnswer(answer_type="A", ipv4=FORGED)],
        tags=["depth=0", "follow_up=no_resolver"],
    )
    line = forged.but(helper=Helper(dead=(FORGED,))).to_line()
    assert judge_line(line).state is State.LIKELY_BLOCKED
    assert judge_line(with_keys(line, queries=[query])).rules[0] == "dns.from_nowhere"
    honest = with_keys(Scenario().to_line(), queries=[query])
    assert judge_line(honest).state is State.OK


def test_the_same_response_from_somebody_elses_address_names_the_path() -> None:
    error = Page(503, body="no", title=None, headers=())
    scenario = Scenario(scheme="http", page=error)
    elsewhere = w.HttpTransaction(
        address="1.1.1.1:80",
        request=w.HttpRequest(method="GET", url=f"http://{scenario.host}/"),
        response=w.HttpResponse(code=503, headers_list=[], body="no"),
        tags=["depth=0", "follow_up=name_elsewhere"],
    )
    assert judge_line(scenario.to_line()).state is State.IMPAIRED
    verdict = judge_line(with_keys(scenario.to_line(), requests=[elsewhere]))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("http.error",))


def test_resolvers_that_refuse_in_the_clear_and_answer_in_private_are_made_to() -> None:
    refused = Lookup((), "dns_refused_error")
    scenario = Scenario(system=Lookup((), "dns_temporary_failure"), plain=refused, encrypted=None)
    private = w.Query(
        hostname=scenario.host,
        query_type="A",
        engine="doh",
        resolver_address="https://8.8.8.8/dns-query",
        answers=[w.DnsAnswer(answer_type="A", ipv4="151.101.1.164")],
        tags=["depth=0", "follow_up=doh"],
    )
    assert judge_line(with_keys(scenario.to_line(), queries=[private])).mechanisms == ("dns.refused",)


def later(name: str, follow_up: str, failure: str | None) -> w.HttpTransaction:
    return w.HttpTransaction(
        address="151.101.1.164:443",
        failure=failure,
        request=w.HttpRequest(method="GET", url=f"https://{name}/"),
        response=None if failure else w.HttpResponse(code=200, headers_list=[], body="x"),
        tags=["depth=0", f"follow_up={follow_up}"],
    )


def test_a_flow_cut_after_its_handshake_is_cut_by_its_name() -> None:
    scenario = Scenario(page=Page(None, TIMEOUT))
    other, again = later("other.example.org", "other_name", None), later(scenario.host, "retry", TIMEOUT)
    assert judge_line(scenario.to_line()).state is State.IMPAIRED
    assert judge_line(with_keys(scenario.to_line(), requests=[again])).state is State.IMPAIRED
    verdict = judge_line(with_keys(scenario.to_line(), requests=[other, again]))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("tls.timeout.sni",))


def quic(name: str, failure: str | None, *tags: str) -> w.TlsHandshake:
    return w.TlsHandshake(
        network="udp",
        address="151.101.1.164:443",
        server_name=name,
        failure=failure,
        tags=["depth=0", *tags],
    )


def test_quic_cut_for_one_name_is_told_from_a_network_without_quic() -> None:
    line = with_keys(Scenario().to_line(), quic_handshakes=[quic("www.example.net", TIMEOUT)])
    wire = decode_untrusted(line)
    assert wire.test_keys is not None
    assert wire.test_keys.control is not None
    seen = msgspec.structs.replace(
        wire.test_keys.control, http3_request=w.ControlHttpResult(status_code=200, body_length=9)
    )
    line = with_keys(line, control=seen)
    assert judge_line(line).state is State.OK
    other = quic("other.example.org", None, "follow_up=other_name")
    verdict = judge_line(with_keys(line, quic_handshakes=[other]))
    assert (verdict.state, verdict.mechanisms) == (State.TAMPERED, ("quic.timeout",))


def test_a_lookup_tried_again_with_patience_counts_on_a_slow_machine() -> None:
    silent = Lookup((), TIMEOUT)
    scenario = Scenario(system=Lookup((), "dns_temporary_failure"), plain=silent)
    slow = with_keys(scenario.to_line(), x_probe_lag_s=9.0)
    assert not judge_line(slow).state.accuses
    again = w.Query(
        hostname=scenario.host,
        query_type="A",
        engine="udp",
        resolver_address="1.1.1.1:53",
        failure=TIMEOUT,
        tags=["depth=0", "follow_up=retest"],
    )
    assert judge_line(with_keys(slow, queries=[again])).mechanisms == ("dns.timeout",)
