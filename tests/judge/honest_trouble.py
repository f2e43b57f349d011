"""Measurements of honest trouble: all that goes wrong with nobody interfering, in all combinations.

`generate` draws one from a seeded generator. Shared by the test of 10,000 of them and by property tests.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.judge.scenario import (
    BODY,
    GENUINE,
    HEADERS,
    OTHER_AS,
    SAME_AS,
    TITLE,
    Helper,
    Lookup,
    Page,
    Scenario,
)

_LONELY_AS = ("93.184.216.34", "203.238.180.20", "23.45.108.250")
"""Addresses of hosts that share a network with no other of these."""
_PACKET_LOSS = (0.01, 0.02, 0.05, 0.1, 0.15)
_TRIES = {"dns": 1, "system": 3, "tcp": 4, "tls": 6, "http": 6}
"""Packets of which one must arrive within the probe's deadline: retransmissions of the kernel and of libc."""
_TIMEOUT = "generic_timeout_error"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble: its name and what it does to a scenario."""

    name: str
    strike: Callable[[Scenario, Random], Scenario]


def _dead(s: Scenario, rng: Random) -> Scenario:
    """Down for everybody: no name, no listener, no packet back, no page."""
    kind = rng.choice(["nxdomain", "servfail", "refused", "silent", "error", "reset"])
    no_page = Page(None, "unknown_error", title=None)
    match kind:
        case "nxdomain" | "servfail":
            ours = {"nxdomain": "dns_nxdomain_error", "servfail": "dns_servfail_error"}[kind]
            theirs = {"nxdomain": "dns_name_error", "servfail": "dns_server_failure"}[kind]
            none = Lookup((), ours)
            unresolved = Helper((), theirs, page=Page(None, "dns_lookup_error"))
            return s.but(system=none, plain=none, encrypted=none, helper=unresolved)
        case "refused":
            helper = _with_helper(s, tcp="connection_refused_error", page=no_page)
            return s.but(tcp={"*": "connection_refused"}, helper=helper)
        case "silent":
            return s.but(tcp={"*": _TIMEOUT}, helper=_with_helper(s, tcp=_TIMEOUT, page=no_page))
        case "reset":
            if s.scheme == "https":
                helper = _with_helper(s, tls="connection_reset", page=no_page)
                return s.but(tls={"*": "connection_reset"}, helper=helper)
            return s.but(page=Page(None, "connection_reset"), helper=_with_helper(s, page=no_page))
    status = rng.choice([500, 502, 503, 504, 404])
    broken = Page(status, body="<title>Error</title>", title="Error")
    return s.but(page=broken, helper=_with_helper(s, page=broken))


def _slow(s: Scenario, rng: Random) -> Scenario:
    """The server takes its time: the page does not come in time, here or for the control or both."""
    late = Page(rng.choice([None, 200]), _TIMEOUT, body="")
    here, there = rng.choice([(True, False), (True, True), (False, True)])
    if there:
        s = s.but(helper=_with_helper(s, page=Page(None, _TIMEOUT)))
    return s.but(page=late) if here else s


def _lossy(s: Scenario, rng: Random) -> Scenario:
    """Packets get lost, each step as often as its retransmissions allow."""
    loss = rng.choice(_PACKET_LOSS)

    def lost(step: str) -> bool:
        return rng.random() < 1 - (1 - loss) ** 2 and rng.random() < loss ** (_TRIES[step] - 1)

    def look_up(lookup: Lookup | None, step: str) -> Lookup | None:
        return Lookup((), _TIMEOUT) if lookup is not None and lost(step) else lookup

    tcp = dict(s.tcp)
    tls = dict(s.tls)
    for ip in (*GENUINE, *SAME_AS, *OTHER_AS):
        if lost("tcp"):
            tcp[ip] = _TIMEOUT
        elif lost("tls"):
            tls[ip] = _TIMEOUT
    page = Page(None, _TIMEOUT) if lost("http") else s.page
    return s.but(
        system=look_up(s.system, "system"),
        plain=look_up(s.plain, "dns"),
        encrypted=look_up(s.encrypted, "tcp"),
        tcp=tcp,
        tls=tls,
        page=page,
        retries=rng.choice([None, False]),
        silent_aaaa=lost("dns"),
    )


def _rotating(s: Scenario, rng: Random) -> Scenario:
    """Each resolver gets other addresses: of the same network, of another, or of several."""
    pools = [SAME_AS, OTHER_AS, (*GENUINE, *SAME_AS), (*SAME_AS, *OTHER_AS), _LONELY_AS]
    system, plain, encrypted = (rng.choice(pools) for _ in range(3))

    def rotate(lookup: Lookup | None, pool: tuple[str, ...]) -> Lookup | None:
        if lookup is None or lookup.failure is not None:
            return lookup
        return Lookup(tuple(rng.sample(pool, k=rng.randint(1, len(pool)))))

    return s.but(
        system=rotate(s.system, system),
        plain=rotate(s.plain, plain),
        encrypted=rotate(s.encrypted, encrypted),
    )


def _refusing(s: Scenario, rng: Random) -> Scenario:
    """The server says no by itself, to this country or to machines."""
    status = rng.choice([401, 403, 406, 429, 451, 503])
    body = f"<html><title>{status}</title>{'Access denied. ' * rng.randint(1, 200)}</html>"
    return s.but(page=Page(status, body=body, title=str(status), headers=rng.choice([HEADERS, ()])))


def _captcha(s: Scenario, rng: Random) -> Scenario:
    """The server asks for proof of being human."""
    mark = rng.choice(["cf-chl-widget", "g-recaptcha", "h-captcha", "_Incapsula_Resource", "px-captcha"])
    body = f"<html><title>Just a moment...</title><div class='{mark}'></div></html>"
    return s.but(page=Page(rng.choice([200, 403, 429, 503]), body=body, title="Just a moment..."))


def _changing(s: Scenario, rng: Random) -> Scenario:
    """The page is made anew on each load: another title, another length."""
    body = f"<title>{rng.random()}</title>" + "<p>news</p>" * rng.randint(1, 2000)
    title = rng.choice([TITLE, f"Edition {rng.randint(1, 9999)}", None])
    return s.but(page=Page(s.page.status, s.page.failure, body=body, title=title))


def _misconfigured(s: Scenario, rng: Random) -> Scenario:
    """Certificates, redirects and names as people break them."""
    kind = rng.choice(["expired", "self_signed", "other_name", "circle", "nowhere", "private", "no_answer"])
    match kind:
        case "expired" | "self_signed" | "other_name":
            failure = {
                "expired": "ssl_invalid_certificate",
                "self_signed": "ssl_unknown_authority",
                "other_name": "ssl_invalid_hostname",
            }[kind]
            if s.scheme == "http":
                return s
            return s.but(
                tls={"*": failure}, helper=_with_helper(s, tls=failure, page=Page(None, "unknown_error"))
            )
        case "circle":
            url = f"{s.scheme}://{s.host}"
            hops = tuple(Page(302, body="", title=None, location=f"{url}/{n}") for n in range(10))
            last = Page(302, "unknown_failure: stopped after 10 redirects", location=f"{url}/10")
            helper = _with_helper(s, page=Page(None, "unknown_error")) if rng.random() < 0.5 else s.helper
            return s.but(redirects=hops, page=last, helper=helper)
        case "nowhere":
            return s.but(page=Page(302, "http_invalid_redirect_location_host", location="http://"))
        case "private":
            private = Lookup((rng.choice(["127.0.0.1", "10.0.0.1", "192.168.1.1", "0.0.0.0"]),))
            helper = Helper(private.answers, tcp="connect_error", page=Page(None, "unknown_error"))
            return s.but(system=private, plain=private, encrypted=private, tcp={"*": _TIMEOUT}, helper=helper)
    nothing = Lookup((), "dns_no_answer")
    helper = Helper((), page=Page(None, "unknown_error"))
    return s.but(system=nothing, plain=nothing, encrypted=nothing, helper=helper)


def _no_control(s: Scenario, rng: Random) -> Scenario:
    """The helper cannot be reached."""
    failure = rng.choice([_TIMEOUT, "connection_reset", "connection_refused", "eof_error", "unknown_failure"])
    return s.but(helper=None, control_failure=failure)


def _broken_v6(s: Scenario, rng: Random) -> Scenario:
    """The network has IPv6 addresses and no IPv6."""
    failures = ["network_unreachable", "host_unreachable", _TIMEOUT, "timed_out", "connection_refused"]
    return s.but(broken_v6=rng.choice(failures))


def _weak_resolver(s: Scenario, rng: Random) -> Scenario:
    """The network's own resolver breaks down."""
    failure = rng.choice([_TIMEOUT, "dns_servfail_error", "dns_server_misbehaving", "dns_temporary_failure"])
    return s.but(system=Lookup((), failure))


TROUBLES = (
    Trouble("dead", _dead),
    Trouble("slow", _slow),
    Trouble("lossy", _lossy),
    Trouble("rotating", _rotating),
    Trouble("refusing", _refusing),
    Trouble("captcha", _captcha),
    Trouble("changing", _changing),
    Trouble("misconfigured", _misconfigured),
    Trouble("no control", _no_control),
    Trouble("broken IPv6", _broken_v6),
    Trouble("weak resolver", _weak_resolver),
)


def generate(rng: Random) -> tuple[tuple[str, ...], Scenario]:
    """Draw one measurement of honest trouble: the names of its troubles, and the scenario."""
    scenario = Scenario(
        scheme=rng.choice(["http", "https"]),
        version=rng.choice(["0.5.28", "0.4.3"]),
        page=Page(body=BODY),
    )
    chosen = rng.sample(TROUBLES, k=rng.choice([1, 1, 2, 2, 3, 4]))
    chosen.sort(key=TROUBLES.index)
    for trouble in chosen:
        scenario = trouble.strike(scenario, rng)
    return tuple(trouble.name for trouble in chosen), scenario


def _with_helper(s: Scenario, **changes: object) -> Helper | None:
    return replace(s.helper, **changes) if s.helper is not None else None  # type: ignore[arg-type]  # its fields
