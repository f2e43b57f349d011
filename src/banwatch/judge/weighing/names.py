"""Resolution of a name beside the control's, and the addresses that are genuine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from banwatch.judge.thresholds import SILENT_QUERIES
from banwatch.judge.weighing.facts.addresses import NO_CLIENT_SUBNET, Addresses, is_v6
from banwatch.judge.weighing.facts.families import (
    has_v6,
    lookups_in_vain,
    lookups_of_v4,
    usable_without_v6,
)
from banwatch.judge.weighing.facts.hops import Hop
from banwatch.model.control import Control
from banwatch.model.failure import (
    CERTIFICATE_FAILURES,
    DNS_MISBEHAVING,
    DNS_NO_ANSWER,
    DNS_NON_RECOVERABLE,
    DNS_NXDOMAIN,
    DNS_TEMPORARY,
    TIMEOUTS,
)
from banwatch.model.ids import UNKNOWN_ASN, Asn
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.reference import Reference
from banwatch.model.voucher import Voucher

_CONTROL, _ENCRYPTED = Voucher.CONTROL.value, Voucher.ENCRYPTED.value
_AS, _CERTIFICATE = Voucher.AS.value, Voucher.CERTIFICATE.value
_ANY = "ANY"
"""Query type that a probe writes where its system asked for both families at once."""
_VAGUE = frozenset({DNS_TEMPORARY, DNS_MISBEHAVING, DNS_NON_RECOVERABLE})
"""Words of a C library that stand for several replies: REFUSED, SERVFAIL and silence among them."""
_VALID_FOR_NAME = 8
"""Bit of the helper's address flags: TLS with a valid certificate for the name worked there."""


@dataclass(slots=True)
class Names:
    """Resolution of one hop's name, beside the control."""

    hostname: str | None = None
    system_asked: int = 0
    system_failure: str | None = None
    system_answers: tuple[str, ...] = ()
    family_failure: str | None = None
    """Failure of the system's resolver for one kind of address, where it gave some of the other kind."""
    expected: tuple[str, ...] = ()
    expected_by: str = ""
    other_ok: bool = False
    other_failures: tuple[str, ...] = ()
    plain_silent: bool = False
    lossy: bool = False
    bogons: tuple[str, ...] = ()
    bogon_expected: bool = False
    unvouched: tuple[str, ...] = ()
    system_unvouched: bool = False
    vouched_by: tuple[str, ...] = ()
    conflicting: bool = False
    proxied: bool = False
    unvouched_in_network: bool = False
    nowhere_else: bool = False
    nowhere_outside: bool = False
    genuine: frozenset[str] = field(default_factory=frozenset)


def compare_names(
    hop: Hop,
    control: Control | None,
    measurement: Measurement,
    reference: Reference,
    addresses: Addresses,
    *,
    is_without_v6: Callable[[], bool] = lambda: False,
) -> Names:
    """Compare a hop's answers with what the control and encrypted resolvers got.

    Args:
        hop: the steps of the hop.
        control: the control, if one answered.
        measurement: when and where it was measured.
        reference: snapshots to compare with.
        addresses: properties of addresses on this network.
        is_without_v6: says whether only IPv4 works on this network: an IPv6 answer opens no page there.
    """
    names = Names()
    system, plain, encrypted = hop.system, hop.outside, hop.encrypted
    control = control if hop.covered else None
    names.hostname = (hop.dns[0].hostname if hop.dns else None) or _hostname(hop)
    names.system_asked = len(system)
    names.system_answers, plain_answers = _answers(system), _answers(plain)
    _expect(names, control, encrypted, addresses)
    usable = names.system_answers
    if not usable:
        names.system_failure = _failure(system)
    elif has_v6(usable) or has_v6(names.expected):
        if is_without_v6():
            usable = usable_without_v6(usable, system, names.expected)
        if not usable:
            names.system_failure = _failure(lookups_of_v4(system))
        else:
            names.family_failure = _failure(lookups_in_vain(system, names.expected))
    others = [lookup for lookup in (*plain, *encrypted) if not lookup.late]
    failures = {lookup.failure for lookup in others if lookup.failure}
    names.other_failures = tuple(sorted(failures - {DNS_NO_ANSWER}))
    names.plain_silent = len(plain) >= SILENT_QUERIES and all(map(_is_timeout, plain))
    names.lossy = not names.plain_silent and _is_lossy(hop)
    vouching = _Vouching(names, hop, control, measurement, reference, addresses)
    vouching.sort(names.system_answers, usable, plain_answers)
    names.other_ok = not names.genuine.isdisjoint([ip for lookup in others for ip in lookup.answers])
    names.conflicting = _conflict((*system, *plain), names.genuine, {*names.unvouched, *names.bogons})
    names.nowhere_else = _exists_nowhere(control, encrypted) and bool(names.system_answers or plain_answers)
    names.nowhere_outside = names.nowhere_else and bool(plain_answers)
    return names


def _is_lossy(hop: Hop) -> bool:
    """Whether some lookups timed out, and others did not.

    A resolver inside TLS, or over TCP, is dropped on purpose as easily as by accident: no sign of loss.
    """
    lost = any(_is_timeout(lookup) and lookup.engine != "tcp" for lookup in (*hop.system, *hop.outside))
    return lost and any(lookup.answers for lookup in hop.dns)


def _hostname(hop: Hop) -> str | None:
    return next((seen.hostname for seen in (*hop.http, *hop.tls) if seen.hostname), None)


def _answers(lookups: Sequence[Observation]) -> tuple[str, ...]:
    if len(lookups) == 1 and len(lookups[0].answers) <= 1:
        return lookups[0].answers
    return tuple(dict.fromkeys([ip for lookup in lookups for ip in lookup.answers])) if lookups else ()


def _failure(lookups: Sequence[Observation]) -> str | None:
    """Return why lookups gave nothing: what a resolver said itself, else the word of the system's library.

    `no answer` to AAAA says nothing.
    """
    failures = [lookup.failure for lookup in lookups if lookup.failure]
    specific = [failure for failure in failures if failure != DNS_NO_ANSWER]
    exact = [failure for failure in specific if failure not in _VAGUE]
    return next(iter(exact or specific or failures), None)


def _is_timeout(lookup: Observation) -> bool:
    return lookup.failure in TIMEOUTS


def _expect(
    names: Names, control: Control | None, encrypted: Sequence[Observation], addresses: Addresses
) -> None:
    seen = control.addresses if control else ()
    public = [ip for ip in seen if not addresses.is_bogon(ip)]
    secret = _answers(encrypted)
    secret_public = [ip for ip in secret if not addresses.is_bogon(ip)]
    names.bogon_expected = len(public) < len(seen) or (not public and len(secret_public) < len(secret))
    names.expected = tuple(dict.fromkeys((*public, *secret_public)))
    names.expected_by = _CONTROL if public else _ENCRYPTED if secret_public else ""


def _exists_nowhere(control: Control | None, encrypted: Sequence[Observation]) -> bool:
    """Whether the control says that there is no such name, and no encrypted resolver says otherwise."""
    if control is None or control.dns_failure != DNS_NXDOMAIN:
        return False
    return not _answers(encrypted)


def _conflict(lookups: Sequence[Observation], genuine: frozenset[str], false: set[str]) -> bool:
    """Whether one question got a genuine and a false answer."""
    if not false or not any(lookup.late for lookup in lookups):
        return False
    questions: dict[tuple[str | None, str | None], set[str]] = {}
    for lookup in lookups:
        questions.setdefault((lookup.resolver_address, lookup.query_type), set()).update(lookup.answers)
    for late in lookups:
        if late.late and not late.resolver_address:  # the probe does not say which resolver it had asked
            for (_, query_type), answers in questions.items():
                if query_type in (late.query_type, _ANY):
                    answers.update(late.answers)
    return any(answers & false and answers & genuine for answers in questions.values())


class _Vouching:
    """Decides which addresses are genuine, and by what."""

    def __init__(
        self,
        names: Names,
        hop: Hop,
        control: Control | None,
        measurement: Measurement,
        reference: Reference,
        addresses: Addresses,
    ) -> None:
        self._names = names
        self._hop = hop
        self._measurement = measurement
        self._reference = reference
        self._control = control
        self._addresses = addresses
        self._expected = {addresses.unwrap(ip) for ip in names.expected}
        self._valid_there = _valid_for_control(control, names.hostname)
        self._asns: frozenset[Asn] | None = None
        self._control_asns: dict[str, Asn] = {i.ip: i.asn for i in control.address_info} if control else {}

    def sort(self, system: tuple[str, ...], usable: tuple[str, ...], plain: tuple[str, ...]) -> None:
        """Fill the columns that depend on which addresses are genuine.

        Args:
            system: answers of the system's resolver.
            usable: those that this network can use.
            plain: answers of outside resolvers, asked in the clear.
        """
        names = self._names
        touched = [seen.ip for seen in (*self._hop.tcp, *self._hop.tls) if seen.ip]
        answered = dict.fromkeys((*system, *plain))
        by = {ip: self._vouch(ip) for ip in dict.fromkeys((*answered, *names.expected, *touched))}
        doubtful = [ip for ip in answered if not by[ip]]
        names.bogons = tuple([ip for ip in doubtful if self._addresses.is_bogon(ip)])
        if names.expected:
            names.unvouched = tuple([ip for ip in doubtful if ip not in names.bogons])
        names.system_unvouched = not any(by[ip] for ip in usable) and any(
            ip in names.unvouched or ip in names.bogons for ip in usable
        )
        names.vouched_by = tuple(sorted({by[ip] for ip in answered} - {""}))
        names.genuine = frozenset([ip for ip, why in by.items() if why])
        if not names.expected and not names.bogons:
            names.genuine = frozenset(by)  # nothing to compare with: nothing to doubt either
        names.proxied = self._is_proxied(plain, by)
        own = self._measurement.probe_asn
        names.unvouched_in_network = own != UNKNOWN_ASN and own in map(self._asn, names.unvouched)

    def _vouch(self, ip: str) -> str:
        if self._addresses.is_bogon(ip):
            return ""
        inner = self._addresses.unwrap(ip)
        if inner in self._expected:
            return self._names.expected_by
        if self._is_certified(ip):
            return _CERTIFICATE
        if inner in self._valid_there:
            return _CONTROL
        if self._expected and self._asn(ip) in self._expected_asns():
            return _AS
        return ""

    def _asn(self, ip: str) -> Asn | None:
        ip = self._addresses.unwrap(ip)
        network = self._reference.network_of(ip)
        if network is not None:
            return network.asn
        by_control = self._control_asns.get(ip, UNKNOWN_ASN)
        return by_control if by_control != UNKNOWN_ASN else None

    def _expected_asns(self) -> frozenset[Asn]:
        if self._asns is None:
            self._asns = frozenset(
                asn for asn in (self._asn(ip) for ip in self._names.expected) if asn is not None
            )
        return self._asns

    def _is_certified(self, ip: str) -> bool:
        """Whether a handshake at an address showed a certificate that is valid for the name."""
        for shake in self._hop.tls:
            if shake.ip != ip or shake.failure in CERTIFICATE_FAILURES or not shake.hostname:
                continue
            if shake.peer_certificates:
                if certificate_problem(shake, self._measurement, self._reference) is None:
                    return True
            elif (
                shake.failure is None
                and not shake.no_verify
                and self._addresses.unwrap(ip) not in self._valid_there
            ):
                return True  # certificates not recorded: enough not to accuse, and used for nothing else
        return False

    def _is_proxied(self, plain: tuple[str, ...], by: dict[str, str]) -> bool:
        """Whether outside resolvers, asked in the clear, answered with a host inside the probe's own network.

        Resolvers that tell no site who asks cannot get answers fit for the asker's network; so an answer
        there that neither the control nor an encrypted resolver got was put in by the network.
        """
        own = self._measurement.probe_asn
        asked = [
            lookup
            for lookup in self._hop.dns
            if lookup.engine in ("udp", "tcp")
            and (lookup.resolver_address or "").removesuffix(":53") in NO_CLIENT_SUBNET
        ]
        if not asked or own == UNKNOWN_ASN or not self._expected or own in self._expected_asns():
            return False
        return any(
            ip in plain and not is_v6(ip) and by.get(ip) != _CERTIFICATE and self._asn(ip) == own
            for lookup in asked
            for ip in lookup.answers
        )


def certificate_problem(shake: Observation, measurement: Measurement, reference: Reference) -> str | None:
    """Return what is wrong with the certificate that a peer showed; None where it is valid."""
    return reference.certificate_problem(
        shake.peer_certificates,
        shake.hostname or "",
        measurement.measurement_start_time,
        lab=bool(measurement.lab),
    )


def _valid_for_control(control: Control | None, hostname: str | None) -> frozenset[str]:
    """Return the addresses where the helper completed TLS for the name."""
    if control is None:
        return frozenset()
    flagged = [info.ip for info in control.address_info if info.flags & _VALID_FOR_NAME]
    shaken = [
        endpoint.ip
        for endpoint in control.endpoints
        if endpoint.tls_attempted
        and endpoint.tls_failure is None
        and endpoint.server_name in (None, "", hostname)
    ]
    return frozenset((*flagged, *shaken))
