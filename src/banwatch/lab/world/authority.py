"""Certificate authority of the lab. Its key is derived from a published word, so it proves nothing elsewhere.

Certificates are deterministic: every lab on every machine shows the same ones, so that recordings stay
verifiable and two plays can be compared.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from banwatch.lab.world.world import Certificate

CA_FILE = Path(__file__).with_name("authority.pem")
"""File of the authority's certificate, for programs that want a path. Tests hold it equal to `ca_pem()`."""
NOT_BEFORE = datetime(2010, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2050, 1, 1, tzinfo=UTC)
"""Validity that covers the lab's clock and the machine's, against which a handshake is checked."""
EXPIRED_FROM, EXPIRED_AT = datetime(2014, 1, 1, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC)
"""Validity that has ended before every regime and on every machine."""

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _key(word: str) -> ec.EllipticCurvePrivateKey:
    """Derive a P-256 key from a word; P-256 is the cheapest curve that every client accepts."""
    number = int.from_bytes(hashlib.sha512(f"banwatch lab: {word}".encode()).digest(), "big")
    return ec.derive_private_key(number % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def _serial(words: str) -> int:
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:16], "big") >> 1


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


@cache
def root_key() -> ec.EllipticCurvePrivateKey:
    """Return the authority's key, which is public on purpose."""
    return _key("authority")


@cache
def untrusted_key() -> ec.EllipticCurvePrivateKey:
    """Return the key of an authority that no client trusts."""
    return _key("untrusted authority")


@cache
def leaf_key() -> ec.EllipticCurvePrivateKey:
    """Return the key that all sites share: one for each would cost start-up time without use."""
    return _key("sites")


@cache
def root() -> x509.Certificate:
    """Return the authority's certificate."""
    key = root_key().public_key()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Banwatch Lab"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Banwatch Lab CA"),
        ]
    )
    builder = (
        x509.CertificateBuilder(name, name, key, _serial("authority"), NOT_BEFORE, NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    return builder.sign(root_key(), hashes.SHA256(), ecdsa_deterministic=True)


@cache
def ca_pem() -> str:
    """Return the authority's certificate as PEM text."""
    return root().public_bytes(serialization.Encoding.PEM).decode()


@cache
def leaf_key_pem() -> bytes:
    """Return the sites' key as PEM."""
    return leaf_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(
    names: Sequence[str],
    addresses: Sequence[IPv4Address | IPv6Address] = (),
    certificate: Certificate = Certificate.VALID,
) -> bytes:
    """Issue a certificate for names, with the fault of its kind, and the authority's after it."""
    if certificate is Certificate.WRONG_NAME:
        names, addresses = (f"{_serial(names[0]) & 0xFFFF:04x}.hosting.example.net",), ()
    key = leaf_key().public_key()
    self_signed = certificate is Certificate.SELF_SIGNED
    begins, ends = (
        (EXPIRED_FROM, EXPIRED_AT) if certificate is Certificate.EXPIRED else (NOT_BEFORE, NOT_AFTER)
    )
    subject = _name(names[0])
    untrusted = certificate is Certificate.UNTRUSTED
    issuer_key = leaf_key() if self_signed else untrusted_key() if untrusted else root_key()
    issuer = subject if self_signed else _name("Security Gateway CA") if untrusted else root().subject
    builder = (
        x509.CertificateBuilder(issuer, subject, key, _serial(f"{certificate} {names}"), begins, ends)
        .add_extension(
            x509.SubjectAlternativeName([*map(x509.DNSName, names), *map(x509.IPAddress, addresses)]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    signed = builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)
    leaf = signed.public_bytes(serialization.Encoding.PEM)
    return leaf if self_signed or untrusted else leaf + ca_pem().encode()


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
