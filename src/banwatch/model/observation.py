"""Observation: one timestamped fact in a measurement, without any conclusion from it."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from banwatch.model.failure import Failure
from banwatch.model.ids import MeasurementUid

NOT_STORED: Final = msgspec.Meta(extra={"stored": False})
"""Mark of a field that has no column in the table."""


class Step(StrEnum):
    """The kind of fact."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    QUIC = "quic"
    HTTP = "http"


class Observation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A DNS lookup, TCP connect, TLS or QUIC handshake, or HTTP round trip.

    Shape: long and narrow, one row a step; key `measurement_uid, ordinal`. Columns of other steps are null
    (text and numbers) or empty (lists), since a nullable list differs between engines. Fields marked
    `NOT_STORED` are there for `weigh` and are left out of the table: the archive has them.
    """

    measurement_uid: MeasurementUid
    ordinal: int
    """Position in the measurement, from 0, in the order of the wire."""
    step: Step
    transaction_id: int = 0
    hop: int = 0
    """Number of the redirect: 0 is the input itself."""
    t0_s: float | None = None
    """Seconds from the measurement's start to the beginning of the step."""
    t_s: float | None = None
    """Seconds from the measurement's start to its end."""
    failure: Failure | None = None
    hostname: str | None = None
    """The name asked for: in the query, as SNI, or in the URL."""
    ip: str | None = None
    port: int | None = None
    follow_up: str | None = None
    """Follow-up test that made this step (documented in docs/probe.md); null for the plain measurement."""

    # dns
    engine: str | None = None
    """Way in which the resolver was asked: `getaddrinfo`, `udp`, `tcp`, `dot`, `doh`, ..."""
    resolver_address: str | None = None
    query_type: str | None = None
    rcode: int | None = None
    answers: tuple[str, ...] = ()
    """Addresses answered, in order."""
    cnames: tuple[str, ...] = ()
    late: bool = False
    """Whether this answer came after another one to the same question."""

    # tls, quic
    tls_version: str | None = None
    cipher_suite: str | None = None
    alpn: str | None = None
    certificate_sha256: tuple[str, ...] = ()
    """Hex digests of the certificates that the peer showed, leaf first."""
    no_verify: bool = False
    """The probe was told not to verify the certificate."""
    peer_certificates: Annotated[tuple[bytes, ...], NOT_STORED] = ()
    """The same certificates in DER."""

    # http
    url: str | None = None
    method: str | None = None
    status_code: int | None = None
    title: str | None = None
    location: str | None = None
    body_length: int | None = None
    body_sha256: str | None = None
    body_truncated: bool = False
    body: Annotated[bytes | None, NOT_STORED] = None
    response_headers: Annotated[tuple[tuple[str, str], ...], NOT_STORED] = ()

    # bytes over time, where the probe recorded them
    received_bytes: int | None = None
    receive_s: float | None = None
    """Time from the first byte to the last."""
    pace_bps: Annotated[float | None, NOT_STORED] = None
    """Bits a second from the request to the last byte."""
    pace_skew: Annotated[float | None, NOT_STORED] = None
    """Unevenness of the bytes over that time, 0 to 1 (`formats.ooni.events.Pace`)."""
