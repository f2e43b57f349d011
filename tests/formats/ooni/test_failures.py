"""Failures by one name each, however an engine words them."""

import pytest

from banwatch.formats.ooni.failures import normalise
from tests.formats.ooni.lines import read


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, None),
        ("", None),
        ("connection_reset", "connection_reset"),
        ("dns_name_error", "dns_nxdomain_error"),
        ("dns_server_failure", "dns_servfail_error"),
        ("connection_refused_error", "connection_refused"),
        ("response_never_received", "eof_error"),
        ("generic_timeout_error", "generic_timeout_error"),
        ("timed_out", "timed_out"),
        ("unknown_failure: dial tcp: lookup x: no such host", "dns_nxdomain_error"),
        ("unknown_failure: read: connection reset by peer", "connection_reset"),
        ("unknown_failure: net/http: i/o timeout", "generic_timeout_error"),
        ("unknown_failure: unexpected EOF", "eof_error"),
        (
            "unknown_failure: remote error: tls: handshake failure",
            "unknown_failure: remote error: tls: handshake failure",
        ),
        ("something_new", "something_new"),
    ],
)
def test_everybodys_words_for_failures_become_one(said: str | None, meant: str | None) -> None:
    assert normalise(said) == meant


def test_the_helpers_words_are_put_right() -> None:
    control = {
        "dns": {"failure": "dns_name_error", "addrs": []},
        "tcp_connect": {"[2001:db8::1]:443": {"status": False, "failure": "connection_refused_error"}},
        "http_request": {"failure": "dns_lookup_error", "status_code": -1, "body_length": -1, "title": ""},
    }
    found = read(test_keys={"control": control}).control
    assert found is not None
    assert found.dns_failure == "dns_nxdomain_error"
    assert (found.endpoints[0].ip, found.endpoints[0].tcp_failure) == ("2001:db8::1", "connection_refused")
    assert found.http is not None
    assert (found.http.status_code, found.http.body_length, found.http.title) == (None, None, None)
