"""Control: the same target, measured from outside the censor's reach."""

from dataclasses import dataclass

from banwatch.model.failure import Failure
from banwatch.model.ids import Asn


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlEndpoint:
    """Result of the helper at one address and port. "Not attempted" is no record."""

    ip: str
    port: int
    tcp_failure: Failure | None
    tls_attempted: bool
    tls_failure: Failure | None
    server_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlHttp:
    """Result of the helper's HTTP request, after redirects. Bodies stay with the helper."""

    failure: Failure | None
    status_code: int | None
    body_length: int | None
    title: str | None
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAddress:
    """Network and marks of an address, from the helper.

    Bits: 1 probe resolved it, 2 helper did, 4 bogon, 8 valid TLS.
    """

    ip: str
    asn: Asn
    flags: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A helper's view of the input; failures are in df-007 words, whatever the helper called them."""

    dns_failure: Failure | None
    addresses: tuple[str, ...]
    """Addresses that the name resolved to there."""
    dns_attempted: bool
    endpoints: tuple[ControlEndpoint, ...]
    http: ControlHttp | None
    http3: ControlHttp | None
    address_info: tuple[ControlAddress, ...]
