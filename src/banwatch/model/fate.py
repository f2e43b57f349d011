"""Fates of connections: at which step one ended, and how (columns `dns_fate`, `groups_fate`, `http_kind`)."""

from enum import StrEnum

from banwatch.model import failure as f
from banwatch.model.failure import Failure
from banwatch.model.observation import Step


class Ending(StrEnum):
    """Ending of a step, in one word, by what was done to its connection."""

    OK = "ok"
    RESET = "reset"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    EOF = "eof"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    ALERT = "alert"
    OWN = "own"
    """The probe's own machine failed."""
    OTHER = "other"


CUTS = frozenset({Ending.RESET, Ending.TIMEOUT, Ending.EOF, Ending.ALERT})
"""Endings of a connection that somebody may have cut."""
ALERT_MARK = "remote error: tls"
_CLEAR_TEXT_MARKS = (
    "first record does not look like a tls",
    "wrong version number",
    "packet length too long",
)
"""Words of TLS libraries (Go's, OpenSSL's) for an answer that is not TLS at all, in lower case."""
_UNREACHABLE = frozenset({f.HOST_UNREACHABLE, f.NETWORK_UNREACHABLE, f.NETWORK_DOWN})
_RESETS = frozenset({f.CONNECTION_RESET, f.CONNECTION_ABORTED})
_OWN = frozenset({f.PERMISSION_DENIED, f.RAW_NAME, "interrupted", "canceled", "operation_canceled"})


def ending_of(failure: Failure) -> Ending:
    """Return how a step ended that failed; an empty failure is `OTHER`."""
    if failure in _RESETS:
        return Ending.RESET
    if failure in f.TIMEOUTS:
        return Ending.TIMEOUT
    if failure == f.CONNECTION_REFUSED:
        return Ending.REFUSED
    if failure == f.EOF:
        return Ending.EOF
    if failure in _UNREACHABLE:
        return Ending.UNREACHABLE
    if failure in f.CERTIFICATE_FAILURES:
        return Ending.CERTIFICATE
    if ALERT_MARK in failure or failure == f.SSL_FAILED_HANDSHAKE:
        return Ending.ALERT
    return Ending.OWN if failure in _OWN or f.NAME_MARK in failure else Ending.OTHER


def is_clear_text(failure: Failure) -> bool:
    """Whether a handshake failed because the answer was not TLS at all."""
    words = failure.lower().replace("_", " ")
    return any(mark in words for mark in _CLEAR_TEXT_MARKS)


class Fate(StrEnum):
    """Step and ending of a connection, or the result of a comparison with the control.

    Lookups may end in ways that are not listed here (`dns.` and the failure): these name no mechanism.
    """

    DNS_NXDOMAIN = "dns.nxdomain"
    DNS_REFUSED = "dns.refused"
    DNS_SERVFAIL = "dns.servfail"
    DNS_GENERIC_TIMEOUT = "dns.generic_timeout"
    DNS_TIMED_OUT = "dns.timed_out"
    DNS_FORGED = "dns.forged"
    """A name of a service resolved to a host of somebody else, where the service is not."""
    TCP_OK = "tcp.ok"
    TCP_RESET = "tcp.reset"
    TCP_TIMEOUT = "tcp.timeout"
    TCP_REFUSED = "tcp.refused"
    TCP_EOF = "tcp.eof"
    TCP_UNREACHABLE = "tcp.unreachable"
    TCP_CERTIFICATE = "tcp.certificate"
    TCP_ALERT = "tcp.alert"
    TCP_OWN = "tcp.own"
    TCP_OTHER = "tcp.other"
    TLS_OK = "tls.ok"
    TLS_RESET = "tls.reset"
    TLS_TIMEOUT = "tls.timeout"
    TLS_REFUSED = "tls.refused"
    TLS_EOF = "tls.eof"
    TLS_UNREACHABLE = "tls.unreachable"
    TLS_CERTIFICATE = "tls.certificate"
    TLS_ALERT = "tls.alert"
    TLS_OWN = "tls.own"
    TLS_OTHER = "tls.other"
    QUIC_OK = "quic.ok"
    QUIC_RESET = "quic.reset"
    QUIC_TIMEOUT = "quic.timeout"
    QUIC_REFUSED = "quic.refused"
    QUIC_EOF = "quic.eof"
    QUIC_UNREACHABLE = "quic.unreachable"
    QUIC_CERTIFICATE = "quic.certificate"
    QUIC_ALERT = "quic.alert"
    QUIC_OWN = "quic.own"
    QUIC_OTHER = "quic.other"
    HTTP_OK = "http.ok"
    """A response came; whether it is the site's cannot be told."""
    HTTP_RESET = "http.reset"
    HTTP_TIMEOUT = "http.timeout"
    HTTP_REFUSED = "http.refused"
    """The server itself says no, or the connection was refused."""
    HTTP_EOF = "http.eof"
    HTTP_UNREACHABLE = "http.unreachable"
    HTTP_CERTIFICATE = "http.certificate"
    HTTP_ALERT = "http.alert"
    HTTP_OWN = "http.own"
    HTTP_OTHER = "http.other"
    HTTP_SAME = "http.same"
    """The response is the site's, as the control has it."""
    HTTP_DIFFERS = "http.differs"
    """The response is another page than the control's."""
    CONTROL_UNREACHABLE = "control.unreachable"
    """The control could not connect there."""
    CONTROL_CERTIFICATE = "control.certificate"
    """The control met a certificate there that is not the site's."""
    CONTROL_CUT = "control.cut"
    """The control connected there, and its handshake failed otherwise."""


_FATES: dict[tuple[Step, Ending], Fate] = {
    (step, ending): Fate(f"{step}.{ending}") for step in Step if step is not Step.DNS for ending in Ending
}


def fate_of(step: Step, failure: Failure | None) -> str:
    """Return the fate of a connection whose last step failed so; None is no failure."""
    if step is Step.DNS:
        return f"{step}.{(failure or '').removeprefix('dns_').removesuffix('_error')}"
    return _FATES[step, Ending.OK if failure is None else ending_of(failure)]
