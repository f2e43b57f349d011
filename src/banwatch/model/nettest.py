"""Nettests by the way they are judged."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from banwatch.model.observation import Step


class NettestKind(StrEnum):
    """Way in which a nettest is judged (column `kind`)."""

    WEB = "web"
    """A page beside the control's."""
    ENDPOINTS = "endpoints"
    """Groups of endpoints that an application needs."""
    BOOTSTRAP = "bootstrap"
    """A tunnel that comes up, or does not."""
    MIDDLEBOX = "middlebox"
    """Bytes that come back as they were sent, or do not."""
    RESOLVER = "resolver"
    """A resolver that answers as it should, or does not."""
    STEPS = "steps"
    """Steps that somebody chose, with no meaning of their own."""
    OTHER = "other"
    """A nettest that is not listed here."""


KINDS = {
    "web_connectivity": NettestKind.WEB,
    "browser_web": NettestKind.WEB,
    "http_requests": NettestKind.WEB,
    "dns_consistency": NettestKind.WEB,
    "telegram": NettestKind.ENDPOINTS,
    "whatsapp": NettestKind.ENDPOINTS,
    "signal": NettestKind.ENDPOINTS,
    "facebook_messenger": NettestKind.ENDPOINTS,
    "tor": NettestKind.ENDPOINTS,
    "vanilla_tor": NettestKind.BOOTSTRAP,
    "torsf": NettestKind.BOOTSTRAP,
    "meek_fronted_requests_test": NettestKind.BOOTSTRAP,
    "tcp_connect": NettestKind.BOOTSTRAP,
    "bridge_reachability": NettestKind.BOOTSTRAP,
    "lantern_circumvention_tool_test": NettestKind.BOOTSTRAP,
    "openvpn_client_test": NettestKind.BOOTSTRAP,
    "psiphon_test": NettestKind.BOOTSTRAP,
    "psiphon": NettestKind.BOOTSTRAP,
    "openvpn": NettestKind.BOOTSTRAP,
    "riseupvpn": NettestKind.ENDPOINTS,
    "dnscheck": NettestKind.RESOLVER,
    "stunreachability": NettestKind.BOOTSTRAP,
    "echcheck": NettestKind.RESOLVER,
    "urlgetter": NettestKind.STEPS,
    "http_invalid_request_line": NettestKind.MIDDLEBOX,
    "http_header_field_manipulation": NettestKind.MIDDLEBOX,
}
"""Kinds by the nettest's name (`test_name`)."""


HTTP_REQUESTS, DNS_CONSISTENCY = "http_requests", "dns_consistency"
WITH_OWN_CONTROLS = frozenset({HTTP_REQUESTS, DNS_CONSISTENCY})
"""Nettests of 2012 to 2017 that ask for their control themselves: over Tor, or at a resolver of OONI's."""


def kind_of_nettest(test_name: str) -> NettestKind:
    """Return how a nettest is judged; `OTHER` for one that is not listed."""
    return KINDS.get(test_name, NettestKind.OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredName:
    """Name for which steps of a nettest say nothing about the network."""

    hostname: str
    """The name; empty for every name that the nettest asks for."""
    steps: frozenset[Step]
    since: datetime | None = None
    """Time from which it holds; None for always."""
    source: str


_ALL_STEPS = frozenset(Step)
IGNORED_NAMES: dict[str, tuple[IgnoredName, ...]] = {
    "signal": (
        IgnoredName(
            hostname="uptime.signal.org",
            steps=_ALL_STEPS,
            source="OONI ts-029: the test logic ignores the result of this query; its answer is 127.0.0.1",
        ),
        IgnoredName(
            hostname="api.directory.signal.org",
            steps=_ALL_STEPS,
            since=datetime(2023, 5, 1, tzinfo=UTC),
            source="ooni/probe#2477: retired by Signal in May 2023",
        ),
        IgnoredName(
            hostname="textsecure-service.whispersystems.org",
            steps=_ALL_STEPS,
            since=datetime(2023, 11, 7, tzinfo=UTC),
            source="OONI ts-029, ooni/probe#2627: retired by Signal on 7 November 2023",
        ),
    ),
    "facebook_messenger": (
        IgnoredName(
            hostname="stun.fbsbx.com",
            steps=_ALL_STEPS - {Step.DNS},
            source="OONI ts-019: the addresses of `stun` are ignored, since that is a service over UDP",
        ),
    ),
    "psiphon": (
        IgnoredName(
            hostname="",
            steps=frozenset({Step.DNS}),
            source="OONI ts-015: no lookups are expected; one that is there was made without Psiphon",
        ),
    ),
}
"""Names whose steps mean nothing, by the nettest that makes them."""


def is_ignored(test_name: str, hostname: str | None, step: Step, at: datetime) -> bool:
    """Whether a step of a nettest says nothing about the network, whatever its result."""
    return any(
        name.hostname in ("", hostname) and step in name.steps and (name.since is None or at >= name.since)
        for name in IGNORED_NAMES.get(test_name, ())
    )
