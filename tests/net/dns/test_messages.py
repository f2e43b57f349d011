"""DNS messages."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.model.errors import WireError
from banwatch.net.dns.messages import parse_reply_untrusted, render_question
from tests.net import servers


def test_dns_replies_are_read_back() -> None:
    server = servers.dns_server({"site.example": ["93.184.216.34", "2606:2800::1"]})
    [(_, data)] = server(render_question("site.example", "AAAA", 7))
    reply = parse_reply_untrusted(data)
    assert (reply.message_id, reply.addresses, reply.failure) == (7, ("2606:2800::1",), None)
    [(_, data)] = server(render_question("none.example", "A", 8))
    assert parse_reply_untrusted(data).failure == "dns_nxdomain_error"


@given(st.binary(max_size=600))
def test_no_bytes_do_more_harm_than_a_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        parse_reply_untrusted(data)


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_spoilt_reply_does_no_harm_either(position: int, value: int) -> None:
    [(_, data)] = servers.dns_server({"site.example": ["93.184.216.34"]})(
        render_question("site.example", "A", 1)
    )
    spoilt = bytearray(data)
    spoilt[position % len(data)] = value
    with contextlib.suppress(WireError):
        parse_reply_untrusted(bytes(spoilt))


@pytest.mark.parametrize("name", ["", "a" * 64 + ".example", "x" * 300, "ex ample..com", "\udcff.example"])
def test_names_that_cannot_be_asked_are_wire_errors(name: str) -> None:
    try:
        assert render_question(name, "A", 1)
    except WireError:
        return
    assert name in {"", "ex ample..com"}, name  # dnspython can ask for these, odd as they are
