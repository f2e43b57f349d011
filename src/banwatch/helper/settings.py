"""Settings of a helper."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from banwatch.model.ids import Asn


@dataclass(frozen=True, slots=True, kw_only=True)
class HelperSettings:
    """Resolvers, trust and limits of a helper."""

    resolvers: tuple[str, ...] = ()
    """`ip:port` of resolvers asked over UDP; empty asks the system's."""
    ca_file: Path | None = None
    """PEM file of the roots to trust; None trusts Mozilla's list."""
    asn_of: Callable[[str], Asn] | None = None
    """The AS that announces an address, where a table is at hand."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The clock that certificates are judged by."""
    own_addresses: tuple[str, ...] = ()
    """Addresses under which the world sees the helper, where its own sockets do not: behind a 1:1 NAT."""
    allow_private: bool = False
    """Only for tests on loopback: lets the helper connect to private addresses."""
    step_timeout_s: float = 5.0
    total_timeout_s: float = 20.0
    max_in_flight: int = 64
    """Questions looked into at the same time; with the body limit, this bounds memory."""
    max_waiting: int = 1024
    """Questions that wait for their turn; further ones are answered with 503."""
    per_client_per_minute: int = 0
    """Questions that one address may ask in a minute; 0 is as many as it likes."""
    connections_per_request: int = 20
    """Outbound connections that one request may cause: its endpoints, and the page with its redirects."""
    connections_per_target: int = 600
    """Outbound connections to one address, or one /64, in a minute, whoever asks; 0 is as many as come."""
    connections_per_client: int = 3_000
    """Outbound connections that one client may cause in a minute; 0 is as many as it likes."""
    body_limit_bytes: int = 1 << 19
    max_endpoints: int = 16
    cache_s: float = 0.0
    """How long a result may be given again to the next client that asks the same."""
