"""The steps of a measurement, each beside what the control saw: the one wording for pages and terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.model.control import Control
from banwatch.model.failure import DNS_NO_ANSWER
from banwatch.model.observation import Observation, Step
from banwatch.pages.wording import words

_STEP_WORDS = {
    Step.DNS: "Name lookup",
    Step.TCP: "TCP connection",
    Step.TLS: "TLS handshake",
    Step.QUIC: "QUIC handshake",
    Step.HTTP: "HTTP request",
}
_ENGINE_WORDS = {
    "getaddrinfo": "system resolver",
    "system": "system resolver",
    "udp": "resolver over UDP",
    "tcp": "resolver over TCP",
    "dot": "resolver over TLS",
    "doh": "resolver over HTTPS",
}
_MAX_ADDRESSES = 6
"""Addresses named for one answer; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """Step of a measurement: what was tried, what the probe got, and what the control got."""

    hop: int
    """Redirects that were followed before it."""
    step: Step
    heading: str
    """The step in words, with its redirect and its follow-up."""
    what: str
    """The question, endpoint or address that was tried."""
    at: str
    """Time since the measurement began; empty where the probe does not say."""
    probe: str
    failed: bool
    """Whether the probe failed, and the control does not excuse it."""
    control: str
    """Empty where the control did not try it."""


def view_steps(observations: Sequence[Observation], control: Control | None) -> tuple[StepView, ...]:
    """Lay the observations beside the control, for pages and for the terminal alike."""
    last_hop = max((o.hop for o in observations if o.step is Step.HTTP), default=0)
    of_last_hop = (o.ordinal for o in observations if o.step is Step.HTTP and o.hop == last_hop)
    last_http = max(of_last_hop, default=-1)
    return tuple(
        StepView(
            hop=observation.hop,
            step=observation.step,
            heading=_heading(observation),
            what=words.visible(_what(observation), 200),
            at=f"{observation.t0_s:.3f} s" if observation.t0_s is not None else "",
            probe=words.visible(_probe(observation), 300),
            failed=observation.failure is not None and not _nothing_to_find(observation, control),
            control=words.visible(_control(observation, control, last_http), 300) if control else "",
        )
        for observation in observations
    )


def _nothing_to_find(observation: Observation, control: Control | None) -> bool:
    """Tell whether a lookup found no address of a type of which the control found none either."""
    return (
        observation.failure == DNS_NO_ANSWER
        and observation.step is Step.DNS
        and control is not None
        and not _of_type(control.addresses, observation.query_type)
    )


def _heading(observation: Observation) -> str:
    said = _STEP_WORDS[observation.step]
    if observation.hop:
        said += f", redirect {observation.hop}"
    if observation.follow_up:
        said += f" ({words.visible(observation.follow_up, 40)})"
    return said


def _endpoint(observation: Observation) -> str:
    ip = observation.ip or "?"
    return f"[{ip}]:{observation.port}" if ":" in ip else f"{ip}:{observation.port}"


def _what(observation: Observation) -> str:
    if observation.step is Step.DNS:
        engine = _ENGINE_WORDS.get(observation.engine or "", observation.engine or "resolver")
        by = f" {observation.resolver_address}" if observation.resolver_address else ""
        return f"{observation.query_type or ''} {observation.hostname or ''}, {engine}{by}".strip()
    if observation.step is Step.HTTP:
        return f"{observation.method or 'GET'} {observation.url or ''}"
    name = f" as {observation.hostname}" if observation.hostname and observation.step is not Step.TCP else ""
    return _endpoint(observation) + name


def _addresses(found: Sequence[str]) -> str:
    more = f" and {len(found) - _MAX_ADDRESSES} more" if len(found) > _MAX_ADDRESSES else ""
    return ", ".join(found[:_MAX_ADDRESSES]) + more


def _of_type(addresses: Sequence[str], query_type: str | None) -> list[str]:
    """Keep the addresses of the type that a query asks for."""
    if query_type not in ("A", "AAAA"):
        return list(addresses)
    return [address for address in addresses if (":" in address) == (query_type == "AAAA")]


def _probe(observation: Observation) -> str:
    if observation.failure == DNS_NO_ANSWER:
        return "no address of this kind"
    if observation.failure is not None:
        return f"failed: {observation.failure}"
    if observation.step is Step.DNS:
        late = " (a second answer, arriving later)" if observation.late else ""
        return (_addresses(observation.answers) or "no address") + late
    if observation.step is Step.TCP:
        return "connected"
    if observation.step is Step.HTTP:
        parts = [str(observation.status_code) if observation.status_code else "answered"]
        if observation.title:
            parts.append(f"“{observation.title[:80]}”")
        if observation.location:
            parts.append(f"to {observation.location}")
        if observation.body_length is not None:
            parts.append(f"{observation.body_length:,} bytes")
        return ", ".join(parts)
    version = observation.tls_version or "completed"
    unverified = ", certificate not verified" if observation.no_verify else ""
    return f"{version}{unverified}"


def _control(observation: Observation, control: Control, last_http: int) -> str:
    if observation.step is Step.DNS:
        if observation.hop or not control.dns_attempted:
            return ""
        if control.dns_failure:
            return f"failed: {control.dns_failure}"
        return _addresses(_of_type(control.addresses, observation.query_type)) or "no address of this kind"
    if observation.step is Step.HTTP:
        return _control_http(control) if observation.ordinal == last_http else ""
    for endpoint in control.endpoints:
        if endpoint.ip != observation.ip or endpoint.port != observation.port:
            continue
        if observation.step is Step.TCP:
            return f"failed: {endpoint.tcp_failure}" if endpoint.tcp_failure else "connected"
        if observation.step is Step.TLS and endpoint.tls_attempted:
            return f"failed: {endpoint.tls_failure}" if endpoint.tls_failure else "completed"
    return ""


def _control_http(control: Control) -> str:
    http = control.http
    if http is None:
        return ""
    if http.failure:
        return f"failed: {http.failure}"
    parts = [str(http.status_code) if http.status_code else "answered"]
    if http.title:
        parts.append(f"“{http.title[:80]}”")
    if http.body_length is not None and http.body_length >= 0:
        parts.append(f"{http.body_length:,} bytes")
    return ", ".join(parts)
