"""Control: the same target, measured from outside the censor's reach."""

import msgspec

from banwatch.model.failure import Failure
from banwatch.model.ids import Asn


class ControlEndpoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Result of the helper at one address and port. "Not attempted" is no record."""

    ip: str
    port: int
    tcp_failure: Failure | None
    tls_attempted: bool
    tls_failure: Failure | None
    server_name: str | None


class ControlHttp(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Result of the helper's HTTP request, after redirects. Bodies stay with the helper."""

    failure: Failure | None
    status_code: int | None
    body_length: int | None
    title: str | None
    headers: tuple[tuple[str, str], ...]


class ControlAddress(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Network and marks of an address, from the helper.

    Bits: 1 probe resolved it, 2 helper did, 4 bogon, 8 valid TLS.
    """

    ip: str
    asn: Asn
    flags: int


class Control(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A helper's view of the input; failures are in df-007 words, whatever the helper called them."""

    dns_failure: Failure | None
    addresses: tuple[str, ...]
    """Addresses that the name resolved to there."""
    dns_attempted: bool
    endpoints: tuple[ControlEndpoint, ...]
    http: ControlHttp | None
    http3: ControlHttp | None
    address_info: tuple[ControlAddress, ...]
