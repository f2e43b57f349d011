"""Parse the probe's settings from text, as a person types them."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from banwatch.model.errors import BanwatchError
from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY, Asn, parse_asn, parse_country
from banwatch.model.lab_marks import LabMarks
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.target_url import parse_target_url
from banwatch.probe.settings import Settings
from banwatch.reference import load

_STEALTH_PARALLEL = 2
_STEALTH_ADDRESSES = 2
_STEALTH_PAUSE_S = 20.0
"""Pause between two measurements: about as fast as a person clicks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedResolvers:
    """Resolvers that are asked inside TLS and HTTPS; empty for the usual ones."""

    dot: tuple[str, ...] = ()
    doh: tuple[str, ...] = ()


Http3 = Literal["offered", "always", "never"]
_HTTP3: dict[str, Http3] = {"offered": "offered", "always": "always", "never": "never"}
_DOT_PORT = 853
_DOH_WITHOUT_HELPER = ("8.8.8.8", "1.1.1.1")
"""Public resolvers whose certificates name their addresses; they replace a helper's view of names."""


def parse_settings(
    *,
    cc: str,
    asn: str,
    network: str,
    tier: str,
    helper: str | None,
    resolvers: list[str],
    encrypted: EncryptedResolvers,
    http3: str,
    twin: str | None,
    ca_file: Path | None,
    parallel: int,
    stealth: bool,
    follow_ups: bool,
    rest_s: float,
    own_addresses: list[str],
    lab: LabMarks | None = None,
) -> Settings:
    """Check every value, and make settings of them.

    Inside a lab, what is not given is the lab's, and every measurement carries its name.

    Raises:
        BanwatchError: a value cannot be used; the message names what was expected.
    """
    if parse_country(cc.upper()) != cc.upper():
        raise BanwatchError(f"No country: {cc!r}", "Expected two letters such as KP.")
    if parse_asn(asn.upper()) == 0 and asn.upper() not in {"AS0", "0"}:
        raise BanwatchError(f"No network: {asn!r}", "Expected an AS number such as AS131279.")
    for resolver in (*resolvers, *encrypted.dot):
        try:
            parse_endpoint(resolver)
        except ValueError as error:
            raise BanwatchError(
                f"No resolver: {resolver!r}", "Expected an address such as 8.8.8.8:53."
            ) from error
    for address in encrypted.doh:
        _check_address(address, "Expected a resolver's address, such as 1.1.1.1.")
    for address in own_addresses:
        _check_address(address, "Expected your public address, such as 198.51.100.7.")
    for name, url in (("helper", helper), ("twin", twin)):
        try:
            if url is not None:
                parse_target_url(url)
        except ValueError as error:
            raise BanwatchError(f"No {name}: {url!r}: {error}", "Expected a URL.") from error
    if lab is not None:
        cc, asn = (lab.cc, str(lab.asn)) if cc.upper() == UNKNOWN_COUNTRY else (cc, asn)
        network, tier, helper = network or lab.network, tier or lab.tier, helper or lab.helper_url or None
        resolvers, own_addresses = resolvers or list(lab.resolvers), [*own_addresses, *lab.own_addresses]
        ca_file = ca_file or _lab_authority()
    standard = Settings()
    reference = load()

    def asn_of(ip: str) -> Asn:
        found = reference.network_of(ip)
        return found.asn if found is not None else UNKNOWN_ASN

    return Settings(
        probe_cc=parse_country(cc.upper()),
        probe_asn=parse_asn(asn.upper()),
        probe_network_name=network,
        access_tier=tier,
        helper_url=helper,
        doh_resolvers=encrypted.doh or _usual_doh(has_helper=helper is not None, stealth=stealth),
        http3=_parse_http3(http3),
        twin_url=twin,
        resolvers=tuple(resolvers) or (standard.resolvers[:1] if stealth else standard.resolvers),
        tcp_resolvers=() if stealth else standard.tcp_resolvers,
        dot_resolvers=tuple(map(_with_port, encrypted.dot)) or (() if stealth else standard.dot_resolvers),
        max_addresses=_STEALTH_ADDRESSES if stealth else standard.max_addresses,
        ca_file=ca_file,
        asn_of=asn_of,
        parallelism=min(parallel, _STEALTH_PARALLEL) if stealth else parallel,
        pause_s=_STEALTH_PAUSE_S if stealth else 0.0,
        follow_ups=follow_ups,
        thorough=follow_ups and not stealth,
        rest_s=rest_s,
        own_addresses=tuple(own_addresses),
        control_path=lab.control_path if lab is not None else standard.control_path,
        annotations={"lab": lab.lab} if lab is not None else {},
    )


def _lab_authority() -> Path | None:
    """Return the file of the lab's certificate authority, which the environment names to every program."""
    named = os.environ.get("SSL_CERT_FILE", "")
    return Path(named) if named else None


def _check_address(address: str, expected: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise BanwatchError(f"No address: {address!r}", expected) from error


def _usual_doh(*, has_helper: bool, stealth: bool) -> tuple[str, ...]:
    if not has_helper:
        return _DOH_WITHOUT_HELPER
    return () if stealth else Settings().doh_resolvers


def _with_port(resolver: str) -> str:
    """Add the usual port of DNS over TLS where none was given."""
    has_port = "]:" in resolver or resolver.count(":") == 1
    return resolver if has_port else str(Endpoint(parse_endpoint(resolver).ip, _DOT_PORT))


def _parse_http3(text: str) -> Http3:
    if text not in _HTTP3:
        raise BanwatchError(f"No such way: {text!r}", "Expected offered, always or never.")
    return _HTTP3[text]
