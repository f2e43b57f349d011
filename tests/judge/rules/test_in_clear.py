"""Unencrypted responses, and what follow-ups show of whose they are: each kind with its twins."""

import msgspec
import pytest

from banwatch.formats.ooni import decode_untrusted
from banwatch.formats.ooni import wire as w
from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import FORGED, GENUINE, HEADERS, HOST, SAME_AS, Helper, Lookup, Page, Scenario
from tests.judge.weighing.test_follow_ups import with_keys

S = Scenario(scheme="http", system=Lookup(GENUINE[:1]), plain=None, encrypted=None)
AT, ELSEWHERE = GENUINE[0], "1.1.1.1"
TIMEOUT, RESET = "generic_timeout_error", "connection_reset"
NOTICE = Page(451, body="<html><title>Unavailable</title>By order</html>", title="Unavailable", headers=())
UNKNOWN = Page(421, body="<html><title>Misdirected</title></html>", title="Misdirected")
AWAY = Page(302, body="", title=None, headers=(), location="http://notice.provider.example/why")
PRIVATE = Page(302, body="", title=None, headers=(), location="http://10.10.34.34/")


def _request(
    page: Page, tag: str, *, ip: str = AT, host: str = HOST, scheme: str = "http"
) -> w.HttpTransaction:
    headers = page.headers + ((("location", page.location),) if page.location else ())
    return w.HttpTransaction(
        network="tcp",
        address=f"{ip}:{443 if scheme == 'https' else 80}",
        failure=page.failure,
        request=w.HttpRequest(method="GET", url=f"{scheme}://{host}/"),
        response=w.HttpResponse(
            code=page.status,
            headers_list=list(headers) if page.status else [],
            body=page.body if page.status else "",
        ),
        transaction_id=900,
        tags=["depth=0", f"follow_up={tag}"],
    )


def _follow(
    scenario: Scenario,
    *,
    other: Page | None = None,
    elsewhere: Page | None = None,
    twin: Page | str | None = None,
    ip: str = AT,
    control_443: str | None = None,
) -> bytes:
    """Write the line of a scenario with follow-ups.

    Args:
        scenario: the plain measurement.
        other: what an innocent name got at the address.
        elsewhere: what the name got at somebody else's.
        twin: what the page inside TLS was, or how its connect ended.
        ip: the address.
        control_443: how the control's handshake there ended.
    """
    requests = []
    if other is not None:
        requests.append(_request(other, "other_host", ip=ip, host="example.org"))
    if elsewhere is not None:
        requests.append(_request(elsewhere, "name_elsewhere", ip=ELSEWHERE))
    connects, shakes = [], []
    if isinstance(twin, Page):
        shakes.append(
            w.TlsHandshake(
                network="tcp",
                address=f"{ip}:443",
                server_name=HOST,
                failure=None,
                no_tls_verify=False,
                tags=["depth=0", "follow_up=encrypted"],
            )
        )
        requests.append(_request(twin, "encrypted", ip=ip, scheme="https"))
    elif twin is not None:
        connects.append(
            w.TcpConnect(
                ip=ip,
                port=443,
                status=w.TcpStatus(success=False, failure=twin),
                tags=["depth=0", "follow_up=encrypted"],
            )
        )
    line = with_keys(scenario.to_line(), requests=requests, tcp_connect=connects, tls_handshakes=shakes)
    return line if twin is None else _with_control_at_443(line, ip, control_443)


def _with_control_at_443(line: bytes, ip: str, failure: str | None) -> bytes:
    keys = decode_untrusted(line).test_keys
    assert keys is not None
    control = keys.control
    assert control is not None
    connects = {**(control.tcp_connect or {}), f"{ip}:443": w.ControlTcp(status=True, failure=None)}
    shakes = {f"{ip}:443": w.ControlTls(server_name=HOST, status=failure is None, failure=failure)}
    return with_keys(
        line, control=msgspec.structs.replace(control, tcp_connect=connects, tls_handshake=shakes)
    )


ERROR = Page(503, body="<html>down</html>", title=None, headers=())
EMPTY = Page(200, body="", title=None, headers=())
REFUSED_IN_CLEAR: dict[str, tuple[Page, Page | str, str]] = {
    "451, and the page inside TLS": (NOTICE, Page(), "http.blockpage"),
    "403, and the page inside TLS": (Page(403, body="no", title=None, headers=()), Page(), "http.blockpage"),
    "503, and the page inside TLS": (ERROR, Page(), "http.error"),
    "451, and TLS is cut off": (NOTICE, TIMEOUT, "http.blockpage"),
    "451, and the port is refused": (NOTICE, "connection_refused", "http.blockpage"),
    "nothing at all, and the page inside TLS": (EMPTY, Page(), "http.blockpage"),
}


@pytest.mark.parametrize("name", REFUSED_IN_CLEAR)
def test_a_refusal_in_clear_alone_is_not_the_site_s(name: str) -> None:
    page, twin, mechanism = REFUSED_IN_CLEAR[name]
    verdict = judge_line(_follow(S.but(page=page), other=page, twin=twin))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (mechanism,)), verdict
    assert verdict.rules[0] == "http.refused_in_clear"


OWN = Page(403, body="no", title=None, headers=HEADERS)
SITE_S_OWN = {
    "refused inside TLS too": _follow(S.but(page=NOTICE), other=NOTICE, twin=NOTICE),
    "an error inside TLS too": _follow(S.but(page=ERROR), twin=Page(503, body="x", title=None)),
    "no HTTPS for anybody": _follow(S.but(page=NOTICE), twin=TIMEOUT, control_443=TIMEOUT),
    "a bad certificate for everybody": _follow(
        S.but(page=NOTICE), twin=RESET, control_443="ssl_invalid_hostname"
    ),
    "with the marks of the control's server": _follow(S.but(page=OWN), twin=Page()),
    "nobody tried": S.but(page=NOTICE).to_line(),
    "refused for the control too": _follow(
        S.but(page=NOTICE, helper=Helper(page=Page(451, body="x", title=None, headers=()))), twin=Page()
    ),
}


@pytest.mark.parametrize("name", SITE_S_OWN)
def test_a_site_that_refuses_by_itself_is_not_accused(name: str) -> None:
    verdict = judge_line(SITE_S_OWN[name])
    assert not verdict.state.accuses, verdict


LED_AWAY = {
    "to a page that refuses": S.but(redirects=(AWAY,), page=Page(403, body="no", title=None, headers=())),
    "to a page that fails": S.but(redirects=(AWAY,), page=Page(None, TIMEOUT)),
    "to a private address": S.but(page=PRIVATE),
    "to an error": S.but(redirects=(AWAY,), page=ERROR),
}


@pytest.mark.parametrize("name", LED_AWAY)
def test_a_redirect_that_comes_from_somebody_else_s_address_is_forged_wherever_it_leads(name: str) -> None:
    scenario = LED_AWAY[name]
    first = scenario.redirects[0] if scenario.redirects else scenario.page
    verdict = judge_line(_follow(scenario, other=UNKNOWN, elsewhere=first))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("http.redirect",)), verdict
    assert "http.forged_redirect" in verdict.rules


NOT_LED_AWAY = {
    "its own redirect to TLS, as servers of one make write it": _follow(
        S.but(
            redirects=(Page(301, body="", title=None, location=f"https://{HOST}/"),), page=Page(None, TIMEOUT)
        ),
        other=UNKNOWN,
        elsewhere=Page(301, body="", title=None, location=f"https://{HOST}/"),
    ),
    "a portal that sends every name to log in": _follow(
        S.but(page=PRIVATE), other=PRIVATE, elsewhere=PRIVATE
    ),
    "a portal that writes the name into the address": _follow(
        S.but(page=Page(302, body="", title=None, headers=(), location=f"http://10.0.0.1/login?url={HOST}")),
        other=Page(302, body="", title=None, headers=(), location="http://10.0.0.1/login?url=example.org"),
    ),
    "a redirect of the site's alone": _follow(
        S.but(redirects=(AWAY,), page=ERROR), other=UNKNOWN, elsewhere=UNKNOWN
    ),
}


@pytest.mark.parametrize("name", NOT_LED_AWAY)
def test_other_redirects_are_not_called_forged(name: str) -> None:
    verdict = judge_line(NOT_LED_AWAY[name])
    assert "http.forged_redirect" not in verdict.rules
    assert not verdict.state.accuses, verdict


LIE = S.but(system=Lookup((FORGED,)))
PAGES = {
    "a refusal": NOTICE,
    "an error": ERROR,
    "no such page": Page(404, body="?", title=None),
    "nothing": EMPTY,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_false_address_that_answers_every_name_alike_is_no_site(name: str) -> None:
    page = PAGES[name]
    verdict = judge_line(_follow(LIE.but(page=page), other=page, ip=FORGED))
    assert (verdict.state, verdict.rules[0]) == (State.LIKELY_BLOCKED, "dns.notice_host"), verdict
    assert verdict.mechanisms == ("dns.injection",)


def test_a_notice_that_names_the_name_is_alike_all_the_same() -> None:
    ours, theirs = (
        Page(403, body=f"{name} is not allowed", title=None, headers=()) for name in (HOST, "example.org")
    )
    assert weigh_line(_follow(LIE.but(page=ours), other=theirs, ip=FORGED)).dns_host_answers_alike
    assert not weigh_line(_follow(LIE.but(page=ours), other=UNKNOWN, ip=FORGED)).dns_host_answers_alike


EDGES = {
    "an edge that knows the site": _follow(LIE.but(page=NOTICE), other=UNKNOWN, ip=FORGED),
    "an edge of the site's own network": _follow(
        S.but(system=Lookup(SAME_AS[:1]), page=NOTICE), other=NOTICE, ip=SAME_AS[0]
    ),
    "nobody asked for another name": LIE.but(page=NOTICE).to_line(),
}


@pytest.mark.parametrize("name", EDGES)
def test_an_edge_that_refuses_is_not_called_a_forgery(name: str) -> None:
    verdict = judge_line(EDGES[name])
    assert "dns.notice_host" not in verdict.rules
    assert not verdict.state.accuses, verdict


def _mute(*tags: str, other: str | None = TIMEOUT) -> bytes:
    silent = Page(None, TIMEOUT)
    requests = [_request(silent, tag) for tag in tags]
    requests.append(_request(Page(None, other) if other else Page(), "other_host", host="example.org"))
    return with_keys(S.but(page=silent).to_line(), requests=requests)


def test_an_address_that_takes_connections_and_never_says_a_word_is_cut_off() -> None:
    verdict = judge_line(_mute("retry", "retest"))
    assert (verdict.state, verdict.rules[0]) == (State.LIKELY_BLOCKED, "http.mute"), verdict
    assert verdict.mechanisms == ("http.timeout",)


@pytest.mark.parametrize(
    "line",
    [_mute(), _mute("retry"), S.but(page=Page(None, TIMEOUT)).to_line()],
    ids=["once", "twice", "plain"],
)
def test_a_slow_server_is_not(line: bytes) -> None:
    verdict = judge_line(line)
    assert verdict.state is State.IMPAIRED, verdict
    assert "http.mute" not in verdict.rules
