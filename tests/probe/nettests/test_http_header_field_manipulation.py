"""The `http_header_field_manipulation` nettest."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.model.errors import WireError
from banwatch.model.state import State
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from banwatch.probe.nettests import http_header_field_manipulation, http_invalid_request_line
from banwatch.probe.nettests.http_header_field_manipulation import Echoed, compare, parse_echo_untrusted
from tests.net import servers
from tests.probe.nettests.running import run

TELLER = ("37.218.241.94", 80)


def teller(*, tidy: bool = False, added: str = "") -> Handler:
    """Tells what it got; behind a proxy that is tidy, or adds a header."""

    async def serve(stream: MemoryStream) -> None:
        head = (await stream.read(65536)).decode().removesuffix("\r\n\r\n")
        line, *fields = head.split("\r\n")
        pairs = [field.split(": ", 1) for field in [*fields, *filter(None, [added])]]
        if tidy:
            line = line.replace(line[:3], line[:3].upper())
            pairs = [[name.title(), value] for name, value in pairs]
        body = json.dumps({"request_line": line, "request_headers": pairs, "headers_dict": {}}).encode()
        await stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    return serve


NOTHING = {
    "total": False,
    "request_line_capitalization": False,
    "header_name_capitalization": False,
    "header_field_name": False,
    "header_field_value": False,
    "header_field_number": False,
    "header_name_diff": [],
}


def test_headers_that_arrive(tmp_path: Path) -> None:
    net = MemoryNet(tcp={TELLER: teller()})
    [(measurement, state)] = run(net, "http_header_field_manipulation", tmp_path)
    keys = measurement["test_keys"]
    assert (keys["tampering"], keys["failure"], state) == (NOTHING, None, State.OK)
    [request] = keys["requests"]
    assert sorted(request["request"]["headers"], key=str.lower) != sorted(
        name.title() for name in request["request"]["headers"]
    )
    assert request["response"]["code"] == 200


def test_headers_that_are_tidied_up_or_added_to(tmp_path: Path) -> None:
    own = "198.51.100.7"
    tidy = MemoryNet(tcp={TELLER: teller(tidy=True)})
    [(measurement, state)] = run(tidy, "http_header_field_manipulation", tmp_path)
    tampering = measurement["test_keys"]["tampering"]
    assert tampering["header_name_capitalization"]
    assert tampering["header_name_diff"]
    assert not tampering["header_field_number"]
    assert state is not State.OK
    adding = MemoryNet(tcp={TELLER: teller(added=f"X-Forwarded-For: {own}")})
    [(measurement, _)] = run(adding, "http_header_field_manipulation", tmp_path, own_addresses=(own,))
    tampering = measurement["test_keys"]["tampering"]
    assert tampering == NOTHING | {
        "header_field_name": True,
        "header_field_number": True,
        "header_name_diff": ["X-Forwarded-For"],
    }
    assert own not in json.dumps(measurement)


def test_somebody_else_answers_or_nobody(tmp_path: Path) -> None:
    portal = MemoryNet(tcp={TELLER: servers.http_site(servers.Page())})
    [(measurement, state)] = run(portal, "http_header_field_manipulation", tmp_path)
    assert measurement["test_keys"]["tampering"] == NOTHING | {"total": True}
    assert state is not State.OK
    cut = MemoryNet(tcp={TELLER: servers.after_first_bytes(servers.reset)})
    [(measurement, state)] = run(cut, "http_header_field_manipulation", tmp_path)
    assert measurement["test_keys"]["failure"] == "connection_reset"
    assert measurement["test_keys"]["requests"][0]["response"] is None
    assert state is not State.OK


def test_values_and_names_are_compared() -> None:
    sent = [("hOsT", "a"), ("AcCept", "b")]
    assert compare("GeT / HTTP/1.1", sent, Echoed("GeT / HTTP/1.1", sent)).header_name_diff == []
    changed = compare("GeT / HTTP/1.1", sent, Echoed("GET / HTTP/1.1", [("hOsT", "a"), ("AcCept", "c")]))
    assert (changed.header_field_value, changed.request_line_capitalization) == (True, True)
    assert not changed.header_name_capitalization


@given(
    st.binary(max_size=200) | st.sampled_from([b"[]", b'{"request_line": 1, "request_headers": [[1, 2]]}'])
)
def test_no_answer_does_more_harm_than_a_wire_error(body: bytes) -> None:
    with pytest.raises(WireError):
        parse_echo_untrusted(body)


def test_helpers_are_data() -> None:
    assert http_invalid_request_line.DATA.helper == "37.218.241.93:80"
    assert http_header_field_manipulation.DATA.helper == "37.218.241.94:80"
