"""Captive portals and other gateways before the network, known by what they are.

They accuse nobody, and they clear nobody.
"""

import re
import warnings
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from banwatch.formats.ooni.reading import host_of, read_ip
from banwatch.judge.weighing.connections import is_self_signed
from banwatch.judge.weighing.facts.addresses import is_private_name
from banwatch.judge.weighing.facts.follow_ups import are_alike, other_host_at
from banwatch.judge.weighing.facts.pages import has_portal_marks, is_own
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.model.failure import CERTIFICATE_FAILURES
from banwatch.model.nettest import NettestKind, kind_of_nettest
from banwatch.model.observation import Observation

_PORTAL_STATUS = 511
_NO_CONTENT = 204
_REDIRECT_STATUSES = range(300, 400)

DETECTION_URLS: dict[str, tuple[int, bytes]] = {
    "captive.apple.com/hotspot-detect.html": (200, b"Success"),
    "captive.apple.com/": (200, b"Success"),
    "clients1.google.com/generate_204": (204, b""),
    "clients3.google.com/generate_204": (204, b""),
    "clients4.google.com/generate_204": (204, b""),
    "connect.rom.miui.com/generate_204": (204, b""),
    "connectivity-check.ubuntu.com/": (204, b""),
    "connectivitycheck.android.com/generate_204": (204, b""),
    "connectivitycheck.gstatic.com/generate_204": (204, b""),
    "connectivitycheck.platform.hicloud.com/generate_204": (204, b""),
    "cp.cloudflare.com/": (204, b""),
    "cp.cloudflare.com/generate_204": (204, b""),
    "detectportal.firefox.com/canonical.html": (200, b"support.mozilla.org"),
    "detectportal.firefox.com/success.txt": (200, b"success"),
    "edge-http.microsoft.com/captiveportal/generate_204": (204, b""),
    "fedoraproject.org/static/hotspot.txt": (200, b"OK"),
    "google.com/generate_204": (204, b""),
    "gstatic.com/generate_204": (204, b""),
    "ipv6.msftconnecttest.com/connecttest.txt": (200, b"Microsoft Connect Test"),
    "msftconnecttest.com/connecttest.txt": (200, b"Microsoft Connect Test"),
    "msftncsi.com/ncsi.txt": (200, b"Microsoft NCSI"),
    "network-test.debian.org/nm": (200, b"NetworkManager is online"),
    "nmcheck.gnome.org/check_network_status.txt": (200, b"NetworkManager is online"),
    "play.googleapis.com/generate_204": (204, b""),
    "spectrum.s3.amazonaws.com/kindle-wifi/wifistub.html": (200, b"81ce4465-7167-4dcb-835b-dcc9e44c112a"),
    "wifi.vivo.com.cn/generate_204": (204, b""),
}
"""URLs that exist to find captive portals, without scheme and `www.`: their status, and words that they give.
Sources: AOSP's NetworkMonitor, Chromium, Apple, Microsoft's NCSI, Firefox, NetworkManager, and
citizenlab/test-lists#788."""

_LOG_IN = re.compile(
    r"/(log[-_]?in|logon|sign[-_]?in|guest|portal|splash|captive|welcome|hotspot|wifi|wlan|auth|fgtauth|cpauth"
    r"|recharge|top[-_]?up|balance|quota)"
    r"(\b|[/._?-])|/(login|logon)\w*\.\w+|/cgi-bin/login|/webauth",
    re.IGNORECASE,
)
"""Paths of log-in pages, and of those that sell more data."""
_GATEWAY_QUERY = re.compile(
    r"(?:^|[?&;])(?:ap_?mac|apname|ap_?ip|client_?mac|clientip|user_?ip|usermac|user_mac|mac|called|nasid|nas_?ip"
    r"|nasname|uamip|uamport|challenge|redirurl|redirect_?url|redir|orig(?:_?url|inal_?url|in)?|dst|switch_url"
    r"|statusCode|wlan(?:user|ac)\w*|ssid|vlan|zone|magic|tok|gw_id|gw_address|msisdn|res=notyet|continue|url)=",
    re.IGNORECASE,
)
"""What gateways write into the address of their log-in page: who asks, over which point, for what."""
_GATEWAY_NAME = re.compile(
    r"(captive|hot-?spot|wi-?fi|wlan|guest|portal|login|gateway|recharge|top-?up|router|mikrotik|unifi|ubnt|openwrt|opnsense|pfsense"
    r"|fortigate|fortinet|sophos|sonicwall|aruba|ruckus|meraki|cisco|huawei|zyxel|draytek|netgear|tp-?link)",
    re.IGNORECASE,
)
"""Words in the names of gateways' own certificates."""


def is_behind_portal(parts: MeasurementParts, *, known_national: bool) -> bool:
    """Whether a gateway answered in place of the site.

    Args:
        parts: the measurement.
        known_national: a block page of this country, or of a provider in it, came: no gateway's.
    """
    responses = [page for hop in parts.hops for page in hop.http if not _is_safe(parts, page)]
    if any(page.status_code == _PORTAL_STATUS for page in responses):
        return True
    if known_national or _is_controls(parts):
        return False
    if any(_is_gateways(parts, page) for page in responses) and not _tells_names_apart(parts, responses):
        return True
    return not _reached_others(parts) and any(
        _shows_gateway_certificate(parts, shake) for hop in parts.hops for shake in hop.tls
    )


def _reached_others(parts: MeasurementParts) -> bool:
    """Whether a nettest of many names reached one over verified TLS: a gateway lets none through."""
    if kind_of_nettest(parts.measurement.test_name) is NettestKind.WEB:
        return False
    shakes = (shake for hop in parts.hops for shake in hop.tls)
    return any(shake.failure is None and not shake.no_verify for shake in shakes)


def _tells_names_apart(parts: MeasurementParts, responses: list[Observation]) -> bool:
    """Whether an innocent name got something else at the same address, and the helper was reached.

    A gateway asks everybody to log in, whatever the name: who sends one name alone away is no gateway.
    """
    if parts.control is None or parts.observed.control_failure is not None or not parts.follow_ups:
        return False
    first = next((page for page in responses if page.hop == 0), None)
    other = other_host_at(first, parts.follow_ups) if first is not None else None
    if first is None or other is None:
        return False
    return not are_alike(first, other) and not _is_gateways(parts, other)


def _is_safe(parts: MeasurementParts, page: Observation) -> bool:
    """Whether TLS that was verified protects a response."""
    if not (page.url or "").startswith("https:"):
        return False
    return any(parts.is_verified(page, hop) for hop in parts.hops if page in hop.http)


def _is_controls(parts: MeasurementParts) -> bool:
    """Whether the last response is the control's own page: an article on portals is none."""
    last = parts.last_page
    return last is not None and last.failure is None and is_own(parts.last_page_compared)


def _is_gateways(parts: MeasurementParts, page: Observation) -> bool:
    if page.failure is not None or page.status_code is None:
        return False
    if has_portal_marks(page) or _is_wrong_answer(page):
        return True
    aim = host_of(page.location) if page.location and page.status_code in _REDIRECT_STATUSES else None
    if aim is None or aim == page.hostname:
        return False
    if _is_private(parts, aim):
        return not _is_private(parts, page.hostname or "")
    return _is_log_in(parts, page, aim)


def _is_wrong_answer(page: Observation) -> bool:
    """Whether a URL that exists to find portals gave something else than it gives."""
    host, path, _ = _split(page.url)
    key = f"{host.removeprefix('www.')}{path or '/'}"
    wanted = DETECTION_URLS.get(key)
    if wanted is None:
        return False
    status, words = wanted
    if page.location and host_of(page.location) == page.hostname:
        return False  # to HTTPS, or to another path of its own
    body = page.body or b""
    return page.status_code != status or (status == _NO_CONTENT and bool(body.strip())) or words not in body


def _is_private(parts: MeasurementParts, host: str) -> bool:
    ip = read_ip(host)
    return parts.addresses.is_bogon(ip) if ip else is_private_name(host)


def _is_log_in(parts: MeasurementParts, page: Observation, aim: str) -> bool:
    """Whether a redirect leads off the site to a log-in page that is told who asks, or for what."""
    if parts.reference.target_of(aim) == parts.reference.target_of(page.hostname or ""):
        return False
    _, path, query = _split(page.location)
    asks = bool(_GATEWAY_QUERY.search(f"?{query}"))
    return asks and bool(_LOG_IN.search(path) or _GATEWAY_NAME.search(aim))


def _split(url: str | None) -> tuple[str, str, str]:
    """Return host, path and query of a URL; empty where it is none."""
    try:
        address = urlsplit(url or "")
        return address.hostname or "", address.path, address.query
    except ValueError:
        return "", "", ""


def _shows_gateway_certificate(parts: MeasurementParts, shake: Observation) -> bool:
    """Whether a handshake showed a gateway's own certificate, of a private name or address.

    A public name that sounds like a gateway's must be its own: self-signed, or valid for that name. A chain
    of an authority that nobody knows is what interceptors show.
    """
    if not shake.peer_certificates or shake.failure not in CERTIFICATE_FAILURES:
        return False
    names = _names_of(shake.peer_certificates[0])
    if not names or (shake.hostname and shake.hostname in names):
        return False
    if all(_is_private(parts, name) for name in names):
        return True
    if parts.reference.target_of(shake.hostname or "") in map(parts.reference.target_of, names):
        return False
    if not all(_is_private(parts, name) or _GATEWAY_NAME.search(name) for name in names):
        return False
    return is_self_signed(shake.peer_certificates[0]) or parts.is_valid_for(shake, names[0])


@lru_cache(maxsize=4096)
def _names_of(der: bytes) -> tuple[str, ...]:
    """Return the names that a certificate is for; none for bytes that are no certificate."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd certificates are data here, not somebody's mistake
            certificate = x509.load_der_x509_certificate(der)
            names = [
                str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            ]
            try:
                san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
                names += [*san.get_values_for_type(x509.DNSName)]
                names += [str(ip) for ip in san.get_values_for_type(x509.IPAddress)]
            except x509.ExtensionNotFound:
                pass
        return tuple(sorted({name.lower().removeprefix("*.") for name in names if name}))
    except ValueError:
        return ()
