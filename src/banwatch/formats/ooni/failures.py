"""Every program's words for what went wrong, in the words of df-007."""

import functools

from banwatch.model import failure as f

_EXACT = {
    # the helper's own (probe-cli internal/cmd/oohelperd: dns.go, tcptls.go, http.go)
    "dns_name_error": f.DNS_NXDOMAIN,
    "dns_server_failure": f.DNS_SERVFAIL,
    "connection_refused_error": f.CONNECTION_REFUSED,
    # the Python probe of 2012 to 2020 and measurement-kit
    "connection_lost_error": f.CONNECTION_RESET,
    "connection_reset_error": f.CONNECTION_RESET,
    "connection_aborted_error": f.CONNECTION_ABORTED,
    "response_never_received": f.EOF,
    "deferred_timeout_error": f.GENERIC_TIMEOUT,
    "timeout_error": f.GENERIC_TIMEOUT,
    "generic_timeout": f.GENERIC_TIMEOUT,
    "tcp_timed_out_error": f.TIMED_OUT,
    "task_timed_out": f.GENERIC_TIMEOUT,
    "host_unreachable_error": f.HOST_UNREACHABLE,
    "network_unreachable_error": f.NETWORK_UNREACHABLE,
    "eof": f.EOF,
    "no_answer": f.DNS_NO_ANSWER,
    "dns_nxdomain": f.DNS_NXDOMAIN,
    "dns_no_answer_error": f.DNS_NO_ANSWER,
    "ssl_dirty_shutdown": f.EOF,
}

_WITHIN = (
    # texts of Go, libc and Twisted that old or new probes scrub into `unknown_failure: ...`
    ("remote error: tls:", None),  # an alert: kept as it is, since the judge tells alerts apart
    ("no such host", f.DNS_NXDOMAIN),
    ("server misbehaving", f.DNS_MISBEHAVING),
    ("connection reset by peer", f.CONNECTION_RESET),
    ("connection refused", f.CONNECTION_REFUSED),
    ("connection timed out", f.TIMED_OUT),
    ("operation timed out", f.TIMED_OUT),
    ("i/o timeout", f.GENERIC_TIMEOUT),
    ("deadline exceeded", f.GENERIC_TIMEOUT),
    ("handshake timeout", f.GENERIC_TIMEOUT),
    ("no route to host", f.HOST_UNREACHABLE),
    ("network is unreachable", f.NETWORK_UNREACHABLE),
    ("network is down", f.NETWORK_DOWN),
    ("signed by unknown authority", f.SSL_UNKNOWN_AUTHORITY),
    ("certificate is not trusted", f.SSL_UNKNOWN_AUTHORITY),
    ("certificate is valid for", f.SSL_INVALID_HOSTNAME),
    ("certificate is not valid for any names", f.SSL_INVALID_HOSTNAME),
    ("certificate has expired", f.SSL_INVALID_CERTIFICATE),
    # OpenSSL through measurement-kit (2016 to 2020): why it does not verify is lost
    ("certificate verify failed", f.SSL_INVALID_CERTIFICATE),
    # Twisted, through the Python probe (2012 to 2020)
    ("lost in a non-clean fashion", f.CONNECTION_RESET),
    ("user timeout caused connection failure", f.GENERIC_TIMEOUT),
)
_EOF_ENDINGS = (": eof", "unexpected eof", " eof")
_MAX_LENGTH = 256
"""Characters kept of a failure nobody knows."""


@functools.lru_cache(maxsize=4096)
def normalise(failure: str | None) -> str | None:
    """Put a failure in df-007 words; unknown ones are kept as `unknown_failure: ...` or as they are."""
    if not failure:
        return None
    if failure in _EXACT:
        return _EXACT[failure]
    if failure.isidentifier() and failure.isascii():
        return failure[:_MAX_LENGTH]
    lowered = failure.lower()
    for text, name in _WITHIN:
        if text in lowered:
            return name or failure[:_MAX_LENGTH]
    if lowered.endswith(_EOF_ENDINGS):
        return f.EOF
    return failure[:_MAX_LENGTH]
