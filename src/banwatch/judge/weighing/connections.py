"""How far connections got at genuine addresses, beside the control: `tcp_`, `tls_` and `quic_`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from banwatch.judge.weighing.addresses import is_v6
from banwatch.judge.weighing.certificates import is_self_signed
from banwatch.judge.weighing.hops import Hop
from banwatch.judge.weighing.names import certificate_problem
from banwatch.model import failure as f
from banwatch.model.control import Control, ControlEndpoint
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation, Step
from banwatch.model.reference import Reference

_UNREACHABLE = frozenset({f.HOST_UNREACHABLE, f.NETWORK_UNREACHABLE, f.NETWORK_DOWN})
_RESETS = frozenset({f.CONNECTION_RESET, f.CONNECTION_ABORTED})
_NAMING = frozenset({Step.TLS, Step.HTTP})
"""Steps in which a name is sent in the clear."""
RETRIES = frozenset({"retry", "retest"})
"""Follow-ups that make the same step once more: at once, or after a pause and with more patience."""
OTHER_NAMES = frozenset({"other_name", "other_host"})
"""Follow-ups with an innocent name at the same address."""
CUTS = frozenset({"reset", "timeout", "eof", "alert"})
ALERT_MARK = "remote error: tls"
_OURS = frozenset({f.PERMISSION_DENIED, "interrupted", "canceled", "operation_canceled"})
"""Failures of the probe's own machine."""


def kind_of(failure: str) -> str:
    """Name a failure by what was done to the connection: `reset`, `timeout`, `eof`, `alert`, ..."""
    if failure in _RESETS:
        return "reset"
    if failure in f.TIMEOUTS:
        return "timeout"
    if failure == f.CONNECTION_REFUSED:
        return "refused"
    if failure == f.EOF:
        return "eof"
    if failure in _UNREACHABLE:
        return "unreachable"
    if failure in f.CERTIFICATE_FAILURES:
        return "certificate"
    if ALERT_MARK in failure or failure == "ssl_failed_handshake":
        return "alert"
    return "own" if failure in _OURS else "other"


@dataclass(slots=True)
class Connections:
    """Counts over the genuine endpoints of one hop."""

    tcp: dict[str, int] = field(default_factory=dict)
    tcp_unfair: int = 0
    tls: dict[str, int] = field(default_factory=dict)
    tls_unfair: int = 0
    mitm: tuple[str, ...] = ()
    certificate_failure: str | None = None
    other_name_ok: bool = False
    other_name_cut: bool = False
    address_ok: bool = False
    retested: bool = False
    quic: dict[str, int] = field(default_factory=dict)
    quic_control: bool = False


class Fairness:
    """Says whether a failure at an endpoint may be held against the network.

    It may where the control got through at the same endpoint, or, for endpoints and hops that the control did
    not look at, where it got the page. IPv6 counts only on a network where some IPv6 worked.
    """

    def __init__(self, control: Control | None, control_page: bool, *, working_v6: bool) -> None:
        self._endpoints: dict[tuple[str, int], ControlEndpoint] = (
            {(e.ip, e.port): e for e in control.endpoints} if control else {}
        )
        self._control_page = control_page
        self._working_v6 = working_v6

    def of_tcp(self, seen: Observation) -> bool:
        """Whether a failed connect counts."""
        if seen.ip is None or (is_v6(seen.ip) and not self._working_v6):
            return False
        known = self._known(seen)
        if known is not None:
            return known.tcp_failure is None
        return self._control_page

    def of_tls(self, seen: Observation) -> bool:
        """Whether a failed handshake counts."""
        known = self._known(seen)
        if known is not None and known.tls_attempted:
            return known.tls_failure is None
        if known is not None and known.tcp_failure is not None:
            return False
        return self._control_page

    def knows_tls(self, seen: Observation) -> bool:
        """Whether the control itself completed TLS at this very endpoint."""
        known = self._known(seen)
        return known is not None and known.tls_attempted and known.tls_failure is None

    def tls_failure(self, seen: Observation) -> str | None:
        """The control's failure at this endpoint."""
        known = self._known(seen)
        return known.tls_failure if known else None

    def _known(self, seen: Observation) -> ControlEndpoint | None:
        return self._endpoints.get((seen.ip or "", seen.port or 0))


def count_connections(
    hop: Hop,
    genuine: frozenset[str],
    fairness: Fairness,
    follow_ups: Sequence[Observation],
    measurement: Measurement,
    reference: Reference,
) -> Connections:
    """Count how connects and handshakes ended at genuine addresses."""
    result = Connections()
    retries = [seen for seen in follow_ups if seen.follow_up in RETRIES]
    retried = {(seen.step, seen.ip, seen.port) for seen in retries if seen.failure is None}
    result.retested = any(seen.follow_up == "retest" and seen.failure is not None for seen in retries)
    failed_again = {(seen.step, seen.ip, seen.port) for seen in retries if seen.failure is not None}
    for seen in hop.tcp:
        if seen.ip not in genuine:
            continue
        if seen.failure is None:
            _count(result.tcp, "ok")
        elif not fairness.of_tcp(seen) or (seen.step, seen.ip, seen.port) in retried:
            result.tcp_unfair += 1
        else:
            _count(result.tcp, kind_of(seen.failure))
            if (seen.step, seen.ip, seen.port) in failed_again:
                _count(result.tcp, kind_of(seen.failure))
    mitm: set[str] = set()
    cut: set[str] = set()
    for seen in hop.tls:
        if seen.ip not in genuine:
            continue
        kind = _kind_of_handshake(seen, measurement, reference)
        if kind == "ok":
            _count(result.tls, "ok")
        elif not fairness.of_tls(seen) or (seen.step, seen.ip, seen.port) in retried:
            result.tls_unfair += 1
            if (seen.step, seen.ip, seen.port) in failed_again and kind in CUTS:
                cut.add(seen.ip or "")
        elif kind == "certificate":
            _note_certificate(result, mitm, seen, fairness, measurement, reference)
        else:
            _count(result.tls, kind)
            if (seen.step, seen.ip, seen.port) in failed_again:
                _count(result.tls, kind)
            cut.add(seen.ip or "")
    result.mitm = tuple(sorted(mitm))
    cut.update(seen.ip or "" for seen in hop.http if seen.failure and seen.ip in genuine)
    _note_others(result, hop, follow_ups, cut)
    again = [seen for seen in retries if seen.step is Step.QUIC]
    for seen in (*hop.quic, *again):
        if seen.ip in genuine:
            _count(result.quic, kind_of(seen.failure) if seen.failure else "ok")
    return result


def _kind_of_handshake(seen: Observation, measurement: Measurement, reference: Reference) -> str:
    """Tell how a handshake ended; a certificate that the probe refused is looked at again by ourselves."""
    if seen.failure is None:
        return "ok"
    kind = kind_of(seen.failure)
    if kind != "certificate":
        return kind
    if seen.peer_certificates and certificate_problem(seen, measurement, reference) is None:
        return "ok"  # an old root store or a wrong clock in the probe, not the network
    return kind


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
    result.certificate_failure = problem
    if problem == f.SSL_INVALID_HOSTNAME and not seen.peer_certificates:
        _count(result.tls, "alert")  # Go reports the alert `unrecognized_name` in the same words
    elif fairness.knows_tls(seen) and problem != f.SSL_INVALID_CERTIFICATE:
        mitm.add(_signed_by(seen))
    else:
        _count(result.tls, "other")


def _signed_by(seen: Observation) -> str:
    if not seen.peer_certificates:
        return ""
    return "self_signed" if is_self_signed(seen.peer_certificates[0]) else "ca_signed"


def _note_others(result: Connections, hop: Hop, follow_ups: Iterable[Observation], cut: set[str]) -> None:
    for seen in follow_ups:
        if seen.ip in cut and seen.follow_up in OTHER_NAMES and seen.step in _NAMING:
            kind = kind_of(seen.failure) if seen.failure else "ok"
            if kind in ("ok", "certificate"):
                result.other_name_ok = True
            elif kind in CUTS:
                result.other_name_cut = True
    got_through = [*hop.tls, *hop.http]
    result.address_ok = any(seen.ip in cut and seen.failure is None for seen in got_through)


def _count(counts: dict[str, int], kind: str) -> None:
    counts[kind] = counts.get(kind, 0) + 1
