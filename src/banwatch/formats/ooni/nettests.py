"""Nettests: the target's name, the endpoints, and the result that each states for itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from banwatch.formats.ooni.endpoints import GroupOf, read_endpoints
from banwatch.formats.ooni.failures import normalise
from banwatch.formats.ooni.observed import Endpoint, Outcome
from banwatch.formats.ooni.reading import host_of, read_ip
from banwatch.formats.ooni.steps import Steps
from banwatch.formats.ooni.wire import Raw, TestKeys, TlsHandshake, TorTarget
from banwatch.model.fate import Ending, ending_of
from banwatch.model.nettest import is_ignored
from banwatch.model.observation import Step

APPLICATIONS = {
    "telegram": "telegram",
    "whatsapp": "whatsapp",
    "signal": "signal",
    "facebook_messenger": "facebook_messenger",
    "tor": "tor",
    "vanilla_tor": "tor",
    "torsf": "snowflake",
    "psiphon": "psiphon",
    "riseupvpn": "riseupvpn",
    "meek_fronted_requests_test": "meek",
    "bridge_reachability": "tor",
    "lantern_circumvention_tool_test": "lantern",
    "psiphon_test": "psiphon",
}
"""Nettests of one application each, and the stable name of it."""

_CONNECTED = "success"
"""Word that the Python probe writes for a TCP connect that went well (OONI ts-008)."""
_MAX_TARGETS = 200
"""Endpoints read of a `tor` or `dnscheck` measurement; the longest lists have under 50."""
_RESPECTS = (
    "total",
    "request_line_capitalization",
    "header_name_capitalization",
    "header_field_name",
    "header_field_value",
    "header_field_number",
    "header_name_diff",
)
"""In what headers can differ from those sent (OONI ts-006)."""
_BOOTSTRAPS = frozenset(
    {
        "vanilla_tor",
        "meek_fronted_requests_test",
        "tcp_connect",
        "torsf",
        "psiphon",
        "openvpn",
        "stunreachability",
        "bridge_reachability",
        "lantern_circumvention_tool_test",
        "openvpn_client_test",
        "psiphon_test",
    }
)


@dataclass(frozen=True, slots=True)
class Nettest:
    """Facts that a nettest adds to the common steps."""

    outcome: Outcome = field(default_factory=Outcome)
    endpoints: tuple[Endpoint, ...] = ()


_NOTHING = Nettest()


def name_target(test_name: str, measured_input: str, target_of: Callable[[str], str]) -> str:
    """Stable name of what was measured: an application, a registrable domain, or else the nettest itself."""
    if test_name in APPLICATIONS:
        return APPLICATIONS[test_name]
    host = host_of(measured_input)
    if not host:
        return test_name
    if test_name == "openvpn":
        return host.removesuffix(".corp")  # `openvpn://<provider>.corp/?address=...`
    return target_of(host)


def read(test_name: str, keys: TestKeys, steps: Steps, at: datetime) -> Nettest:
    """Read what a nettest has beside the common steps, adding the steps that it keeps elsewhere."""
    if test_name == "web_connectivity":
        return _NOTHING
    if test_name in _GROUPS:
        return Nettest(
            outcome=Outcome(failure=normalise(keys.failure)),
            endpoints=read_endpoints(
                steps.found,
                _GROUPS[test_name],
                lambda host, step: is_ignored(test_name, host, step, at),
            ),
        )
    if test_name == "tor":
        return Nettest(endpoints=_read_tor(keys, steps))
    if test_name == "dnscheck":
        return Nettest(outcome=_read_failure(keys), endpoints=_read_lookups(keys, steps))
    if test_name == "echcheck":
        return Nettest(outcome=_read_failure(keys), endpoints=_read_ech(keys))
    if test_name in _BOOTSTRAPS:
        return Nettest(outcome=_read_bootstrap(test_name, keys))
    if test_name == "http_invalid_request_line":
        return Nettest(outcome=_read_echo(keys))
    if test_name == "http_header_field_manipulation":
        return Nettest(outcome=_read_headers(keys))
    return Nettest(outcome=_read_failure(keys))


def _telegram(host: str) -> str | None:
    if read_ip(host):
        return "access points"
    return "web" if host == "web.telegram.org" else None


def _whatsapp(host: str) -> str | None:
    if host.endswith(".whatsapp.net") and host[0] in "eg":
        return "endpoints"
    return {"v.whatsapp.net": "registration", "web.whatsapp.com": "web"}.get(host)


def _signal(host: str) -> str | None:
    return None if read_ip(host) else host


def _facebook(host: str) -> str | None:
    return None if read_ip(host) else host


def _riseup(host: str) -> str | None:
    return "gateways" if read_ip(host) else host


_GROUPS: dict[str, GroupOf] = {
    "telegram": _telegram,
    "whatsapp": _whatsapp,
    "signal": _signal,
    "facebook_messenger": _facebook,
    "riseupvpn": _riseup,
}


def _read_failure(keys: TestKeys) -> Outcome:
    return Outcome(failure=normalise(keys.failure))


def _read_tor(keys: TestKeys, steps: Steps) -> tuple[Endpoint, ...]:
    found = []
    for target in list((keys.targets or {}).values())[:_MAX_TARGETS]:
        steps.add_queries(target.queries, _first_hop)
        steps.add_connects(target.tcp_connect, _first_hop)
        steps.add_handshakes(target.tls_handshakes, _first_hop)
        steps.add_requests(target.requests)
        failure = normalise(target.failure)
        failed = [c for c in target.tcp_connect or () if c.status and c.status.failure]
        found.append(
            Endpoint(
                group=target.target_protocol or "unknown",
                name=target.target_name or target.target_address or "unknown",
                step=None if failure is None else Step.TCP if failed else _last_step(target),
                failure=failure,
            )
        )
    return tuple(found)


def _last_step(target: TorTarget) -> Step:
    """Return the step at which an address failed: a directory is asked over HTTP, others shake hands."""
    return Step.HTTP if target.requests or target.target_protocol == "dir_port" else Step.TLS


def _read_lookups(keys: TestKeys, steps: Steps) -> tuple[Endpoint, ...]:
    """Read each way to ask the resolver; one that works is enough.

    Before these its own name is looked up by the system (`bootstrap`): where that gives nothing, nothing
    is asked.
    """
    found = []
    bootstrap = _decode_keys(keys.bootstrap)
    if bootstrap is not None:
        steps.add_queries(bootstrap.queries, _first_hop)
    failed_at_first = normalise(keys.bootstrap_failure) or (
        normalise(bootstrap.failure) if bootstrap else None
    )
    if failed_at_first and not keys.lookups:
        return (Endpoint(group="resolver", name="bootstrap", step=Step.DNS, failure=failed_at_first),)
    for url, lookup in list((keys.lookups or {}).items())[:_MAX_TARGETS]:
        before = len(steps.found)
        steps.add_queries(lookup.queries, _first_hop)
        steps.add_connects(lookup.tcp_connect, _first_hop)
        steps.add_handshakes(lookup.tls_handshakes, _first_hop)
        steps.add_handshakes(lookup.quic_handshakes, _first_hop)
        failure = normalise(lookup.failure)
        failed = [seen.step for seen in steps.found[before:] if seen.failure and seen.step is not Step.DNS]
        step = failed[-1] if failed else Step.DNS
        found.append(Endpoint(group="resolver", name=url, step=step if failure else None, failure=failure))
    return tuple(found)


def _read_ech(keys: TestKeys) -> tuple[Endpoint, ...]:
    """Read the handshakes with an encrypted ClientHello, with one that only looks so (GREASE), and without.

    Each is a group of its own, and so is one with another outer name: a censor may look at the extension and
    the name together.
    """
    return tuple(
        Endpoint(
            group=_ech_group(shake),
            name=shake.address or shake.server_name or "unknown",
            step=Step.TLS if shake.failure else None,
            failure=normalise(shake.failure),
        )
        for shake in (keys.tls_handshakes or ())[:_MAX_TARGETS]
    )


def _ech_group(shake: TlsHandshake) -> str:
    if not shake.echconfig:
        return "without ECH"
    if shake.echconfig != "GREASE":
        return "with ECH"
    outer = shake.outer_server_name
    return "with GREASE" if not outer or outer == shake.server_name else "with GREASE, another name"


def _read_bootstrap(test_name: str, keys: TestKeys) -> Outcome:
    failure = normalise(keys.failure or keys.error)
    success = keys.success
    if success is None and test_name in ("psiphon", "torsf", "vanilla_tor"):
        is_stated = failure is not None or keys.bootstrap_time is not None
        success = failure is None and (keys.bootstrap_time or 0) > 0 if is_stated else None
    if test_name == "meek_fronted_requests_test":
        failure = failure or normalise(_failure_of_all(keys))
        # a front that answers otherwise has retired its meek
        success = success or (False if failure else None)
    if success is None and test_name == "tcp_connect" and keys.connection:
        success = keys.connection == _CONNECTED
        failure = None if success else normalise(keys.connection)
    if success is None and test_name == "stunreachability" and keys.endpoint:
        success = failure is None
    if success is False and failure is not None and ending_of(failure) is Ending.OWN:
        success = None  # whoever measured stopped it
    return Outcome(failure=failure, success=success)


def _failure_of_all(keys: TestKeys) -> str | None:
    """Return the failure of the requests where none got any answer; None where one did, or none was made."""
    requests = keys.requests or ()
    answered = any(one.response and one.response.code for one in requests)
    return None if answered else next((one.failure for one in requests if one.failure), None)


def _read_echo(keys: TestKeys) -> Outcome:
    """Compare what came back with what was sent.

    Nothing back says nothing, nor does a record that contradicts what the probe itself made of it.
    """
    sent, received = keys.sent or [], keys.received or []
    answered = [(there, back) for there, back in zip(sent, received, strict=False) if back]
    if not answered or len(sent) != len(received):
        return Outcome(failure=normalise(keys.failure))
    changed = any(there != back for there, back in answered)
    if changed is not (bytes(keys.tampering) == b"true"):
        return Outcome(failure=normalise(keys.failure))
    return Outcome(tampered=changed, success=not changed)


def _read_headers(keys: TestKeys) -> Outcome:
    """Read in which respects the headers that arrived were not those that were sent."""
    answered = any(
        request.failure is None and request.response and request.response.code
        for request in keys.requests or ()
    )
    differences = _read_raw(keys.tampering)
    if not answered or differences is None:
        return Outcome(failure=normalise(keys.failure))
    changed = any(_tells(differences.get(name)) for name in _RESPECTS)
    return Outcome(tampered=changed, success=not changed)


def _tells(difference: object) -> bool:
    """Whether a respect in which headers may differ says that they did: true, or a list of names."""
    if isinstance(difference, list):
        return bool(difference) and all(isinstance(name, str) for name in difference)
    return difference is True


def _decode_keys(raw: Raw) -> TestKeys | None:
    """Decode steps that a nettest keeps within another key; None where their shape is unknown."""
    try:
        return msgspec.json.decode(bytes(raw), type=TestKeys | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _read_raw(raw: Raw) -> dict[str, object] | None:
    try:
        value = msgspec.json.decode(bytes(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _first_hop(host: str | None) -> int:
    del host
    return 0
