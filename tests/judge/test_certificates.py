"""Certificates in a measurement: ours to judge, whatever the probe says of them."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from banwatch.formats.ooni import wire as w
from banwatch.model.reference import Reference
from banwatch.model.state import State
from banwatch.reference import load
from tests.judge.judging import judge_line, shipped_reference, weigh_line
from tests.judge.scenario import GENUINE, HOST, OTHER_AS, Helper, Lookup, Scenario
from tests.judge.weighing.test_follow_ups import with_keys

LAB = (("lab", "test"),)
UNKNOWN = "ssl_unknown_authority"


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(
    subject: str,
    issuer: str | None = None,
    signer: ec.EllipticCurvePrivateKey | None = None,
    *,
    year: int = 2026,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    begins = datetime(year, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer or subject))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    )
    return builder.sign(signer or key, hashes.SHA256()), key


@pytest.fixture(scope="module")
def authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    return make("an authority of this test", year=2026)


@pytest.fixture(scope="module")
def lab(authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]) -> Reference:
    return load(lab_roots=[authority[0].public_bytes(serialization.Encoding.PEM)])


def showing(scenario: Scenario, chain: list[x509.Certificate], failure: str | None, *ips: str) -> bytes:
    """The scenario's line, its handshakes at some addresses replaced by ones that show a chain."""
    data: list[str | w.Binary | None] = [
        w.Binary(data=base64.b64encode(c.public_bytes(serialization.Encoding.DER)).decode()) for c in chain
    ]
    shakes = [
        w.TlsHandshake(
            network="tcp",
            address=f"{ip}:443",
            server_name=HOST,
            failure=failure,
            peer_certificates=data,
            transaction_id=number,
            tags=["depth=0"],
        )
        for number, ip in enumerate(ips, 1)
    ]
    return with_keys(scenario.to_line(), tls_handshakes=tuple(shakes))


def test_a_certificate_of_nobodys_is_forged() -> None:
    forged, _ = make(HOST)
    scenario = Scenario(tls={"*": UNKNOWN})
    verdict = judge_line(showing(scenario, [forged], UNKNOWN, *GENUINE))
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("tls.mitm.self_signed",))


def test_a_certificate_of_an_unknown_authority_is_forged(
    authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
) -> None:
    forged, _ = make(HOST, "an authority of this test", authority[1])
    verdict = judge_line(showing(Scenario(tls={"*": UNKNOWN}), [forged, authority[0]], UNKNOWN, *GENUINE))
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("tls.mitm.ca_signed",))


@pytest.mark.parametrize(
    "issuer",
    ["ESET SSL Filter CA", "avast! Web/Mail Shield Root", "AdGuard Personal CA", "Qustodio CA", "mitmproxy"],
)
def test_a_program_on_the_device_is_not_the_network(issuer: str) -> None:
    made, _ = make(HOST, issuer, make(issuer)[1])
    line = showing(Scenario(tls={"*": UNKNOWN}), [made], UNKNOWN, *GENUINE)
    verdict = judge_line(line)
    assert (verdict.state, verdict.mechanisms) == (State.INSUFFICIENT, ())
    assert weigh_line(line).tls_device_authority


@pytest.mark.parametrize(
    "issuer", ["Qaznet Trust Network", "Information Security Certification Authority", "ESET"]
)
def test_any_other_unknown_authority_stays_accused(issuer: str) -> None:
    made, _ = make(HOST, issuer, make(issuer)[1])
    verdict = judge_line(showing(Scenario(tls={"*": UNKNOWN}), [made], UNKNOWN, *GENUINE))
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("tls.mitm.ca_signed",))


@pytest.mark.parametrize("year", [b"2001", b"2015", b"2039"])
@pytest.mark.parametrize("failure", [UNKNOWN, "ssl_invalid_certificate"])
def test_a_probe_with_a_wrong_clock_accuses_nobody(
    lab: Reference,
    authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    year: bytes,
    failure: str,
) -> None:
    valid, _ = make(HOST, "an authority of this test", authority[1])
    line = showing(Scenario(tls={"*": failure}, annotations=LAB), [valid, authority[0]], failure, *GENUINE)
    moved = line.replace(b"2026-04-01 00:00:00", year + b"-04-01 00:00:00")
    assert moved != line
    assert not judge_line(moved, lab).state.accuses


def test_where_the_control_sees_the_same_nobody_is_accused() -> None:
    own, _ = make(HOST)
    scenario = Scenario(tls={"*": UNKNOWN}, helper=Helper(tls=UNKNOWN))
    assert not judge_line(showing(scenario, [own], UNKNOWN, *GENUINE)).state.accuses


def test_a_probe_with_an_old_root_store_accuses_nobody(
    lab: Reference, authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> None:
    """The probe refuses a certificate that we find valid: the trouble is the probe's."""
    valid, _ = make(HOST, "an authority of this test", authority[1])
    scenario = Scenario(tls={"*": UNKNOWN}, annotations=LAB)
    assert not judge_line(showing(scenario, [valid, authority[0]], UNKNOWN, *GENUINE), lab).state.accuses


def test_a_valid_certificate_vouches_for_an_address_of_another_network(
    lab: Reference, authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> None:
    valid, _ = make(HOST, "an authority of this test", authority[1])
    scenario = Scenario(
        system=Lookup(OTHER_AS[:1]),
        plain=Lookup(OTHER_AS[:1]),
        encrypted=None,
        helper=Helper(wrong=OTHER_AS),
        annotations=LAB,
    )
    evidence = weigh_line(showing(scenario, [valid], None, *OTHER_AS[:1]), lab)
    assert evidence.dns_vouched_by == ("certificate",)
    assert evidence.http_authenticated


def test_a_probes_word_for_a_forged_certificate_vouches_for_nothing() -> None:
    """`failure: null` and `no_tls_verify: false` are easily written."""
    forged, _ = make(HOST)
    scenario = Scenario(
        system=Lookup(OTHER_AS[:1]), plain=Lookup(OTHER_AS[:1]), encrypted=None, helper=Helper(wrong=OTHER_AS)
    )
    evidence = weigh_line(showing(scenario, [forged], None, *OTHER_AS[:1]))
    assert evidence.dns_unvouched == OTHER_AS[:1]
    assert not evidence.http_authenticated


def test_labs_and_the_world_do_not_vouch_for_each_other(
    lab: Reference, authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> None:
    valid, _ = make(HOST, "an authority of this test", authority[1])
    chain = [valid.public_bytes(serialization.Encoding.DER)]
    at = datetime(2026, 4, 1, tzinfo=UTC)
    assert lab.certificate_problem(chain, HOST, at, lab=True) is None
    assert lab.certificate_problem(chain, HOST, at, lab=False) == UNKNOWN
    assert shipped_reference().certificate_problem(chain, HOST, at, lab=True) == UNKNOWN


def test_what_is_wrong_is_told_apart(
    lab: Reference, authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> None:
    valid, _ = make(HOST, "an authority of this test", authority[1])
    chain = [valid.public_bytes(serialization.Encoding.DER)]
    at = datetime(2026, 4, 1, tzinfo=UTC)
    assert lab.certificate_problem(chain, "other.example.org", at, lab=True) == "ssl_invalid_hostname"
    late = datetime(2028, 4, 1, tzinfo=UTC)
    assert lab.certificate_problem(chain, HOST, late, lab=True) == "ssl_invalid_certificate"
    assert lab.certificate_problem([b"no certificate"], HOST, at, lab=True) == "ssl_invalid_certificate"
    assert lab.certificate_problem([], HOST, at, lab=True) == UNKNOWN
