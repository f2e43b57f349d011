"""An address and a port."""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address and port to connect to."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """Read `192.0.2.1:53` or `[2001:db8::1]:53`; the port may be left out and is 53 then.

    Raises:
        ValueError: it is no address.
    """
    host, port = text, 53
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = int(rest[1:]) if rest.startswith(":") else 53
    elif text.count(":") == 1:
        host, _, rest = text.partition(":")
        port = int(rest)
    if not 0 < port < 65536:
        raise ValueError(f"no port: {port}")
    return Endpoint(str(ipaddress.ip_address(host)), port)
