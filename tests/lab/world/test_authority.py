"""The lab's authority: the same everywhere, valid on every clock, trouble where trouble was asked for."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from banwatch.lab.world.authority import CA_FILE, ca_pem, certificate_pem, root
from banwatch.lab.world.world import Certificate

LAB_DAY = datetime(2016, 4, 1, tzinfo=UTC)
FAR_DAY = datetime(2049, 1, 1, tzinfo=UTC)


def _verify(pem: bytes, name: str, at: datetime) -> None:
    leaf, *chain = x509.load_pem_x509_certificates(pem)
    verifier = PolicyBuilder().store(Store([root()])).time(at).build_server_verifier(x509.DNSName(name))
    verifier.verify(leaf, chain)


def test_the_file_is_what_the_code_derives():
    assert CA_FILE.read_text() == ca_pem()


def test_the_same_certificate_every_time():
    assert certificate_pem(["www.youtube.com"]) == certificate_pem(["www.youtube.com"])
    assert certificate_pem(["www.youtube.com"]) != certificate_pem(["youtube.com"])


@pytest.mark.parametrize("at", [LAB_DAY, FAR_DAY])
def test_valid_on_the_lab_clock_and_on_the_machine_clock(at: datetime):
    pem = certificate_pem(["www.youtube.com", "youtube.com"])
    _verify(pem, "www.youtube.com", at)
    _verify(pem, "youtube.com", at)


def test_chain_ends_in_the_authority_with_a_cheap_key():
    leaf, authority = x509.load_pem_x509_certificates(certificate_pem(["a.example"]))
    assert authority == root()
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


@pytest.mark.parametrize("kind", [kind for kind in Certificate if kind is not Certificate.VALID])
def test_trouble_is_trouble(kind: Certificate):
    pem = certificate_pem(["bad.example"], certificate=kind)
    with pytest.raises(VerificationError):
        _verify(pem, "bad.example", LAB_DAY)


def test_expired_is_all_that_is_wrong_with_an_expired_one():
    _verify(
        certificate_pem(["old.example"], certificate=Certificate.EXPIRED),
        "old.example",
        datetime(2014, 6, 1, tzinfo=UTC),
    )


def test_addresses_are_named_too():
    leaf = x509.load_pem_x509_certificates(certificate_pem(["dns.google"], [ip_address("8.8.8.8")]))[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("8.8.8.8")]
