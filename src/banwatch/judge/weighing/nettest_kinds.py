"""How each nettest is judged."""

_KINDS = {
    "web_connectivity": "web",
    "browser_web": "web",
    "telegram": "endpoints",
    "whatsapp": "endpoints",
    "signal": "endpoints",
    "facebook_messenger": "endpoints",
    "tor": "endpoints",
    "vanilla_tor": "bootstrap",
    "torsf": "bootstrap",
    "psiphon": "bootstrap",
    "openvpn": "bootstrap",
    "riseupvpn": "endpoints",
    "dnscheck": "resolver",
    "stunreachability": "bootstrap",
    "echcheck": "resolver",
    "urlgetter": "steps",
    "http_invalid_request_line": "middlebox",
    "http_header_field_manipulation": "middlebox",
}


def kind_of_nettest(test_name: str) -> str:
    """How a nettest is judged; `other` for one that we do not know."""
    return _KINDS.get(test_name, "other")
