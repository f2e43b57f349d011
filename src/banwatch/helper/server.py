"""The helper's server."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from banwatch.model.ids import Asn
from banwatch.net.seam import Net


@dataclass(frozen=True, slots=True, kw_only=True)
class HelperSettings:
    """What a helper is told before it starts."""

    resolvers: tuple[str, ...] = ()
    """`ip:port` of resolvers asked over UDP; empty asks the system's."""
    ca_file: Path | None = None
    asn_of: Callable[[str], Asn] | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    allow_private: bool = False
    """Only for tests on loopback: lets the helper connect to private addresses."""
    step_timeout_s: float = 5.0
    total_timeout_s: float = 20.0
    max_in_flight: int = 50
    body_limit_bytes: int = 1 << 20
    cache_s: float = 0.0
    """How long a control may be given again for the same question."""


class Helper:
    """A control server inside the running event loop."""

    def __init__(self, net: Net, settings: HelperSettings) -> None:
        self._net = net
        self._settings = settings

    async def start(self, host: str, port: int, ssl_context: ssl.SSLContext | None = None) -> int:
        """Begin to listen; returns the port (useful where 0 was asked for)."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop listening and drop what is in flight."""
        raise NotImplementedError


def create_helper(settings: HelperSettings | None = None, net: Net | None = None) -> Helper:
    """Make a helper; without a `net`, on the machine's own network."""
    raise NotImplementedError
