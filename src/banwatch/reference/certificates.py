"""Certificates, validated again by us: at the time of the measurement, against a bundled root store.

Strict path validation comes first. Where it refuses, a lenient one decides whether the chain leads to a root
all the same: chains of the real web break the letter of RFC 5280 in ways that no browser minds, and a forged
accusation weighs more than a missed one.
"""

import ipaddress
import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import verification

from banwatch.model.failure import SSL_INVALID_CERTIFICATE, SSL_INVALID_HOSTNAME, SSL_UNKNOWN_AUTHORITY

MAX_CHAIN = 10
"""Certificates of a chain that are looked at; real ones have two to five."""

_CLOCK_SLACK = timedelta(days=1)
"""A probe's clock may be wrong by so much before its certificate is called expired."""


class RootStore:
    """Validates chains against a set of roots.

    Args:
        pems: PEM texts, each with any number of certificates.
    """

    def __init__(self, pems: Sequence[bytes]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Mozilla keeps roots whose serial numbers the library frowns at
            self._roots = [root for pem in pems for root in x509.load_pem_x509_certificates(pem)]
        self._by_subject: dict[bytes, list[x509.Certificate]] = {}
        for root in self._roots:
            self._by_subject.setdefault(root.subject.public_bytes(), []).append(root)
        self._store = verification.Store(self._roots) if self._roots else None
        self.problem = lru_cache(maxsize=16_384)(self._problem)

    def _problem(self, chain: tuple[bytes, ...], hostname: str, day: datetime) -> str | None:
        """Validate a chain (DER, leaf first) for a name on a day; the df-007 failure, or None."""
        try:
            certificates = [parse_certificate(der) for der in chain[:MAX_CHAIN]]
        except ValueError:
            return SSL_INVALID_CERTIFICATE
        if not certificates:
            return SSL_UNKNOWN_AUTHORITY
        leaf, *others = certificates
        if self._is_strictly_valid(leaf, others, hostname, day):
            return None
        alive = min(day, leaf.not_valid_after_utc)  # the chain of an expired leaf has mostly expired with it
        if not self._leads_to_root(leaf, others, alive):
            return SSL_UNKNOWN_AUTHORITY
        if not covers(leaf, hostname):
            return SSL_INVALID_HOSTNAME
        return None if _is_current(leaf, day) else SSL_INVALID_CERTIFICATE

    def _is_strictly_valid(
        self, leaf: x509.Certificate, others: list[x509.Certificate], hostname: str, day: datetime
    ) -> bool:
        if self._store is None:
            return False
        try:
            builder = verification.PolicyBuilder().store(self._store).time(day)
            builder.build_server_verifier(_subject(hostname)).verify(leaf, others)
        except (verification.VerificationError, ValueError, x509.UnsupportedGeneralNameType):
            return False
        return True

    def _leads_to_root(self, leaf: x509.Certificate, others: list[x509.Certificate], day: datetime) -> bool:
        """Follow signatures from the leaf to a root; an expired leaf is its own matter, not the chain's."""
        current, left = leaf, list(others)
        for _ in range(MAX_CHAIN):
            if current in self._by_subject.get(current.subject.public_bytes(), ()):
                return True
            roots = self._by_subject.get(current.issuer.public_bytes(), ())
            if any(_issued(root, current) for root in roots):
                return True
            issuer = next(
                (c for c in left if _is_authority(c) and _is_current(c, day) and _issued(c, current)), None
            )
            if issuer is None:
                return False
            left.remove(issuer)
            current = issuer
        return False


@cache
def bundled_roots() -> bytes:
    """The root store that Mozilla keeps, as certifi packs it."""
    with open(certifi.where(), "rb") as bundle:
        return bundle.read()


@lru_cache(maxsize=4096)
def parse_certificate(der: bytes) -> x509.Certificate:
    """Parse a certificate; ValueError where it is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd certificates are data here, not somebody's mistake
        return x509.load_der_x509_certificate(der)


def is_self_signed(der: bytes) -> bool:
    """Whether a certificate names itself as its issuer; False for what is no certificate."""
    try:
        certificate = parse_certificate(der)
        return certificate.issuer == certificate.subject
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def issuer_of(der: bytes) -> str:
    """Return the issuer's names in small letters; empty for what is no certificate."""
    try:
        issuer = parse_certificate(der).issuer
    except ValueError:
        return ""
    return " ".join(str(attribute.value) for attribute in issuer).casefold()


def covers(leaf: x509.Certificate, hostname: str) -> bool:
    """Whether a certificate is for a name, by its alternative names, else by its common name."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        common = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return any(_matches(str(name.value), hostname) for name in common)
    try:
        return ipaddress.ip_address(hostname) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        return any(_matches(name, hostname) for name in names.get_values_for_type(x509.DNSName))


def _matches(pattern: str, hostname: str) -> bool:
    """Match a name; `*` stands for exactly the first label (RFC 6125)."""
    pattern, hostname = pattern.lower().rstrip("."), hostname.lower().rstrip(".")
    if pattern.startswith("*."):
        return hostname.partition(".")[2] == pattern[2:] != ""
    return pattern == hostname


def _subject(hostname: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(hostname))
    except ValueError:
        return x509.DNSName(hostname)


def _is_current(certificate: x509.Certificate, day: datetime) -> bool:
    opens, closes = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return opens - _CLOCK_SLACK <= day <= closes + _CLOCK_SLACK


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        return False


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
