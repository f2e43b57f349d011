"""Failures of observations, in OONI's df-007 strings. `None` stands for no failure.

Unknown strings survive a round trip, so `Failure` is a plain string and these are the ones we reason about.
"""

Failure = str

DNS_NXDOMAIN = "dns_nxdomain_error"
DNS_NO_ANSWER = "dns_no_answer"
DNS_REFUSED = "dns_refused_error"
DNS_SERVFAIL = "dns_servfail_error"
DNS_MISBEHAVING = "dns_server_misbehaving"
DNS_TEMPORARY = "dns_temporary_failure"
DNS_NON_RECOVERABLE = "dns_non_recoverable_failure"
DNS_BOGON = "dns_bogon_error"
ANDROID_DNS_CACHE_NO_DATA = "android_dns_cache_no_data"

CONNECTION_REFUSED = "connection_refused"
CONNECTION_RESET = "connection_reset"
CONNECTION_ABORTED = "connection_aborted"
EOF = "eof_error"
GENERIC_TIMEOUT = "generic_timeout_error"
"""The program's own deadline passed."""
TIMED_OUT = "timed_out"
"""The kernel gave up (ETIMEDOUT): not the same as `GENERIC_TIMEOUT`."""
HOST_UNREACHABLE = "host_unreachable"
NETWORK_UNREACHABLE = "network_unreachable"
NETWORK_DOWN = "network_down"
PERMISSION_DENIED = "permission_denied"

SSL_UNKNOWN_AUTHORITY = "ssl_unknown_authority"
SSL_INVALID_HOSTNAME = "ssl_invalid_hostname"
SSL_INVALID_CERTIFICATE = "ssl_invalid_certificate"
SSL_FAILED_HANDSHAKE = "ssl_failed_handshake"
QUIC_INCOMPATIBLE_VERSION = "quic_incompatible_version"

RAW_NAME = "unknown_failure: the probe asked for a name that is not in ASCII"
"""The probe put Unicode into its question, for which no name server has an answer (RFC 5891 section 4.4)."""
NAME_MARK = "idna"
"""Word in failures of programs that cannot translate a name into ASCII: their own, not the network's."""

TIMEOUTS = frozenset({GENERIC_TIMEOUT, TIMED_OUT})
CERTIFICATE_FAILURES = frozenset({SSL_UNKNOWN_AUTHORITY, SSL_INVALID_HOSTNAME, SSL_INVALID_CERTIFICATE})

UNKNOWN_FAILURE_PREFIX = "unknown_failure: "
