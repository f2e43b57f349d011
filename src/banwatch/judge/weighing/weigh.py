"""Observations, control and reference data to one row of evidence."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from banwatch.formats.ooni import Observed
from banwatch.judge.thresholds import LAG_SHARE, SHORT_TIMEOUT_S, USUAL_TIMEOUT_S
from banwatch.judge.weighing.answer_marks import find_answer_marks, has_site_answered
from banwatch.judge.weighing.connections import (
    Connections,
    Fairness,
    count_connections,
    find_connections,
)
from banwatch.judge.weighing.endpoints import EndpointColumns, sum_up
from banwatch.judge.weighing.facts import fingerprints
from banwatch.judge.weighing.facts.follow_ups import ANSWERS_OF_DNS
from banwatch.judge.weighing.facts.hops import is_of_system
from banwatch.judge.weighing.lookups import find_lookups
from banwatch.judge.weighing.page_pace import find_page_pace
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.judge.weighing.path_evidence import (
    NO_CUT,
    NO_FORGER,
    CutColumns,
    ForgerColumns,
    find_cut,
    find_forger,
)
from banwatch.judge.weighing.portals import is_behind_portal
from banwatch.judge.weighing.requests import find_known_pages, find_requests
from banwatch.judge.weighing.routes import addresses_of_route, came_by_other_route, find_chosen_resolver
from banwatch.judge.weighing.throughput import read_rates
from banwatch.judge.weighing.ways import find_ways
from banwatch.model.control import Control
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Ending, ending_of
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.nettest import WITH_OWN_CONTROLS, kind_of_nettest
from banwatch.model.observation import Observation, Step
from banwatch.model.path import VPN
from banwatch.model.receipt import SourceClass
from banwatch.model.reference import Reference
from banwatch.model.resolver import kind_of_resolver
from banwatch.model.service import BY_CONNECT_ALONE, CACHES_AT_PROVIDERS, SERVICE_NETWORKS

_DNS = Step.DNS
_OF_PROXIES = ("198.18.", "198.19.", "fc00:")
"""Beginnings of the addresses that Clash, Surge and sing-box answer with in their "fake IP" mode:
198.18.0.0/15 (RFC 2544, which no operator routes) and fc00::/18."""
_WITH_TIMEOUTS_OF_THEIR_OWN = frozenset({Step.TCP, Step.TLS})
_NO_ANSWER = frozenset({Ending.TIMEOUT, Ending.UNREACHABLE, Ending.OTHER})


def weigh(observed: Observed, reference: Reference) -> Evidence:
    """Compare a measurement with its control and with reference data.

    Pure: the same measurement and snapshots give the same row.
    """
    parts = MeasurementParts(observed, reference)
    fairness = Fairness(parts)
    chosen = find_chosen_resolver(parts)
    other_route = not chosen and came_by_other_route(parts)
    genuine = parts.last_names.genuine
    if other_route:
        genuine = (genuine & addresses_of_route(parts, parts.last)) or genuine
    connections = count_connections(
        parts.last,
        genuine,
        fairness,
        parts.follow_ups,
        parts.measurement,
        reference,
        parts.hops[: parts.last_at],
    )
    in_answers = fingerprints.find_in_answers(
        (*parts.names.unvouched, *parts.names.bogons),
        (name for hop in parts.hops for lookup in hop.dns for name in lookup.cnames),
        parts.measurement,
        reference,
    )
    in_pages = find_known_pages(parts)
    cut, forger = _find_path(parts, genuine)
    return Evidence(
        **_find_identity(parts),
        **_find_whole(
            parts,
            connections,
            is_behind_portal(parts, known_national=in_pages.national or in_answers.national),
        ),
        **_find_control(parts),
        **find_lookups(parts, in_answers),
        **forger,
        **find_connections(connections, parts.follow_ups, parts.control),
        **cut,
        **find_requests(parts, in_answers, in_pages),
        **read_rates(parts.plain, parts.follow_ups),
        http_goodput_control_bps=observed.control_goodput_bps,
        http_goodput_control_other_bps=observed.control_twin_goodput_bps,
        throttle_kind=observed.throttle_kind,
        throttle_slowdown=observed.download_slowdown,
        **_sum_up_endpoints(parts),
        failures=tuple(sorted(filter(None, parts.steps.failures))),
        outcome_failure=observed.outcome.failure,
        outcome_success=observed.outcome.success,
        outcome_tampered=observed.outcome.tampered,
        page_by_other_route=other_route,
        chosen_resolver=chosen,
        **find_ways(parts.last, parts.last_names.genuine, fairness, parts.follow_ups),
        site_answered=has_site_answered(parts),
        answer_marks=find_answer_marks(parts),
        **find_page_pace(parts),
    )


class IdentityColumns(TypedDict):
    """Columns of `Evidence` that say which measurement it is, by whom, and what it was weighed with."""

    measurement_uid: MeasurementUid
    target: TargetName
    test_name: str
    input: str
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    report_id: str
    probe_id: str
    measurement_start_time: datetime
    received_at: datetime | None
    source_class: SourceClass
    receipt_voice: str
    origin_agrees: bool | None
    lab: str
    software: str
    platform: str
    resolver_kind: str
    snapshots: tuple[str, ...]
    kind: str


def _find_identity(parts: MeasurementParts) -> IdentityColumns:
    m = parts.measurement
    return {
        "measurement_uid": m.measurement_uid,
        "target": m.target,
        "test_name": m.test_name,
        "input": m.input,
        "probe_cc": m.probe_cc,
        "probe_asn": m.probe_asn,
        "access_tier": m.access_tier,
        "report_id": m.report_id,
        "probe_id": parts.observed.probe_id,
        "measurement_start_time": m.measurement_start_time,
        "lab": m.lab,
        "software": f"{m.software_name} {m.software_version}".strip(),
        "platform": m.platform,
        "received_at": m.received_at,
        "source_class": m.source_class,
        "receipt_voice": m.receipt_voice,
        "origin_agrees": m.origin_agrees,
        "resolver_kind": kind_of_resolver(m.resolver_asn, m.probe_asn, m.resolver_ip).value,
        "snapshots": parts.reference.snapshot_ids,
        "kind": kind_of_nettest(m.test_name).value,
    }


class WholeColumns(TypedDict):
    """Columns of `Evidence` about the measurement as a whole."""

    steps: int
    silent: bool
    answered: bool
    connected: bool
    hops: int
    in_tunnel: bool
    slow_probe: bool
    retested: bool
    short_timeouts: bool
    portal: bool
    hop: int | None
    hostname: str | None
    control_covers: bool


def _find_whole(parts: MeasurementParts, connections: Connections, portal: bool) -> WholeColumns:
    observed = parts.observed
    return {
        "steps": len(observed.observations),
        "silent": not parts.steps.is_answered
        and _is_silent(observed.observations)
        and not _came_over_this_network(parts),
        "answered": parts.steps.is_answered,
        "connected": parts.steps.is_connected,
        "hops": parts.last_at,
        "in_tunnel": observed.network_type == VPN or observed.proxied or _is_behind_proxy(parts),
        "slow_probe": _is_slow(observed),
        "retested": connections.retested or parts.steps.is_retested,
        "short_timeouts": any(
            seconds < SHORT_TIMEOUT_S
            for step, seconds in observed.timeouts_s
            if step in _WITH_TIMEOUTS_OF_THEIR_OWN
        ),
        "portal": portal,
        "hop": parts.last_at if parts.plain else None,
        "hostname": parts.last_names.hostname,
        "control_covers": parts.last.covered,
    }


def _is_silent(observations: Sequence[Observation]) -> bool:
    """Whether nothing at all answered: no lookup, no connect, no handshake, no request."""
    asked = [seen for seen in observations if ending_of(seen.failure or "") is not Ending.OWN]
    return bool(asked) and all(_is_unanswered(seen) for seen in asked)


def _came_over_this_network(parts: MeasurementParts) -> bool:
    """Whether a control answered that the probe asked itself, without a helper: then the network works."""
    control = parts.control
    if control is None or parts.measurement.test_name not in WITH_OWN_CONTROLS:
        return False
    return bool(control.addresses) or (control.http is not None and control.http.failure is None)


def _is_unanswered(seen: Observation) -> bool:
    if seen.failure is None:
        return False
    if seen.step is _DNS:
        return seen.failure not in ANSWERS_OF_DNS and not seen.answers
    return ending_of(seen.failure) in _NO_ANSWER


def _sum_up_endpoints(parts: MeasurementParts) -> EndpointColumns:
    forged = _find_forged_hosts(parts)
    connected_alone = parts.measurement.target in BY_CONNECT_ALONE
    impostors = frozenset(host for host in forged if not host.endswith(CACHES_AT_PROVIDERS))
    return sum_up(parts.observed.endpoints, forged, impostors if connected_alone else frozenset())


def _find_forged_hosts(parts: MeasurementParts) -> frozenset[str]:
    """Find names of a service that resolved, all of them, into networks that are not the service's."""
    networks = SERVICE_NETWORKS.get(parts.measurement.target, frozenset())
    if not networks:
        return frozenset()
    answers: dict[str, list[str]] = {}
    for seen in parts.plain:
        if seen.step is _DNS and seen.hostname and is_of_system(seen) and not seen.late:
            answers.setdefault(seen.hostname, []).extend(seen.answers)
    return frozenset(
        host for host, ips in answers.items() if ips and not any(_is_in(ip, networks, parts) for ip in ips)
    )


def _is_in(ip: str, networks: frozenset[Asn], parts: MeasurementParts) -> bool:
    """Whether an address lies in one of some networks, or in none that is known."""
    network = parts.reference.network_of(parts.addresses.unwrap(ip))
    return not parts.addresses.is_bogon(ip) if network is None else network.asn in networks


def _is_behind_proxy(parts: MeasurementParts) -> bool:
    """Whether every name resolved into a range that proxies on a device answer from."""
    answers = [ip for hop in parts.hops for seen in hop.dns if is_of_system(seen) for ip in seen.answers]
    return bool(answers) and all(ip.startswith(_OF_PROXIES) for ip in answers)


def _is_slow(observed: Observed) -> bool:
    """Whether the probe's own machine may be the cause of a time-out."""
    lag = observed.probe_lag_s
    shortest = min((seconds for _, seconds in observed.timeouts_s), default=USUAL_TIMEOUT_S)
    slowest = observed.slowest_step
    return (lag is not None and lag >= shortest * LAG_SHARE) or (slowest is not None and slowest >= LAG_SHARE)


class ControlColumns(TypedDict):
    """Columns of `Evidence` about the control; `quic_control` is with the connections."""

    control: bool
    control_failure: str | None
    control_dns: bool
    control_dns_failure: str | None
    control_bogon: bool
    control_tcp: bool
    control_tls_failure: str | None
    control_http: bool
    control_http_failure: str | None
    control_http_status: int | None


def _find_control(parts: MeasurementParts) -> ControlColumns:
    control = parts.control
    page = control.http if control else None
    return {
        "control": control is not None and parts.observed.control_failure is None,
        "control_failure": parts.observed.control_failure,
        "control_dns": control is not None and bool(control.addresses),
        "control_dns_failure": control.dns_failure if control else None,
        "control_bogon": parts.names.bogon_expected,
        "control_tcp": control is not None and any(e.tcp_failure is None for e in control.endpoints),
        "control_tls_failure": _tls_failure(control),
        "control_http": parts.page_of_control is not None,
        "control_http_failure": page.failure if page else None,
        "control_http_status": page.status_code if page else None,
    }


def _tls_failure(control: Control | None) -> str | None:
    tried = [e.tls_failure for e in control.endpoints if e.tls_attempted] if control else []
    return tried[0] if tried and all(tried) else None


def _find_path(parts: MeasurementParts, genuine: frozenset[str]) -> tuple[CutColumns, ForgerColumns]:
    """Find who cuts and who forges; without follow-ups nothing tells."""
    observed = parts.observed
    if not parts.follow_ups and not observed.located:
        return NO_CUT, NO_FORGER
    cut = find_cut(
        parts.last,
        genuine,
        parts.follow_ups,
        observed.connections,
        observed.located,
        parts.is_the_sites,
    )
    lookups = parts.hops[parts.names_at].dns
    return cut, find_forger(lookups, parts.names, parts.follow_ups, observed.located, parts.addresses)
