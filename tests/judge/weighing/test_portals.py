"""Captive portals, known by what they are: they accuse nobody and clear nobody."""

import base64
import datetime as dt

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from banwatch.formats.ooni import decode_untrusted, encode
from banwatch.formats.ooni import wire as w
from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.nettest_lines import connect, line, shake
from tests.judge.scenario import BODY, HEADERS, TITLE, Helper, Page, Scenario

HTTP = Scenario(scheme="http")
PLAIN = (("content-type", "text/html"),)
LOG_IN = Page(
    body="<html><title>Sign in</title><form method=post>Room <input name=room></form>",
    title="Sign in",
    headers=(("content-type", "text/html"), ("server", "nginx")),
)


def sent_to(location: str) -> tuple[Page, ...]:
    return (Page(302, body="", title=None, headers=(), location=location),)


@pytest.mark.parametrize(
    "location",
    [
        "http://10.5.50.1/login?dst=http://www.example.net/",
        "http://192.168.88.1/",
        "https://172.16.0.1:8443/auth",
        "http://100.64.0.1/start",
        "http://[fd00::1]/",
        "http://router.lan/",
        "http://login/",
        "http://wifi.hotel.com/login?orig=www.example.net",
        "https://guest.airport.com/guest/?ap_mac=aa&client_mac=bb&ssid=Free",
        "http://secure.train.com/portal.php?uamip=10.1.0.1&challenge=1",
        "http://hotspot.campus.edu/?res=notyet&uamip=10.1.0.1",
        "http://topup.operator.com/recharge?msisdn=0",
    ],
)
def test_redirects_to_gateways_say_nothing(location: str) -> None:
    for page in (LOG_IN, Page(None, "generic_timeout_error")):
        verdict = judge_line(HTTP.but(redirects=sent_to(location), page=page).to_line())
        assert (verdict.state, verdict.rules[0]) == (State.INSUFFICIENT, "network.portal"), verdict


@pytest.mark.parametrize(
    "location",
    [
        "http://warning.ministry.gov/blocked?url=www.example.net",
        "http://block.operator.ru/?id=17",
        "https://lighthouse.operator.ae/en/index2.php?ucat=4",
        "http://notice.operator.com/login-to-unblock.html",
    ],
)
def test_redirects_to_notices_stay_accused(location: str) -> None:
    verdict = judge_line(HTTP.but(redirects=sent_to(location), page=LOG_IN).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("http.redirect",)), verdict


@pytest.mark.parametrize(
    "body",
    [
        "<html><!-- <WISPAccessGatewayParam> --></html>",
        "<form name=login onsubmit='return doLogin()'><script>hexMD5('\\011' + password)</script>",
        "<title>MikroTik hotspot &gt; login</title>",
        "<meta http-equiv=refresh content='0; url=http://n1.network-auth.com/splash/'>",
    ],
)
def test_pages_of_gateways_say_nothing(body: str) -> None:
    page = Page(body=body, title=None, headers=PLAIN)
    assert judge_line(HTTP.but(page=page).to_line()).state is State.INSUFFICIENT


def test_an_article_on_captive_portals_is_no_portal() -> None:
    page = Page(body=BODY.replace("<body>", "<body>A captive portal is a page ..."), title=TITLE)
    assert judge_line(HTTP.but(page=page).to_line()).state is State.OK
    assert judge_line(Scenario(page=page).to_line()).state is State.OK


def test_status_511_says_so_itself() -> None:
    assert judge_line(HTTP.but(page=Page(511, body="", title=None)).to_line()).state is State.INSUFFICIENT


def detection(host: str, page: Page, control: Page, path: str) -> bytes:
    measured = HTTP.but(host=host, page=page, helper=Helper(page=control)).to_line()
    return measured.replace(f"http://{host}/".encode(), f"http://{host}{path}".encode())


EMPTY = Page(204, body="", title=None, headers=())


@pytest.mark.parametrize(
    ("host", "path", "right"),
    [
        ("connectivitycheck.gstatic.com", "/generate_204", EMPTY),
        ("www.msftconnecttest.com", "/connecttest.txt", Page(body="Microsoft Connect Test", title=None)),
        ("captive.apple.com", "/hotspot-detect.html", Page(body="<TITLE>Success</TITLE>", title="Success")),
        ("detectportal.firefox.com", "/success.txt", Page(body="success\n", title=None)),
    ],
)
def test_urls_that_find_portals(host: str, path: str, right: Page) -> None:
    assert judge_line(detection(host, right, right, path)).state is State.OK
    for wrong in (
        LOG_IN,
        Page(403, body="<title>no</title>", title="no", headers=()),
        Page(body="<p>pay here</p>", title=None, headers=()),
    ):
        verdict = judge_line(detection(host, wrong, right, path))
        assert verdict.state in (State.INSUFFICIENT, State.IMPAIRED), verdict


def test_such_a_url_that_is_cut_stays_accused() -> None:
    cut = Page(None, "connection_reset")
    verdict = judge_line(detection("connectivitycheck.gstatic.com", cut, EMPTY, "/generate_204"))
    assert verdict.mechanisms == ("http.reset",)


def certificate(*names: str, issuer: str | None = None) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]) if issuer else name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=800))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    )
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def with_certificate(scenario: Scenario, der: bytes) -> bytes:
    wire = decode_untrusted(scenario.to_line())
    assert wire.test_keys is not None
    shakes = [
        msgspec.structs.replace(shake, peer_certificates=[w.Binary(data=base64.b64encode(der).decode())])
        for shake in wire.test_keys.tls_handshakes or ()
    ]
    return encode(
        msgspec.structs.replace(
            wire, test_keys=msgspec.structs.replace(wire.test_keys, tls_handshakes=shakes)
        )
    )


FORGED = Scenario(tls={"*": "ssl_unknown_authority"})


@pytest.mark.parametrize("name", ["router.lan", "192.168.1.1", "unifi", "wifi.hotel.com", "gateway.local"])
def test_a_gateways_own_certificate_says_nothing(name: str) -> None:
    line = with_certificate(FORGED, certificate(name))
    assert weigh_line(line).portal
    assert judge_line(line).state is State.INSUFFICIENT


@pytest.mark.parametrize("name", ["www.example.net", "blocked.operator.kz", "*.example.net"])
def test_a_forged_certificate_stays_accused(name: str) -> None:
    verdict = judge_line(with_certificate(FORGED, certificate(name)))
    assert verdict.state in (State.BLOCKED, State.LIKELY_BLOCKED), verdict


@pytest.mark.parametrize("name", ["Signal Messenger", "Example Networks Ltd", "Blocked By Order"])
def test_words_in_a_certificate_are_no_gateways_name(name: str) -> None:
    """Signal's old authority has no names of hosts: an outdated probe refuses it, and no portal is there."""
    line = with_certificate(FORGED, certificate(name))
    assert not weigh_line(line).portal
    assert judge_line(line).state in (State.BLOCKED, State.LIKELY_BLOCKED)


def test_a_chain_of_an_unknown_authority_is_an_interceptors() -> None:
    """Found by `lab score`: the interceptor of the lab is called `gateway.example.net`."""
    der = certificate("gateway.operator.net", issuer="Unknown Authority")
    assert not weigh_line(with_certificate(FORGED, der)).portal
    assert weigh_line(with_certificate(FORGED, certificate("gateway.operator.net"))).portal


def signal_with(der: bytes, *failures: str | None) -> bytes:
    """Signal's names, with certificates of one authority; null is a handshake that went well."""
    names = ("storage.signal.org", "cdn.signal.org", "cdn2.signal.org")
    data = {"data": base64.b64encode(der).decode(), "format": "base64"}
    shakes = [
        {**shake(f"203.0.114.{at}", name, failure), "peer_certificates": [data]}
        for at, (name, failure) in enumerate(zip(names, failures, strict=True))
    ]
    connects = [connect(f"203.0.114.{at}") for at in range(len(names))]
    return line("signal", {"tcp_connect": connects, "tls_handshakes": shakes})


OLD = "ssl_unknown_authority"


def test_a_pinned_authority_that_changed_is_no_portal() -> None:
    assert judge_line(signal_with(certificate("Signal Messenger"), OLD, OLD, OLD)).state is State.IMPAIRED
    verdict = judge_line(signal_with(certificate("router.lan"), OLD, OLD, OLD))
    assert verdict.rules[0] == "network.portal"


def test_a_gateway_lets_no_name_through() -> None:
    """One name over verified TLS shows that nobody has to log in."""
    verdict = judge_line(signal_with(certificate("router.lan"), OLD, None, OLD))
    assert (verdict.state, verdict.rules[0]) == (State.IMPAIRED, "service.trouble")


def test_nothing_in_common_is_no_portal() -> None:
    assert not weigh_line(HTTP.but(page=Page(headers=HEADERS)).to_line()).portal
