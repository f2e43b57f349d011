"""Verification of certificate chains for a name at a time."""

import hashlib
import ipaddress
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from banwatch.model import failure as df007
from banwatch.model.errors import BanwatchError
from banwatch.model.failure import Failure

_CACHE_ENTRIES = 4096
_MAX_CHAIN = 16


class Roots:
    """The authorities that are trusted.

    Args:
        ca_file: PEM file; None is Mozilla's list.
        further: PEM; authorities that are trusted besides.

    Raises:
        BanwatchError: the file cannot be read or holds no certificate.
    """

    def __init__(self, ca_file: Path | None = None, further: bytes = b"") -> None:
        path = Path(certifi.where()) if ca_file is None else ca_file
        try:
            with warnings.catch_warnings():
                # a few old authorities have serial numbers that RFC 5280 forbids
                warnings.simplefilter("ignore", CryptographyDeprecationWarning)
                certificates = x509.load_pem_x509_certificates(path.read_bytes())
                if further:
                    certificates += x509.load_pem_x509_certificates(further)
        except (OSError, ValueError) as error:
            raise BanwatchError(
                f"Cannot read the authorities in {path}: {error}", "Give a PEM file with certificates."
            ) from error
        self._store = Store(certificates)
        self._verified: dict[tuple[bytes, str, str], Failure | None] = {}

    def problem(self, chain: Sequence[bytes], hostname: str, at: datetime) -> Failure | None:
        """Verify a chain (DER, leaf first); the df-007 `ssl_*` failure, or None where it is good.

        Dates come first, then the name, then the authority, the order in which Go's library (and so OONI)
        finds fault.
        """
        if not chain or len(chain) > _MAX_CHAIN:
            return df007.SSL_UNKNOWN_AUTHORITY
        at = at.astimezone(UTC)
        digest = hashlib.sha256(b"".join(chain)).digest()
        key = (digest, hostname, f"{at:%Y%m%d%H%M}")
        if key not in self._verified:
            if len(self._verified) >= _CACHE_ENTRIES:
                self._verified.clear()
            self._verified[key] = self._verify(chain, hostname, at)
        return self._verified[key]

    def _verify(self, chain: Sequence[bytes], hostname: str, at: datetime) -> Failure | None:
        try:
            leaf, *others = [x509.load_der_x509_certificate(one) for one in chain]
            if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
                return df007.SSL_INVALID_CERTIFICATE
            if not names_host(leaf, hostname):
                return df007.SSL_INVALID_HOSTNAME
        except ValueError:
            return df007.SSL_INVALID_CERTIFICATE
        try:
            subject = _subject(hostname)
            PolicyBuilder().store(self._store).time(at).build_server_verifier(subject).verify(leaf, others)
        except (VerificationError, ValueError):
            return df007.SSL_UNKNOWN_AUTHORITY
        return None


def _subject(hostname: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(hostname))
    except ValueError:
        return x509.DNSName(hostname.rstrip(".").lower())


def names_host(leaf: x509.Certificate, hostname: str) -> bool:
    """Return whether a certificate's alternative names cover a host (RFC 6125: one label for a wildcard)."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    try:
        return ipaddress.ip_address(hostname) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        host = hostname.rstrip(".").lower()
    parent = host.partition(".")[2]
    return any(
        name == host or (name.startswith("*.") and name[2:] == parent and "." in parent)
        for name in (name.rstrip(".").lower() for name in names.get_values_for_type(x509.DNSName))
    )
