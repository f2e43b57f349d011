"""Columns `tcp_`, `tls_` and `quic_`: how far connections got at genuine addresses, beside the control."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypedDict

from cryptography import x509

from banwatch.judge.weighing.facts.addresses import is_address, is_v6
from banwatch.judge.weighing.facts.follow_ups import is_cut_elsewhere
from banwatch.judge.weighing.facts.hops import Hop
from banwatch.judge.weighing.names import certificate_problem
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.model import failure as f
from banwatch.model.control import Control, ControlEndpoint
from banwatch.model.fate import CUTS, Ending, ending_of, is_clear_text
from banwatch.model.follow_up import FollowUp
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation, Step
from banwatch.model.reference import Reference

_TCP, _TLS, _QUIC = Step.TCP, Step.TLS, Step.QUIC
_OK, _CERTIFICATE = Ending.OK, Ending.CERTIFICATE
_TIMEOUT, _REFUSED, _UNREACHABLE = Ending.TIMEOUT, Ending.REFUSED, Ending.UNREACHABLE
_RESET, _EOF, _ALERT = Ending.RESET, Ending.EOF, Ending.ALERT
_NAMING = frozenset({Step.TLS, Step.HTTP})
"""Steps in which a name is sent in the clear."""
RETRIES = frozenset({FollowUp.RETRY, FollowUp.RETEST})
"""Follow-ups that make the same step once more: at once, or after a pause and with more patience."""
OTHER_NAMES = frozenset({FollowUp.OTHER_NAME, FollowUp.OTHER_HOST})
"""Follow-ups with an innocent name at the same address."""
_OF_A_NAME = frozenset({Ending.ALERT, Ending.CERTIFICATE})
"""Endings by which a server says that it does not know a name."""
_GOT_THROUGH = frozenset({Ending.OK, Ending.CERTIFICATE})
_TCP_COLUMNS = frozenset({Ending.OK, Ending.TIMEOUT, Ending.REFUSED, Ending.RESET, Ending.UNREACHABLE})
_TLS_COLUMNS = frozenset({Ending.OK, Ending.TIMEOUT, Ending.RESET, Ending.EOF, Ending.ALERT})
_QUIC_REFUSALS = (Ending.RESET, Ending.REFUSED, Ending.UNREACHABLE)


@dataclass(slots=True)
class Connections:
    """Counts over the genuine endpoints of one hop."""

    tcp: dict[Ending, int] = field(default_factory=dict)
    tcp_unfair: int = 0
    tls: dict[Ending, int] = field(default_factory=dict)
    tls_unfair: int = 0
    mitm: tuple[str, ...] = ()
    certificate_failure: str | None = None
    device_authority: str = ""
    other_name_ok: bool = False
    other_name_cut: bool = False
    address_ok: bool = False
    clear_text: int = 0
    retested: bool = False
    quic: dict[Ending, int] = field(default_factory=dict)


class Fairness:
    """Decides whether a failure at an endpoint may be held against the network.

    It may where the control got through at the same endpoint, or, for endpoints and hops that the control did
    not measure, where it got the page. IPv6 counts only on a network where some IPv6 worked.
    """

    def __init__(self, parts: MeasurementParts) -> None:
        self._parts = parts
        self._endpoints: dict[tuple[str, int], ControlEndpoint] = (
            {(e.ip, e.port): e for e in parts.control.endpoints} if parts.control else {}
        )
        self._control_page = parts.page_of_control is not None

    def of_tcp(self, seen: Observation) -> bool:
        """Whether a failed connect counts."""
        if seen.ip is None or (is_v6(seen.ip) and not self._parts.has_working_v6):
            return False
        if seen.failure == f.NETWORK_DOWN or (
            seen.failure == f.NETWORK_UNREACHABLE and not self._parts.has_working_v4
        ):
            return False  # the probe's own machine has no route there
        control = self._control_at(seen)
        if control is not None:
            return control.tcp_failure is None
        return self._control_page

    def of_tls(self, seen: Observation) -> bool:
        """Whether a failed handshake counts."""
        if is_address(seen.hostname or "") and ending_of(seen.failure or "") in _OF_A_NAME:
            return False  # an address as server name, which RFC 6066 forbids: servers refuse it as they like
        control = self._control_at(seen)
        if control is not None and control.tls_attempted:
            return control.tls_failure is None
        if control is not None and control.tcp_failure is not None:
            return False
        return self._control_page

    def control_completed_tls(self, seen: Observation) -> bool:
        """Whether the control itself completed TLS at this very endpoint."""
        control = self._control_at(seen)
        return control is not None and control.tls_attempted and control.tls_failure is None

    def _control_at(self, seen: Observation) -> ControlEndpoint | None:
        return self._endpoints.get((self._parts.addresses.unwrap(seen.ip or ""), seen.port or 0))


def count_connections(
    hop: Hop,
    genuine: frozenset[str],
    fairness: Fairness,
    follow_ups: Sequence[Observation],
    measurement: Measurement,
    reference: Reference,
    other_hops: Iterable[Hop] = (),
) -> Connections:
    """Count how connects and handshakes ended at genuine addresses.

    Args:
        hop: the plain steps of the last hop.
        genuine: addresses that count.
        fairness: what the control found at each endpoint.
        follow_ups: the steps that follow-ups made.
        measurement: where and when it was made.
        reference: snapshots to compare with.
        other_hops: hops before, whose names may have got through at the same addresses.
    """
    result = Connections()
    retries = [seen for seen in follow_ups if seen.follow_up in RETRIES]
    retried = {(seen.step, seen.ip, seen.port) for seen in retries if seen.failure is None}
    result.retested = any(seen.follow_up == FollowUp.RETEST and seen.failure is not None for seen in retries)
    failed_again = {(seen.step, seen.ip, seen.port) for seen in retries if seen.failure is not None}
    for seen in hop.tcp:
        if seen.ip not in genuine:
            continue
        if seen.failure is None:
            _count(result.tcp, _OK)
        elif not fairness.of_tcp(seen) or (seen.step, seen.ip, seen.port) in retried:
            result.tcp_unfair += 1
        else:
            _count(result.tcp, ending_of(seen.failure))
            if (seen.step, seen.ip, seen.port) in failed_again:
                _count(result.tcp, ending_of(seen.failure))
    mitm: set[str] = set()
    cut: set[str] = set()
    for seen in hop.tls:
        if seen.ip not in genuine:
            continue
        ending = _ending_of_handshake(seen, measurement, reference)
        if ending is _OK:
            _count(result.tls, _OK)
        elif not fairness.of_tls(seen) or (seen.step, seen.ip, seen.port) in retried:
            result.tls_unfair += 1
            if (seen.step, seen.ip, seen.port) in failed_again and ending in CUTS:
                cut.add(seen.ip or "")
        elif ending is _CERTIFICATE:
            _note_certificate(result, mitm, seen, fairness, measurement, reference)
        else:
            _count(result.tls, ending)
            result.clear_text += ending is Ending.OTHER and is_clear_text(seen.failure or "")
            if (seen.step, seen.ip, seen.port) in failed_again:
                _count(result.tls, ending)
            cut.add(seen.ip or "")
    result.mitm = tuple(sorted(mitm))
    cut.update(seen.ip or "" for seen in hop.http if seen.failure and seen.ip in genuine)
    _note_others(result, hop, follow_ups, cut)
    result.other_name_ok = result.other_name_ok or _has_other_name_passed(hop, other_hops, cut)
    again = [seen for seen in retries if seen.step is _QUIC]
    for seen in (*hop.quic, *again):
        if seen.ip in genuine:
            _count(result.quic, ending_of(seen.failure) if seen.failure else _OK)
    return result


def _ending_of_handshake(seen: Observation, measurement: Measurement, reference: Reference) -> Ending:
    """Return how a handshake ended; a certificate that the probe refused is examined again."""
    if seen.failure is None:
        return _OK
    ending = ending_of(seen.failure)
    if ending is not _CERTIFICATE:
        return ending
    if seen.peer_certificates and certificate_problem(seen, measurement, reference) is None:
        return _OK  # an old root store or a wrong clock in the probe, not the network
    return ending


def _note_certificate(
    result: Connections,
    mitm: set[str],
    seen: Observation,
    fairness: Fairness,
    measurement: Measurement,
    reference: Reference,
) -> None:
    problem = seen.failure
    if seen.peer_certificates:
        problem = certificate_problem(seen, measurement, reference)
    if problem == f.SSL_UNKNOWN_AUTHORITY and seen.peer_certificates:
        product = reference.device_authority(seen.peer_certificates[0])
        if product:
            result.device_authority = product
            result.tls_unfair += 1
            return
    result.certificate_failure = problem
    if problem == f.SSL_INVALID_HOSTNAME and not seen.peer_certificates:
        _count(result.tls, Ending.ALERT)  # Go reports the alert `unrecognized_name` in the same words
    elif fairness.control_completed_tls(seen) and problem != f.SSL_INVALID_CERTIFICATE:
        mitm.add(_signed_by(seen))
    else:
        _count(result.tls, Ending.OTHER)


def _signed_by(seen: Observation) -> str:
    if not seen.peer_certificates:
        return ""
    return "self_signed" if is_self_signed(seen.peer_certificates[0]) else "ca_signed"


def _note_others(result: Connections, hop: Hop, follow_ups: Iterable[Observation], cut: set[str]) -> None:
    for seen in follow_ups:
        if seen.ip in cut and seen.follow_up in OTHER_NAMES and seen.step in _NAMING:
            ending = ending_of(seen.failure) if seen.failure else _OK
            if ending in _GOT_THROUGH:
                result.other_name_ok = True
            elif ending in CUTS:
                result.other_name_cut = True
    got_through = [*hop.tls, *hop.http]
    result.address_ok = any(seen.ip in cut and seen.failure is None for seen in got_through)


def _has_other_name_passed(hop: Hop, other_hops: Iterable[Hop], cut: set[str]) -> bool:
    """Whether at another redirect another name got through, in the same way, at an address where this failed.

    A name within TLS speaks for TLS, one in an unencrypted request for unencrypted requests.
    """
    shakes = {seen.ip for seen in hop.tls if seen.failure} & cut
    requests = {seen.ip for seen in hop.http if seen.failure and not _is_https(seen)} & cut
    names = {seen.hostname for seen in (*hop.tls, *hop.http)}
    for other in other_hops:
        for seen in (*other.tls, *other.http):
            if seen.failure is not None or not seen.hostname or seen.hostname in names:
                continue
            at = shakes if seen.step is _TLS else () if _is_https(seen) else requests
            if seen.ip in at:
                return True
    return False


def _is_https(page: Observation) -> bool:
    return (page.url or "").startswith("https:")


def _count(counts: dict[Ending, int], ending: Ending) -> None:
    counts[ending] = counts.get(ending, 0) + 1


@lru_cache(maxsize=4096)
def is_self_signed(der: bytes) -> bool:
    """Whether a certificate names itself as its issuer; False for bytes that are no certificate."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd certificates are data here, not somebody's mistake
            certificate = x509.load_der_x509_certificate(der)
        return certificate.issuer == certificate.subject
    except ValueError:
        return False


class ConnectionColumns(TypedDict):
    """Columns of `Evidence` with these names."""

    tcp_ok: int
    tcp_timeout: int
    tcp_refused: int
    tcp_reset: int
    tcp_unreachable: int
    tcp_other: int
    tcp_unfair: int
    tls_ok: int
    tls_reset: int
    tls_timeout: int
    tls_eof: int
    tls_alert: int
    tls_other: int
    tls_unfair: int
    tls_mitm: tuple[str, ...]
    tls_certificate_failure: str | None
    tls_device_authority: str
    tls_other_name_ok: bool
    tls_other_name_cut: bool
    tls_name_cut_elsewhere: bool
    tls_clear_text: int
    address_ok: bool
    quic_ok: int
    quic_timeout: int
    quic_reset: int
    quic_other_name_ok: bool
    quic_control: bool


def find_connections(
    counted: Connections, follow_ups: Sequence[Observation], control: Control | None
) -> ConnectionColumns:
    """Write the counts of connections into columns."""
    tcp, tls, quic = counted.tcp.get, counted.tls.get, counted.quic.get
    return {
        "tcp_ok": tcp(_OK, 0),
        "tcp_timeout": tcp(_TIMEOUT, 0),
        "tcp_refused": tcp(_REFUSED, 0),
        "tcp_reset": tcp(_RESET, 0),
        "tcp_unreachable": tcp(_UNREACHABLE, 0),
        "tcp_other": _others(counted.tcp, _TCP_COLUMNS),
        "tcp_unfair": counted.tcp_unfair,
        "tls_ok": tls(_OK, 0),
        "tls_reset": tls(_RESET, 0),
        "tls_timeout": tls(_TIMEOUT, 0),
        "tls_eof": tls(_EOF, 0),
        "tls_alert": tls(_ALERT, 0),
        "tls_other": _others(counted.tls, _TLS_COLUMNS),
        "tls_unfair": counted.tls_unfair,
        "tls_mitm": counted.mitm,
        "tls_certificate_failure": counted.certificate_failure,
        "tls_device_authority": counted.device_authority,
        "tls_other_name_ok": counted.other_name_ok,
        "tls_other_name_cut": counted.other_name_cut,
        "tls_name_cut_elsewhere": is_cut_elsewhere(follow_ups),
        "tls_clear_text": counted.clear_text,
        "address_ok": counted.address_ok,
        "quic_ok": quic(_OK, 0),
        "quic_timeout": quic(_TIMEOUT, 0),
        "quic_reset": sum([quic(ending, 0) for ending in _QUIC_REFUSALS]),
        "quic_other_name_ok": any(seen.step is _QUIC and seen.failure is None for seen in follow_ups),
        "quic_control": bool(control and control.http3 and control.http3.failure is None),
    }


def _others(counts: dict[Ending, int], named: frozenset[Ending]) -> int:
    return sum([counts[ending] for ending in counts.keys() - named])
