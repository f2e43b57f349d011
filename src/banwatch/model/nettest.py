"""Nettests by the way they are judged."""

from enum import StrEnum


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
    "telegram": NettestKind.ENDPOINTS,
    "whatsapp": NettestKind.ENDPOINTS,
    "signal": NettestKind.ENDPOINTS,
    "facebook_messenger": NettestKind.ENDPOINTS,
    "tor": NettestKind.ENDPOINTS,
    "vanilla_tor": NettestKind.BOOTSTRAP,
    "torsf": NettestKind.BOOTSTRAP,
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


def kind_of_nettest(test_name: str) -> NettestKind:
    """Return how a nettest is judged; `OTHER` for one that is not listed."""
    return KINDS.get(test_name, NettestKind.OTHER)
