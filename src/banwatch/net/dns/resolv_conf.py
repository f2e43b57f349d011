"""Resolvers that the system asks for names: `/etc/resolv.conf`."""

import ipaddress
from pathlib import Path

_PATH = Path("/etc/resolv.conf")
_MAX_BYTES = 1 << 16
_MAX_SERVERS = 3
"""Number of name servers that the C library reads."""


def parse_resolv_conf(text: str) -> tuple[str, ...]:
    """Return the name servers' addresses, in order, without link-local ones: they need an interface, too."""
    found: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            ip = ipaddress.ip_address(words[1])
        except ValueError:
            continue
        if not ip.is_link_local:
            found.append(str(ip))
    return tuple(dict.fromkeys(found))[:_MAX_SERVERS]


def read_system_resolvers(path: Path = _PATH) -> tuple[str, ...]:
    """Return this machine's resolvers; none where the file names none."""
    try:
        with path.open("rb") as file:
            return parse_resolv_conf(file.read(_MAX_BYTES).decode("utf-8", "replace"))
    except OSError:
        return ()
